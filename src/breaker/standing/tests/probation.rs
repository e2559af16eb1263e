use super::*;

#[test]
fn a_throttle_under_two_calls_goes_on_probation() {
    let mut desk = Desk::new();
    desk.throttled();
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Probation, (0, 1)));
}

#[test]
fn a_streaming_call_is_load() {
    let mut desk = Desk::new();
    let mut streaming = desk.go(CODING);
    desk.standing.answered(&mut streaming);
    desk.strike(Class::PolicyThrottle);
    assert_eq!(desk.only().kind, HaltKind::Probation);
}

#[test]
fn eleven_calls_within_a_minute_are_load_and_ten_are_not() {
    for (calls, kind) in [(11, HaltKind::Probation), (10, HaltKind::Latch)] {
        let mut desk = Desk::new();
        for _ in 1..calls {
            let pass = desk.wait(5 * SECOND).go(CODING);
            desk.end(pass, Outcome::Passed);
        }
        desk.strike(Class::PolicyThrottle);
        assert_eq!(desk.only().kind, kind, "{calls}");
    }
}

#[test]
fn eleven_calls_over_more_than_a_minute_are_no_load() {
    let mut desk = Desk::new();
    for _ in 1..11 {
        let pass = desk.go(CODING);
        desk.end(pass, Outcome::Passed);
        desk.wait(MINUTE / 10 + 1);
    }
    desk.strike(Class::PolicyThrottle);
    assert_eq!(desk.only().kind, HaltKind::Latch);
}

#[test]
fn calls_that_the_balance_pays_are_no_load() {
    let mut desk = Desk::new();
    let _streaming = desk.go(METERED);
    desk.strike(Class::PolicyThrottle);
    assert_eq!(desk.only().kind, HaltKind::Latch);
}

#[test]
fn nothing_leaves_for_a_minute_and_then_one_trial() {
    let mut desk = Desk::new();
    desk.throttled();
    assert!(desk.wait(MINUTE - 1).is_stopped(CODING));
    assert!(desk.wait(1).lease(CODING).is_some());
    let _trial = desk.trial(CODING);
    assert!(desk.is_stopped(CODING));
}

#[test]
fn work_that_is_not_coding_never_carries_the_trial() {
    let mut desk = Desk::new();
    let halt = desk.throttled();
    for _ in 0..100 {
        assert!(desk.wait(HOUR).is_stopped(OTHER_WORK));
    }
    assert_eq!(desk.halt(&halt).kind, HaltKind::Probation);
}

#[test]
fn a_metered_endpoint_stays_open_during_probation() {
    let mut desk = Desk::new();
    desk.throttled();
    assert!(desk.is_open(METERED));
}

#[test]
fn a_passed_trial_is_watched_one_call_at_a_time() {
    let mut desk = Desk::new();
    desk.throttled();
    let trial = desk.wait(MINUTE).trial(CODING);
    desk.end(trial, Outcome::Passed);
    let mut one = desk.go(CODING);
    desk.standing.answered(&mut one);
    assert_eq!(desk.ask(CODING), Admit::Wait, "until the body of the first one ends");
    desk.end(one, Outcome::Passed);
    assert!(desk.is_open(CODING));
}

#[test]
fn a_minute_and_one_more_pass_end_the_watch() {
    let mut desk = Desk::new();
    desk.throttled();
    let trial = desk.wait(MINUTE).trial(CODING);
    desk.wait(10 * SECOND).end(trial, Outcome::Passed);
    let one = desk.wait(MINUTE - 1).go(CODING);
    desk.end(one, Outcome::Passed);
    assert_eq!(desk.standing.record().halts.len(), 1, "a minute since the trial's end");
    assert!(desk.wait(1).is_open(CODING));
    assert_eq!(desk.standing.record().halts, []);
}

