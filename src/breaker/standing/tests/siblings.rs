use super::*;

#[test]
fn a_late_answer_of_the_same_burst_adds_a_hit_and_no_strike() {
    let mut desk = Desk::new();
    let calls: Vec<_> = (0..4).map(|_| desk.go(CODING)).collect();
    for pass in calls {
        desk.struck(pass, Class::PolicyViolation);
    }
    assert_eq!((desk.only().hits, desk.strikes()), (4, (1, 0)));
}

#[test]
fn a_late_throttle_of_the_same_burst_adds_a_hit_although_no_load_is_left() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyThrottle);
    desk.struck(two, Class::PolicyThrottle);
    assert_eq!((desk.only().kind, desk.only().hits), (HaltKind::Probation, 2));
    assert_eq!(desk.strikes(), (0, 1));
}

#[test]
fn a_late_violation_raises_a_probation_to_a_latch() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let halt = desk.struck(one, Class::PolicyThrottle);
    assert_eq!(desk.struck(two, Class::PolicyViolation), halt);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)));
    assert_eq!(desk.only().class(), Some(Class::PolicyViolation));
}

#[test]
fn a_late_throttle_lowers_no_latch() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyViolation);
    desk.struck(two, Class::PolicyThrottle);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)));
    assert_eq!(desk.only().class(), Some(Class::PolicyViolation));
}

#[test]
fn a_late_violation_confirms_the_strike_of_a_suspected_latch() {
    let mut desk = Desk::new();
    let streaming = desk.go(METERED);
    desk.strike(Class::PolicyThrottle);
    desk.struck(streaming, Class::PolicyViolation);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)));
    assert_eq!(desk.only().class(), Some(Class::PolicyViolation));
}

#[test]
fn a_late_lock_widens_a_latch() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyViolation);
    desk.struck(two, Class::AccountLocked);
    assert_eq!(desk.only().reach, Reach::Profile);
    assert!(desk.is_stopped(METERED));
}

#[test]
fn a_late_answer_reopens_no_halt_that_was_released_within_ten_minutes() {
    for class in [Class::PolicyViolation, Class::PolicyThrottle, Class::QuotaExhausted] {
        let mut desk = Desk::new();
        let (one, two) = (desk.go(CODING), desk.go(CODING));
        let halt = desk.struck(one, class).unwrap();
        desk.acknowledge(&halt);
        desk.wait(10 * MINUTE - 1);
        assert_eq!(desk.struck(two, class), None, "{class}");
        assert!(desk.is_open(CODING), "{class}");
        assert_eq!(desk.standing.record().released[0].hits, 2, "{class}");
    }
}

#[test]
fn a_late_answer_after_ten_minutes_halts_again() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let halt = desk.struck(one, Class::PolicyViolation).unwrap();
    desk.acknowledge(&halt);
    desk.wait(10 * MINUTE);
    assert!(desk.struck(two, Class::PolicyViolation).is_some());
}

#[test]
fn an_answer_to_a_call_after_the_release_halts_again_at_once() {
    let mut desk = Desk::new();
    let halt = desk.strike(Class::PolicyViolation);
    desk.acknowledge(&halt);
    let second = desk.strike(Class::PolicyViolation);
    assert_ne!(halt, second);
    assert_eq!(desk.strikes(), (2, 0));
}

#[test]
fn a_released_halt_covers_no_graver_late_answer() {
    for (first, late) in [
        (Class::QuotaExhausted, Class::PolicyViolation),
        (Class::PolicyThrottle, Class::PolicyViolation),
        (Class::PolicyViolation, Class::AccountLocked),
        (Class::Billing, Class::QuotaExhausted),
    ] {
        let mut desk = Desk::new();
        let (one, two) = (desk.go(CODING), desk.go(CODING));
        let halt = desk.struck(one, first).unwrap();
        desk.acknowledge(&halt);
        assert!(desk.struck(two, late).is_some(), "{first} then {late}");
        assert!(desk.is_stopped(CODING), "{first} then {late}");
    }
}

