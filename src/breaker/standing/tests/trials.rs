use super::*;

fn on_trial() -> (Desk, String, Pass) {
    let mut desk = Desk::new();
    let halt = desk.throttled();
    let trial = desk.wait(MINUTE).trial(CODING);
    (desk, halt, trial)
}

#[test]
fn a_policy_signal_on_trial_latches_and_confirms_the_strike() {
    for class in Class::ALL.into_iter().filter(|class| class.is_policy()) {
        let (mut desk, halt, trial) = on_trial();
        assert_eq!(desk.struck(trial, class), Some(halt), "{class}");
        assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)), "{class}");
        assert!(desk.wait(48 * HOUR).is_stopped(CODING), "{class}");
    }
}

#[test]
fn a_policy_signal_while_watched_latches_and_confirms_the_strike() {
    let (mut desk, halt, trial) = on_trial();
    desk.end(trial, Outcome::Passed);
    let watched = desk.go(CODING);
    assert_eq!(desk.struck(watched, Class::PolicyThrottle), Some(halt));
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)));
}

#[test]
fn any_other_outcome_cools_twice_as_long_up_to_a_quarter_of_an_hour() {
    let (mut desk, halt, mut trial) = on_trial();
    for pause in [2, 4, 8, 15, 15].map(|minutes| minutes * MINUTE) {
        desk.end(trial, Outcome::Other);
        assert_eq!(desk.halt(&halt).phase, Phase::Cooling { until: desk.now + pause });
        assert!(desk.wait(pause - 1).is_stopped(CODING));
        trial = desk.wait(1).trial(CODING);
    }
}

#[test]
fn a_rate_limit_on_trial_is_any_other_outcome() {
    let (mut desk, halt, trial) = on_trial();
    assert_eq!(desk.struck(trial, Class::RateLimited), None);
    assert_eq!(desk.halt(&halt).phase, Phase::Cooling { until: desk.now + 2 * MINUTE });
}

#[test]
fn a_trial_that_was_never_sent_gives_the_slot_back_at_once() {
    let (mut desk, halt, trial) = on_trial();
    desk.end(trial, Outcome::NeverSent);
    assert_eq!(desk.lease(CODING), Some(halt));
    assert_eq!(desk.only().pause_ms, MINUTE);
}

#[test]
fn the_success_of_an_older_call_opens_nothing() {
    let mut desk = Desk::new();
    let (one, two, three) = (desk.go(CODING), desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyThrottle);
    desk.end(two, Outcome::Passed);
    assert!(desk.is_stopped(CODING));
    let trial = desk.wait(MINUTE).trial(CODING);
    desk.end(trial, Outcome::Passed);
    let before = desk.standing.record().clone();
    desk.wait(HOUR).end(three, Outcome::Passed);
    assert_eq!(*desk.standing.record(), before);
}

#[test]
fn the_first_dead_lease_cools_and_the_second_waits_for_a_person() {
    let (mut desk, halt, trial) = on_trial();
    assert!(desk.wait(LEASE - 1).is_stopped(CODING));
    assert!(matches!(desk.halt(&halt).phase, Phase::Trial { .. }));
    assert!(desk.wait(1).is_stopped(CODING));
    assert_eq!(desk.halt(&halt).phase, Phase::Cooling { until: desk.now + 2 * MINUTE });
    let _dead = desk.wait(2 * MINUTE).trial(CODING);
    assert!(desk.wait(LEASE).is_stopped(CODING));
    assert_eq!(desk.only().kind, HaltKind::Latch);
    desk.end(trial, Outcome::Passed);
    assert!(desk.wait(48 * HOUR).is_stopped(CODING));
    desk.acknowledge(&halt);
    assert!(desk.is_open(CODING));
}

#[test]
fn a_pass_after_its_lease_died_ends_nobody_elses_trial() {
    let (mut desk, halt, late) = on_trial();
    desk.wait(LEASE).ask(CODING);
    let _second = desk.wait(2 * MINUTE).trial(CODING);
    desk.end(late, Outcome::Passed);
    assert!(matches!(desk.halt(&halt).phase, Phase::Trial { .. }));
}

#[test]
fn no_trial_begins_while_another_halt_stops_the_call() {
    let (mut desk, _, trial) = on_trial();
    desk.end(trial, Outcome::NeverSent);
    let by = Person::new("Ada", "stop");
    desk.standing.halt_by("h-x", by, desk.now, &mut Writes::new());
    assert!(desk.is_stopped(CODING));
    assert_eq!(desk.lease(CODING), None);
}

