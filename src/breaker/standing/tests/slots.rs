use super::*;

#[test]
fn no_more_than_four_calls_are_unanswered_on_a_plan() {
    let mut desk = Desk::new();
    let mut calls: Vec<_> = (0..4).map(|_| desk.go(CODING)).collect();
    assert_eq!(desk.ask(CODING), Admit::Wait);
    desk.standing.answered(&mut calls[0]);
    let _fifth = desk.go(CODING);
    assert_eq!(desk.ask(CODING), Admit::Wait);
    assert_eq!((desk.standing.unanswered(), desk.standing.in_flight()), (4, 5));
}

#[test]
fn metered_calls_take_no_slots() {
    let mut desk = Desk::new();
    let calls: Vec<_> = (0..100).map(|_| desk.go(METERED)).collect();
    assert_eq!((desk.standing.unanswered(), desk.standing.in_flight()), (0, 0));
    assert!(desk.is_open(CODING));
    calls.into_iter().for_each(|pass| desk.end(pass, Outcome::Passed));
    assert_eq!((desk.standing.unanswered(), desk.standing.in_flight()), (0, 0));
}

#[test]
fn a_limit_of_calls_in_flight_counts_until_bodies_end() {
    let mut desk = Desk::new();
    desk.limits.in_flight = Some(1);
    let mut streaming = desk.go(CODING);
    desk.standing.answered(&mut streaming);
    assert_eq!(desk.ask(CODING), Admit::Wait);
    desk.end(streaming, Outcome::Passed);
    assert!(desk.is_open(CODING));
}

#[test]
fn an_answer_that_is_told_twice_frees_one_slot() {
    let mut desk = Desk::new();
    let (mut one, _two) = (desk.go(CODING), desk.go(CODING));
    desk.standing.answered(&mut one);
    desk.standing.answered(&mut one);
    assert_eq!(desk.standing.unanswered(), 1);
    desk.end(one, Outcome::Passed);
    assert_eq!(desk.standing.unanswered(), 1);
}

#[test]
fn who_comes_after_a_queue_waits_behind_it() {
    let mut desk = Desk::new();
    let answer = desk.standing.admit(CODING, &desk.limits, true, desk.now, &mut Writes::new());
    assert_eq!(answer, Admit::Wait);
}

#[test]
fn a_slot_is_left_whatever_the_ledger_says() {
    let mut desk = Desk::new();
    let mut record = desk.standing.record().clone();
    record.reduced_slots = Some(0);
    desk.limits.after_probation = 0;
    desk.standing.adopt(&Opened::new(record, 0));
    assert!(desk.is_open(CODING));
}

#[test]
fn an_account_without_halts_and_calls_is_idle() {
    let mut desk = Desk::new();
    assert!(desk.standing.is_idle());
    let pass = desk.go(CODING);
    assert!(!desk.standing.is_idle());
    desk.struck(pass, Class::Billing);
    assert!(!desk.standing.is_idle());
}

#[test]
fn a_newer_standing_is_not_replaced_by_an_older_reading() {
    let mut desk = Desk::new();
    let before = desk.standing.record().clone();
    desk.strike(Class::PolicyViolation);
    desk.standing.adopt(&Opened::new(before, 0));
    assert!(desk.is_stopped(CODING));
}

#[test]
fn each_call_has_a_mark_of_its_own() {
    let mut desk = Desk::new();
    let (one, two, metered) = (desk.go(CODING), desk.go(CODING), desk.go(METERED));
    assert!(one.ticket != two.ticket && two.ticket != metered.ticket);
}

#[test]
fn the_short_way_of_admission_gives_the_same_answer() {
    let mut open = Desk::new();
    let mut full = open.clone();
    let _calls: Vec<_> = (0..4).map(|_| full.go(CODING)).collect();
    let mut halted = Desk::new();
    halted.strike(Class::PolicyViolation);
    for (name, desk) in [("open", &mut open), ("full", &mut full), ("halted", &mut halted)] {
        for (ask, queued) in [(CODING, false), (CODING, true), (METERED, false), (METERED, true)] {
            let (mut long, limits, now) = (desk.standing.clone(), desk.limits, desk.now);
            let mut short = long.clone();
            let answer = short.admit_open(ask, &limits, queued, now);
            let expected = match long.admit(ask, &limits, queued, now, &mut Writes::new()) {
                Admit::Go(pass) if name != "halted" => Some(pass),
                _ => None,
            };
            assert_eq!(answer, expected, "{name} {ask:?} {queued}");
        }
    }
}

#[test]
fn a_halt_elsewhere_neither_watches_nor_forbids_a_call() {
    let mut desk = Desk::new();
    assert!(!desk.standing.forbids(CODING, desk.now));
    let metered = desk.go(METERED);
    desk.struck(metered, Class::Billing);
    assert!(desk.standing.forbids(METERED, desk.now));
    assert!(!desk.standing.forbids(CODING, desk.now));
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    assert_eq!((one.role, two.role), (Role::Plain, Role::Plain));
}
