//! What one process hears of the halts of another, and says again of its own.

use super::*;

/// What the ledger says: the record of `desk`, changed.
fn opened(desk: &Desk, change: impl FnOnce(&mut Record)) -> Opened {
    let mut record = desk.standing.record().clone();
    change(&mut record);
    Opened::new(record, 0)
}

/// What the ledger says if another process has a halt that this one has not.
fn with_halt(desk: &Desk, there: &Desk) -> Opened {
    let halt = there.only().clone();
    opened(desk, |record| record.halts = vec![halt])
}

fn person() -> Person {
    Person::new("Ada", "read it")
}

#[test]
fn a_halt_of_another_process_is_taken_over() {
    let (mut here, mut there) = (Desk::new(), Desk::new());
    there.strike(Class::PolicyViolation);
    here.standing.merge(&with_halt(&here, &there));
    assert!(here.is_stopped(CODING));
}

#[test]
fn a_halt_that_became_graver_elsewhere_is_graver_here() {
    let mut here = Desk::new();
    here.throttled();
    let graver = opened(&here, |record| {
        record.halts[0].kind = HaltKind::Latch;
        record.halts[0].phase = Phase::Latched;
    });
    here.standing.merge(&graver);
    assert_eq!(here.only().phase, Phase::Latched);
    let wider = opened(&here, |record| record.halts[0].reach = Reach::Profile);
    here.standing.merge(&wider);
    assert!(here.is_stopped(METERED));
}

#[test]
fn a_halt_that_is_no_graver_elsewhere_stands_as_it_does_here() {
    let mut here = Desk::new();
    let halt = here.throttled();
    let before = opened(&here, |_| {});
    let trial = here.wait(MINUTE).trial(CODING);
    here.end(trial, Outcome::Passed);
    let watching = here.halt(&halt).clone();
    assert!(matches!(watching.phase, Phase::Watching { .. }));
    here.standing.merge(&before);
    assert_eq!(*here.only(), watching);

    let before = opened(&here, |_| {});
    let by = here.standing.halt_by("h-x", person(), here.now, &mut Writes::new());
    here.acknowledge(&halt);
    let milder = opened(&here, |record| record.halts[0].reach = Reach::Endpoint);
    here.standing.merge(&milder);
    assert_eq!((&here.only().id, here.only().reach), (&by, Reach::Profile));
    here.standing.merge(&before);
    assert_eq!(here.only().id, by, "what is over here is not opened again");
}

#[test]
fn what_is_over_here_is_halted_again_if_it_became_graver_elsewhere() {
    let mut here = Desk::new();
    let first = here.strike(Class::Billing);
    here.acknowledge(&first);
    let halt = here.throttled();
    let mut there = here.clone();
    here.acknowledge(&halt);
    let policy = there.wait(MINUTE).trial(CODING);
    there.struck(policy, Class::PolicyViolation);
    here.standing.merge(&with_halt(&here, &there));
    assert_eq!((&here.only().id, here.only().kind), (&halt, HaltKind::Latch));
}

#[test]
fn a_halt_is_said_again_only_to_a_record_that_does_not_know_it() {
    let (mut here, mut there) = (Desk::new(), Desk::new());
    there.ids = 100;
    let id = there.strike(Class::PolicyViolation);
    let halt = there.only().clone();
    let mut writes = Writes::new();
    here.standing.restate(halt.clone(), here.now, &mut writes);
    assert_eq!((writes.len(), here.is_stopped(CODING)), (1, true));
    here.standing.restate(halt.clone(), here.now, &mut writes);
    here.acknowledge(&id);
    here.standing.restate(halt, here.now, &mut writes);
    assert_eq!((writes.len(), here.is_open(CODING)), (1, true));
}
