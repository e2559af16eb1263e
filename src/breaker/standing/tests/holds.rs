use super::*;

#[test]
fn a_quota_holds_until_its_reset_and_then_opens_for_all() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let reset = desk.now + 5 * HOUR;
    let halt = desk.answered(&pass, quota_until(reset)).unwrap();
    desk.end(pass, Outcome::Other);
    assert_eq!(desk.ask(CODING), Admit::Refuse { halt, not_before: Some(reset) });
    assert!(desk.is_open(METERED));
    assert!(desk.wait(5 * HOUR - 1).is_stopped(CODING));
    let _two = (desk.wait(1).go(CODING), desk.go(OTHER_WORK));
}

#[test]
fn a_quota_without_a_reset_holds_an_hour_and_then_one_request_may_test() {
    let mut desk = Desk::new();
    desk.strike(Class::QuotaExhausted);
    assert!(desk.wait(HOUR - 1).is_stopped(CODING));
    let test = desk.wait(1).trial(CODING);
    assert!(desk.is_stopped(CODING));
    desk.end(test, Outcome::Passed);
    let _two = (desk.go(CODING), desk.go(CODING));
}

#[test]
fn a_failed_test_of_a_quota_waits_another_hour() {
    let mut desk = Desk::new();
    desk.strike(Class::QuotaExhausted);
    desk.wait(HOUR);
    for _ in 0..3 {
        let test = desk.trial(CODING);
        desk.end(test, Outcome::Other);
        assert!(desk.wait(HOUR - 1).is_stopped(CODING));
        desk.wait(1);
    }
}

#[test]
fn a_test_hears_the_reset_that_the_provider_names_by_now() {
    let mut desk = Desk::new();
    desk.strike(Class::QuotaExhausted);
    let test = desk.wait(HOUR).trial(CODING);
    let reset = desk.now + 3 * HOUR;
    desk.answered(&test, quota_until(reset));
    desk.end(test, Outcome::Other);
    assert_eq!(desk.only().ends(), Some(reset));
}

#[test]
fn a_reset_that_is_over_already_holds_a_minute_and_is_tested() {
    for ago in [1, 0] {
        let mut desk = Desk::new();
        let pass = desk.go(CODING);
        let over = quota_until(desk.now - ago);
        desk.answered(&pass, over);
        assert!(desk.wait(MINUTE - 1).is_stopped(CODING));
        assert!(desk.wait(1).lease(CODING).is_some());
    }
}

#[test]
fn an_answer_about_something_else_does_not_shorten_a_quota() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::QuotaExhausted);
    let test = desk.wait(HOUR).trial(CODING);
    assert_eq!(desk.struck(two, Class::Unknown), None);
    desk.struck(test, Class::Unknown);
    assert_eq!(desk.only().class(), Some(Class::QuotaExhausted));
    assert_eq!(desk.only().phase, Phase::Held { until: desk.now + HOUR, test: true });
}

#[test]
fn a_later_reset_of_a_sibling_prolongs_the_hold() {
    let mut desk = Desk::new();
    let (one, two, three) = (desk.go(CODING), desk.go(CODING), desk.go(CODING));
    let (soon, late) = (desk.now + 5 * HOUR, desk.now + 100 * HOUR);
    desk.answered(&one, quota_until(soon));
    desk.answered(&two, quota_until(late));
    desk.answered(&three, quota_until(soon));
    assert_eq!(desk.only().ends(), Some(late));
}

#[test]
fn a_bill_holds_the_endpoint_that_answered() {
    let mut desk = Desk::new();
    let pass = desk.go(METERED);
    desk.struck(pass, Class::Billing);
    assert!(desk.is_stopped(METERED) && desk.is_open(CODING));
}

#[test]
fn a_bill_is_tested_at_most_six_times_a_day() {
    for outcome in [None, Some(Outcome::Other)] {
        let mut desk = Desk::new();
        let pass = desk.go(METERED);
        desk.struck(pass, Class::Billing);
        let (start, mut tests) = (desk.now, 0);
        while desk.now < start + 24 * HOUR {
            if desk.wait(SECOND).lease(METERED).is_some() {
                tests += 1;
                let test = desk.trial(METERED);
                match outcome {
                    Some(outcome) => desk.end(test, outcome),
                    None => drop(desk.struck(test, Class::Billing)),
                }
            }
        }
        assert_eq!(tests, 6, "{outcome:?}");
    }
}

#[test]
fn the_wait_for_a_bill_doubles_up_to_a_day() {
    let mut desk = Desk::new();
    let halt = desk.strike(Class::Billing);
    for minutes in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
        assert_eq!(desk.halt(&halt).ends(), Some(desk.now + minutes * MINUTE));
        let test = desk.wait(minutes * MINUTE).trial(CODING);
        desk.struck(test, Class::Billing);
    }
}