#[test]
fn a_minute_without_a_pass_does_not_end_the_watch() {
    let mut desk = Desk::new();
    desk.throttled();
    let trial = desk.wait(MINUTE).trial(CODING);
    desk.end(trial, Outcome::Passed);
    let one = desk.wait(HOUR).go(CODING);
    assert_eq!(desk.ask(CODING), Admit::Wait);
    desk.end(one, Outcome::Other);
    let one = desk.go(CODING);
    assert_eq!(desk.ask(CODING), Admit::Wait);
    desk.end(one, Outcome::Passed);
    assert_eq!(desk.standing.record().halts, []);
}

#[test]
fn an_account_opens_again_with_half_the_slots_until_a_person_says_more() {
    let mut desk = Desk::new();
    let calls: Vec<_> = (0..4).map(|_| desk.go(CODING)).collect();
    for pass in calls {
        desk.struck(pass, Class::PolicyThrottle);
    }
    pass_probation(&mut desk);
    let _two = (desk.go(CODING), desk.go(CODING));
    assert_eq!(desk.ask(CODING), Admit::Wait);
    let latch =
        desk.standing.halt_by("h-x", Person::new("Ada", "note"), desk.now, &mut Writes::new());
    desk.acknowledge(&latch);
    let _more = (desk.go(CODING), desk.go(CODING));
    assert_eq!(desk.ask(CODING), Admit::Wait);
}

#[test]
fn configuration_raises_the_slots_after_probation() {
    let mut desk = Desk::new();
    desk.limits.after_probation = 3;
    desk.throttled();
    pass_probation(&mut desk);
    let _three = (desk.go(CODING), desk.go(CODING), desk.go(CODING));
    assert_eq!(desk.ask(CODING), Admit::Wait);
}

#[test]
fn a_second_probation_gives_no_slots_back() {
    let mut desk = Desk::new();
    desk.throttled();
    let start = desk.now;
    pass_probation(&mut desk);
    desk.now = start + 24 * HOUR;
    let streaming: Vec<_> = (0..7)
        .map(|_| {
            let mut pass = desk.go(CODING);
            desk.standing.answered(&mut pass);
            pass
        })
        .collect();
    desk.strike(Class::PolicyThrottle);
    assert_eq!(desk.only().in_flight, 8);
    streaming.into_iter().for_each(|pass| desk.end(pass, Outcome::Passed));
    pass_probation(&mut desk);
    assert_eq!(desk.standing.record().reduced_slots, Some(1));
}

#[test]
fn a_throttle_within_a_day_of_the_probations_start_latches_confirmed() {
    let mut desk = Desk::new();
    desk.throttled();
    let start = desk.now;
    pass_probation(&mut desk);
    desk.now = start + 24 * HOUR - 1;
    desk.throttled_again();
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 1)));
}

#[test]
fn a_throttle_a_day_later_goes_on_probation_again() {
    let mut desk = Desk::new();
    desk.throttled();
    let start = desk.now;
    pass_probation(&mut desk);
    desk.now = start + 24 * HOUR;
    desk.throttled_again();
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Probation, (0, 2)));
}

#[test]
fn an_acknowledged_probation_is_remembered_for_its_day() {
    let mut desk = Desk::new();
    let halt = desk.throttled();
    desk.acknowledge(&halt);
    desk.wait(HOUR).throttled_again();
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 1)));
}

#[test]
fn an_acknowledged_probation_is_remembered_beside_another_halt() {
    let mut desk = Desk::new();
    let halt = desk.throttled();
    desk.acknowledge(&halt);
    let metered = desk.go(METERED);
    desk.struck(metered, Class::Billing);
    desk.wait(HOUR).throttled_again();
    assert_eq!(desk.strikes(), (1, 1));
}

fn pass_probation(desk: &mut Desk) {
    let trial = desk.wait(MINUTE).trial(CODING);
    desk.end(trial, Outcome::Passed);
    let one = desk.wait(MINUTE).go(CODING);
    desk.end(one, Outcome::Passed);
    assert_eq!(desk.standing.record().halts, []);
}

impl Desk {
    /// A throttle under load, where there may be one slot only.
    fn throttled_again(&mut self) {
        for _ in 0..10 {
            let pass = self.go(CODING);
            self.end(pass, Outcome::Passed);
        }
        self.strike(Class::PolicyThrottle);
    }
}
