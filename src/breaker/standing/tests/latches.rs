use super::*;

#[test]
fn the_first_violation_latches_until_a_person_acknowledges() {
    let mut desk = Desk::new();
    let halt = desk.strike(Class::PolicyViolation);
    assert_eq!(desk.only().kind, HaltKind::Latch);
    for _ in 0..400 {
        assert!(desk.wait(24 * HOUR).is_stopped(CODING));
    }
    desk.acknowledge(&halt);
    assert!(desk.is_open(CODING));
}

#[test]
fn a_violation_counts_a_confirmed_strike() {
    let mut desk = Desk::new();
    desk.strike(Class::PolicyViolation);
    assert_eq!(desk.strikes(), (1, 0));
}

#[test]
fn a_refusal_tells_no_time_for_a_latch() {
    let mut desk = Desk::new();
    let halt = desk.strike(Class::PolicyViolation);
    assert_eq!(desk.ask(CODING), Admit::Refuse { halt, not_before: None });
}

#[test]
fn each_policy_class_reaches_as_far_as_its_row() {
    for class in Class::ALL.into_iter().filter(|class| class.is_policy()) {
        let mut desk = Desk::new();
        desk.strike(class);
        assert!(desk.is_stopped(CODING), "{class}");
        let metered = matches!(class, Class::AccountLocked | Class::Challenge);
        assert_eq!(desk.is_stopped(METERED), metered, "{class}");
    }
}

#[test]
fn a_challenge_latches_without_a_strike() {
    let mut desk = Desk::new();
    desk.strike(Class::Challenge);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (0, 0)));
}

#[test]
fn a_class_that_passes_halts_nothing() {
    let passes =
        Class::ALL.into_iter().filter(|class| Disposition::of(*class).action.as_str() == "pass");
    for class in passes {
        let mut desk = Desk::new();
        let pass = desk.go(CODING);
        assert_eq!(desk.struck(pass, class), None, "{class}");
        assert!(desk.is_open(CODING), "{class}");
    }
}

#[test]
fn a_lone_callers_throttle_latches_with_a_suspected_strike() {
    let mut desk = Desk::new();
    desk.strike(Class::PolicyThrottle);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (0, 1)));
}

#[test]
fn strict_latches_on_a_throttle_under_load_and_counts_it() {
    let mut desk = Desk::strict();
    desk.throttled();
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (1, 0)));
}

#[test]
fn strict_latches_each_endpoint_whose_bill_is_unpaid() {
    let mut desk = Desk::strict();
    let plan = desk.strike(Class::Billing);
    assert!(desk.is_stopped(CODING) && desk.is_open(METERED));
    let pass = desk.go(METERED);
    let metered = desk.struck(pass, Class::Billing).unwrap();
    assert_ne!(plan, metered);
    assert!(desk.is_stopped(CODING) && desk.is_stopped(METERED));
    assert_eq!(desk.strikes(), (0, 0));
}

#[test]
fn a_latch_of_one_endpoint_keeps_it_when_the_plan_is_latched() {
    let mut desk = Desk::strict();
    let coding = desk.go(CODING);
    let metered = desk.go(METERED);
    desk.struck(metered, Class::Billing);
    desk.struck(coding, Class::PolicyViolation);
    assert!(desk.is_stopped(CODING) && desk.is_stopped(METERED));
}

#[test]
fn a_rule_narrows_no_policy_halt() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let mut locked = signal(Class::AccountLocked);
    locked.reach = Some(Reach::Endpoint);
    desk.answered(&pass, locked);
    assert!(desk.is_stopped(METERED));
}

#[test]
fn a_rule_widens_a_hold() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let mut bill = signal(Class::Billing);
    bill.reach = Some(Reach::Profile);
    desk.answered(&pass, bill);
    assert!(desk.is_stopped(METERED));
}