#[test]
fn a_call_that_the_balance_pays_may_test_a_bill_whatever_its_work() {
    let mut desk = Desk::new();
    let pass = desk.go(METERED);
    desk.struck(pass, Class::Billing);
    let other_work = Ask { may_test: false, ..METERED };
    let test = desk.wait(HOUR).trial(other_work);
    desk.end(test, Outcome::Passed);
    assert!(desk.is_open(other_work));
}

#[test]
fn the_second_unknown_failure_within_ten_minutes_holds_for_ten() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    assert_eq!(desk.struck(pass, Class::Unknown), None);
    let pass = desk.wait(10 * MINUTE).go(CODING);
    assert!(desk.struck(pass, Class::Unknown).is_some());
    assert!(desk.wait(10 * MINUTE - 1).is_stopped(CODING));
    assert!(desk.wait(1).is_open(CODING));
}

#[test]
fn two_unknown_failures_further_apart_hold_nothing() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    assert_eq!(desk.struck(pass, Class::Unknown), None);
    let pass = desk.wait(10 * MINUTE + 1).go(CODING);
    assert_eq!(desk.struck(pass, Class::Unknown), None);
}

#[test]
fn unknown_failures_on_a_metered_endpoint_hold_nothing() {
    let mut desk = Desk::new();
    for _ in 0..5 {
        let pass = desk.go(METERED);
        assert_eq!(desk.struck(pass, Class::Unknown), None);
    }
    assert!(desk.is_open(CODING) && desk.is_open(METERED));
}

#[test]
fn a_person_ends_a_hold() {
    let mut desk = Desk::new();
    let halt = desk.strike(Class::Billing);
    desk.acknowledge(&halt);
    assert!(desk.is_open(CODING));
}

#[test]
fn no_length_of_a_wait_overflows() {
    let mut desk = Desk::new();
    let action = crate::breaker::Action::HoldUntilReset { otherwise: Duration::MAX };
    let row = Disposition { action, ..Disposition::of(Class::QuotaExhausted) };
    desk.table.set(Class::QuotaExhausted, row).unwrap();
    desk.strike(Class::QuotaExhausted);
    assert!(desk.is_stopped(CODING));
}

#[test]
fn a_hold_whose_time_came_is_over_in_the_record_too() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let reset = desk.now + HOUR;
    let halt = desk.answered(&pass, quota_until(reset)).unwrap();
    assert!(desk.wait(HOUR).is_open(CODING));
    assert_eq!(desk.standing.record().halts, []);
    assert_eq!(desk.standing.record().released[0].id, halt);
}

#[test]
fn a_longer_quota_prolongs_the_hold_of_something_else_and_is_tested() {
    let mut desk = Desk::new();
    let (one, two, three) = (desk.go(CODING), desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::Unknown);
    desk.struck(two, Class::Unknown);
    let reset = desk.now + 5 * HOUR;
    desk.answered(&three, quota_until(reset));
    assert_eq!(desk.only().phase, Phase::Held { until: reset, test: true });
}

#[test]
fn work_that_is_not_coding_tests_no_hold_of_the_plan() {
    let mut desk = Desk::new();
    desk.strike(Class::QuotaExhausted);
    assert!(desk.wait(HOUR).is_stopped(OTHER_WORK));
    assert!(desk.lease(CODING).is_some());
}

#[test]
fn of_two_holds_that_are_due_the_wider_one_is_tested_first() {
    for classes in
        [[Class::QuotaExhausted, Class::Billing], [Class::Billing, Class::QuotaExhausted]]
    {
        let mut desk = Desk::new();
        let (one, two) = (desk.go(CODING), desk.go(CODING));
        desk.struck(one, classes[0]);
        desk.struck(two, classes[1]);
        let due = desk.wait(HOUR).lease(CODING).unwrap();
        assert_eq!(desk.halt(&due).class(), Some(Class::QuotaExhausted));
    }
}

#[test]
fn of_two_holds_of_one_reach_that_are_due_the_earlier_one_is_tested_first() {
    let mut desk = Desk::new();
    let first = desk.strike(Class::QuotaExhausted);
    // Two processes may each have begun one.
    let mut other = desk.only().clone();
    other.id = "h-there".to_owned();
    let entry = Entry::new(desk.now, Fact::Halted { halt: Box::new(other) });
    desk.hear(&entry);
    assert_eq!(desk.wait(HOUR).lease(CODING), Some(first));
}