#[test]
fn a_halt_of_the_plan_hides_no_bill_of_a_metered_endpoint() {
    let mut desk = Desk::new();
    let (coding, metered) = (desk.go(CODING), desk.go(METERED));
    desk.struck(coding, Class::PolicyViolation);
    desk.struck(metered, Class::Billing);
    assert!(desk.is_stopped(METERED));
}

#[test]
fn the_gravest_halt_decides_what_a_caller_reads() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::QuotaExhausted);
    let latch = desk.struck(two, Class::PolicyViolation).unwrap();
    assert_eq!(desk.ask(CODING), Admit::Refuse { halt: latch.clone(), not_before: None });
    desk.acknowledge(&latch);
    assert!(desk.is_stopped(CODING), "the quota still holds");
}

#[test]
fn two_late_bills_of_one_endpoint_are_one_hold_that_is_no_longer_for_it() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::Billing);
    desk.struck(two, Class::Billing);
    assert_eq!((desk.only().hits, desk.only().pause_ms), (2, 15 * MINUTE));
}

#[test]
fn a_call_that_left_after_a_hold_began_is_no_sibling_of_it() {
    let mut desk = Desk::new();
    desk.strike(Class::Billing);
    let later = desk.standing.admit_anyway(CODING, desk.now);
    desk.struck(later, Class::Billing);
    assert_eq!(desk.only().pause_ms, 30 * MINUTE);
}

#[test]
fn a_late_quota_within_a_probation_holds_on_its_own() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let probation = desk.struck(one, Class::PolicyThrottle).unwrap();
    let quota = desk.struck(two, Class::QuotaExhausted).unwrap();
    assert_eq!(desk.halt(&probation).kind, HaltKind::Probation);
    assert_eq!(desk.halt(&quota).kind, HaltKind::Hold);
}

#[test]
fn a_late_latch_without_a_strike_is_no_sibling_of_something_milder() {
    // A hold of the same endpoint, and a probation.
    for first in [Class::QuotaExhausted, Class::PolicyThrottle] {
        let mut desk = Desk::new();
        let latch = Disposition::latch(Reach::Endpoint, None);
        desk.table.set(Class::Billing, latch).unwrap();
        let (one, two) = (desk.go(CODING), desk.go(CODING));
        let mut early = signal(first);
        early.reach = Some(Reach::Endpoint);
        desk.answered(&one, early);
        let late = desk.struck(two, Class::Billing).unwrap();
        assert_eq!(desk.halt(&late).kind, HaltKind::Latch, "{first}");
        assert_eq!(desk.standing.record().halts.len(), 2, "{first}");
    }
}

#[test]
fn a_late_bill_of_a_latched_plan_adds_a_hit_and_beside_a_quota_a_hold() {
    let mut desk = Desk::strict();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::PolicyViolation);
    desk.struck(two, Class::Billing);
    assert_eq!(desk.only().hits, 2);

    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::QuotaExhausted);
    let bill = desk.struck(two, Class::Billing).unwrap();
    assert_eq!(desk.halt(&bill).class(), Some(Class::Billing));
    assert_eq!(desk.standing.record().halts.len(), 2);
}

#[test]
fn the_bills_of_two_endpoints_are_two_holds() {
    let mut desk = Desk::new();
    let (coding, metered) = (desk.go(CODING), desk.go(METERED));
    desk.struck(coding, Class::Billing);
    desk.struck(metered, Class::Billing);
    assert!(desk.is_stopped(CODING) && desk.is_stopped(METERED));
    assert_eq!(desk.standing.record().halts.len(), 2);
}

#[test]
fn a_reset_that_is_no_later_than_the_holds_own_prolongs_nothing() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let reset = desk.now + HOUR;
    desk.answered(&one, quota_until(reset));
    desk.answered(&two, quota_until(reset));
    assert_eq!((desk.only().hits, desk.only().ends()), (2, Some(reset)));

    // The hold is due for its test, and a late sibling names this very moment.
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    desk.struck(one, Class::QuotaExhausted);
    desk.wait(HOUR + 1);
    let now = quota_until(desk.now);
    desk.answered(&two, now);
    assert!(desk.lease(CODING).is_some());
}