#[test]
fn a_person_halts_every_endpoint() {
    let mut desk = Desk::new();
    let by = Person::new("Ada", "holiday");
    let id = desk.standing.halt_by("h-x", by, desk.now, &mut Writes::new());
    assert_eq!(id, "h-x");
    assert!(desk.is_stopped(CODING) && desk.is_stopped(METERED));
    desk.acknowledge("h-x");
    assert!(desk.is_open(CODING) && desk.is_open(METERED));
}

#[test]
fn an_account_has_one_latch_even_if_a_person_halts_it_too() {
    let mut desk = Desk::new();
    let first = desk.strike(Class::PolicyViolation);
    let by = Person::new("Ada", "no more");
    let second = desk.standing.halt_by("h-x", by, desk.now, &mut Writes::new());
    assert_eq!(first, second);
    assert_eq!(desk.only().by.as_ref().unwrap().name, "Ada");
    assert!(desk.is_stopped(METERED));
    assert_eq!(desk.strikes(), (1, 0));
}

#[test]
fn a_violation_after_a_persons_halt_still_counts() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let by = Person::new("Ada", "no more");
    desk.standing.halt_by("h-x", by, desk.now, &mut Writes::new());
    assert_eq!(desk.struck(pass, Class::PolicyViolation).as_deref(), Some("h-x"));
    assert_eq!(desk.strikes(), (1, 0));
    assert_eq!(desk.only().class(), Some(Class::PolicyViolation));
}

#[test]
fn a_graver_late_signal_is_what_a_person_reads() {
    let mut desk = Desk::strict();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let halt = desk.struck(one, Class::PolicyThrottle);
    assert_eq!(desk.struck(two, Class::PolicyViolation), halt);
    assert_eq!((desk.only().hits, desk.only().class()), (2, Some(Class::PolicyViolation)));
}

#[test]
fn a_milder_signal_that_widens_a_latch_does_not_replace_what_a_person_reads() {
    for (first, then) in [
        (Class::AccountLocked, Class::PolicyViolation),
        (Class::PolicyViolation, Class::PolicyThrottle),
        (Class::PolicyThrottle, Class::Billing),
    ] {
        let mut desk = Desk::strict();
        desk.strike(first);
        let later = desk.standing.admit_anyway(CODING, desk.now);
        let mut milder = signal(then);
        milder.reach = Some(Reach::Plan);
        desk.answered(&later, milder);
        assert_eq!((desk.only().hits, desk.only().class()), (2, Some(first)), "{first}");
    }
}

#[test]
fn a_throttle_beside_a_suspected_latch_confirms_nothing() {
    let mut desk = Desk::new();
    desk.strike(Class::PolicyThrottle);
    let later = desk.standing.admit_anyway(CODING, desk.now);
    desk.struck(later, Class::PolicyThrottle);
    assert_eq!((desk.only().hits, desk.strikes()), (2, (0, 1)));
}

#[test]
fn a_late_challenge_ends_a_probation_and_confirms_nothing() {
    let mut desk = Desk::new();
    let (one, two) = (desk.go(CODING), desk.go(CODING));
    let halt = desk.struck(one, Class::PolicyThrottle);
    assert_eq!(desk.struck(two, Class::Challenge), halt);
    assert_eq!((desk.only().kind, desk.strikes()), (HaltKind::Latch, (0, 1)));
}

#[test]
fn a_rule_narrows_a_hold_that_is_no_policy() {
    let mut desk = Desk::new();
    let pass = desk.go(CODING);
    let mut quota = signal(Class::QuotaExhausted);
    quota.reach = Some(Reach::Endpoint);
    desk.answered(&pass, quota);
    assert!(desk.is_stopped(CODING) && desk.is_open(Ask { endpoint: 2, ..CODING }));
}

#[test]
fn of_two_latches_a_caller_reads_the_earlier_one() {
    let mut desk = Desk::strict();
    let (one, two) = (desk.go(METERED), desk.go(METERED));
    let bill = desk.struck(one, Class::Billing).unwrap();
    let lock = desk.struck(two, Class::AccountLocked).unwrap();
    assert_ne!(bill, lock);
    assert_eq!(desk.ask(METERED), Admit::Refuse { halt: bill, not_before: None });
}
