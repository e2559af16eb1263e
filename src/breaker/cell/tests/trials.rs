//! A trial ends for all processes, however it ends.

use super::*;

/// A process whose probation is due for its trial, which is then lent.
async fn on_trial(ledger: &TrickyLedger, process: &Process) -> Pass {
    let calls = [process.go(), process.go()];
    process.strike(&calls[0], Class::PolicyThrottle);
    for pass in calls {
        process.end(pass, Outcome::Other);
    }
    advance(MINUTE).await;
    settle().await;
    let Admit::Lease(halt) = process.ask() else { panic!("no trial is due") };
    let trial = Trial { halt, holder: "here-1".to_owned() };
    let now = process.cell.now();
    let lease = crate::ledger::Lease::new(&trial.holder, now, now + 1_800_000);
    let opened = ledger.claim(&account(), &trial.halt, lease).await.unwrap();
    process.cell.lent(trial, &opened, CODING).expect("it is lent to us")
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_trial_outlives_a_contradiction() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
    process.end(trial, Outcome::Passed);
    settle().await;
    let record = ledger.record_of(&account()).await;
    let probation = record.halts.iter().find(|halt| halt.kind == HaltKind::Probation).unwrap();
    assert!(matches!(probation.phase, Phase::Watching { .. }), "{:?}", probation.phase);
    assert_eq!(process.record(), record);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_was_never_sent_is_given_back_to_all() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    process.end(trial, Outcome::NeverSent);
    let record = ledger.record_of(&account()).await;
    assert!(matches!(record.halts[0].phase, Phase::Cooling { .. }));
    assert_eq!(names(&ledger.written()).last(), Some(&"given back"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_heard_of_is_given_back() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    process.end(trial, Outcome::NeverSent);
    let Admit::Lease(halt) = process.ask() else { panic!("no trial is due") };
    let trial = Trial { halt, holder: "here-2".to_owned() };
    let now = process.cell.now();
    let lease = crate::ledger::Lease::new(&trial.holder, now, now + 1_800_000);
    ledger.claim(&account(), &trial.halt, lease).await.unwrap();
    process.cell.give_back(trial);
    settle().await;
    let record = ledger.record_of(&account()).await;
    assert!(matches!(record.halts[0].phase, Phase::Cooling { .. }));
    assert_eq!(process.record(), record);
    assert!(matches!(process.ask(), Admit::Lease(_)));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_came_amid_a_contradiction_is_given_back() {
    let (ledger, begins) = (TrickyLedger::stuck(), to_millis(start()));
    let memory = ledger.memory();
    let probation = halted(HaltKind::Probation, Class::PolicyThrottle);
    memory.record(&account(), 0, probation).await.unwrap();
    let lease = |holder: &str, now| crate::ledger::Lease::new(holder, now, now + 1_000);
    memory.claim(&account(), "h-other", lease("there", begins + 60_000)).await.unwrap();
    let process = Process::new(ledger.clone());
    advance(2 * MINUTE).await;
    process.refresh(&ledger).await;
    // That lease has died, which is owed to the ledger, and known there.
    assert!(process.is_stopped());
    assert!(!process.owes_nothing());
    let (phase, now) = (Phase::Cooling { until: begins }, process.cell.now());
    let moved = Fact::Moved { halt: "h-other".into(), phase, pause_ms: 60_000, dead_leases: 1 };
    memory.record(&account(), 2, Entry::new(now, moved)).await.unwrap();
    let contradiction = memory.open(&account()).await.unwrap();
    let opened = memory.claim(&account(), "h-other", lease("here-1", now)).await.unwrap();
    let trial = Trial { halt: "h-other".to_owned(), holder: "here-1".to_owned() };
    assert!(process.cell.lent(trial, &opened, CODING).is_none());
    // The ledger's answer to what was owed first is older than the lease.
    process.cell.overruled(&contradiction);
    for _ in 0..4 {
        ledger.let_through();
        settle().await;
    }
    let record = ledger.record_of(&account()).await;
    assert!(matches!(record.halts[0].phase, Phase::Cooling { .. }), "{:?}", record.halts[0].phase);
    assert!(process.owes_nothing());
}