#[test]
fn a_claim_under_way_is_not_made_twice() {
    let (mut desk, _, trial) = on_trial();
    desk.end(trial, Outcome::NeverSent);
    assert!(desk.standing.claim_begins());
    assert!(!desk.standing.claim_begins());
    assert!(desk.is_stopped(CODING));
    desk.standing.claim_ended();
    assert!(desk.lease(CODING).is_some());
}

#[test]
fn a_watch_elsewhere_is_not_ended_by_an_old_pass_here() {
    let (mut desk, halt, trial) = on_trial();
    desk.end(trial, Outcome::Passed);
    let watched = desk.go(CODING);
    desk.end(watched, Outcome::Passed);
    desk.acknowledge(&halt);
    desk.wait(48 * HOUR);
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let second = desk.struck(one, Class::PolicyThrottle).unwrap();
    desk.end(two, Outcome::Passed);
    let phase = Phase::Watching { since: desk.now };
    let moved = desk.halt(&second).moved(phase, MINUTE);
    let entry = Entry::new(desk.now, moved);
    desk.hear(&entry);
    desk.wait(2 * MINUTE);
    let _first = desk.go(CODING);
    assert_eq!(desk.ask(CODING), Admit::Wait, "nothing has passed in this watch");
}

#[test]
fn the_success_of_a_call_watched_under_an_older_halt_opens_nothing() {
    let (mut desk, halt, trial) = on_trial();
    desk.end(trial, Outcome::Passed);
    let streaming = desk.go(CODING);
    desk.acknowledge(&halt);
    desk.wait(48 * HOUR);
    let second = desk.throttled();
    let moved = desk.halt(&second).moved(Phase::Watching { since: desk.now }, MINUTE);
    let entry = Entry::new(desk.now, moved);
    desk.hear(&entry);
    desk.wait(2 * MINUTE).end(streaming, Outcome::Passed);
    assert!(matches!(desk.halt(&second).phase, Phase::Watching { .. }));
}

#[test]
fn a_lease_begins_no_trial_under_another_halt_and_none_that_is_not_ours() {
    let mut desk = Desk::new();
    let halt = desk.throttled();
    desk.wait(MINUTE);
    let lease = Lease::new("here".to_owned(), desk.now, desk.now + LEASE);
    let entry = lease::claim(desk.standing.record(), &halt, &lease).unwrap();
    desk.hear(&entry);
    let begin = |desk: &mut Desk, holder: &str| {
        let trial = Trial { halt: halt.clone(), holder: holder.to_owned() };
        desk.standing.begin_trial(trial, CODING, desk.now)
    };
    assert_eq!(begin(&mut desk, "there"), None);
    // A halt elsewhere is none of its business.
    let metered = desk.go(METERED);
    desk.struck(metered, Class::Billing);
    assert!(begin(&mut desk.clone(), "here").is_some());
    desk.standing.halt_by("h-x", Person::new("Ada", "stop"), desk.now, &mut Writes::new());
    assert_eq!(begin(&mut desk, "here"), None);
}

#[test]
fn a_halt_that_is_due_for_its_own_test_stops_no_trial() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyThrottle);
    desk.struck(two, Class::Billing);
    let trial = desk.wait(HOUR).trial(CODING);
    assert!(matches!(trial.role, Role::Trial(_)));
}

#[test]
fn a_metered_call_of_other_work_tests_no_probation_that_reaches_it() {
    let mut desk = Desk::new();
    let (one, _two) = (desk.go(CODING), desk.go(CODING));
    let mut throttle = signal(Class::PolicyThrottle);
    throttle.reach = Some(Reach::Profile);
    desk.answered(&one, throttle);
    assert_eq!(desk.only().kind, HaltKind::Probation);
    assert!(desk.wait(MINUTE).is_stopped(Ask { may_test: false, ..METERED }));
    assert!(desk.lease(METERED).is_some());
}

#[test]
fn a_bill_is_tested_during_a_watch_as_soon_as_no_watched_call_is_out() {
    let (mut desk, _, trial) = on_trial();
    desk.end(trial, Outcome::Passed);
    let watched = desk.go(CODING);
    let bill = desk.answered(&watched, signal(Class::Billing)).unwrap();
    desk.wait(15 * MINUTE);
    assert_eq!(desk.ask(CODING), Admit::Wait);
    desk.end(watched, Outcome::Other);
    assert_eq!(desk.lease(CODING), Some(bill));
}

#[test]
fn a_watched_call_waits_behind_a_queue() {
    let (mut desk, _, trial) = on_trial();
    desk.end(trial, Outcome::Passed);
    let (limits, now) = (desk.limits, desk.now);
    let answer = desk.standing.admit(CODING, &limits, true, now, &mut Writes::new());
    assert_eq!(answer, Admit::Wait);
}
