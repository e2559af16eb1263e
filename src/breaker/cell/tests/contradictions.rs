//! What the ledger has heard of others meanwhile counts, and loses no halt.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_strike_beside_the_same_latch_of_another_process_is_its_sibling() {
    let ledger = TrickyLedger::slow(SECOND);
    ledger.intrude(halted(HaltKind::Latch, Class::PolicyViolation));
    let process = Process::new(ledger.clone());
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    stays_stopped(&process, 30).await;
    written.await;
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.halts[0].hits), (1, 2));
    assert_eq!((record.halts[0].id.as_str(), record.strikes.confirmed), ("h-other", 1));
    assert_eq!(process.record(), record);
}

#[tokio::test(start_paused = true)]
async fn a_strike_beside_a_milder_halt_of_another_process_latches() {
    for kind in [HaltKind::Hold, HaltKind::Probation] {
        let ledger = TrickyLedger::slow(SECOND);
        ledger.intrude(halted(kind, Class::QuotaExhausted));
        let process = Process::new(ledger.clone());
        let pass = process.go();
        let written = process.strike(&pass, Class::PolicyViolation).unwrap();
        stays_stopped(&process, 30).await;
        written.await;
        let record = ledger.record_of(&account()).await;
        assert!(record.halts.iter().any(|halt| halt.kind == HaltKind::Latch), "{kind:?}");
        assert_eq!(record.strikes.confirmed, 1, "{kind:?}");
        assert_eq!(process.record(), record);
    }
}

#[tokio::test(start_paused = true)]
async fn the_late_sibling_of_a_latch_that_was_released_elsewhere_halts_nothing() {
    let ledger = TrickyLedger::new();
    ledger.intrude(halted(HaltKind::Latch, Class::PolicyViolation));
    ledger.intrude(released());
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.released[0].hits), (0, 2));
    process.end(pass, Outcome::Other);
    let _next = process.go();
}

#[tokio::test(start_paused = true)]
async fn many_contradictions_in_a_row_lose_no_strike() {
    let ledger = TrickyLedger::slow(SECOND);
    let process = Process::new(ledger.clone());
    let calls = [process.go(), process.go()];
    process.strike(&calls[0], Class::PolicyThrottle);
    process.strike(&calls[1], Class::PolicyViolation);
    for _ in 0..5 {
        ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
        ledger.intrude(released());
        stays_stopped(&process, 10).await;
    }
    stays_stopped(&process, 100).await;
    let record = ledger.record_of(&account()).await;
    assert_eq!(process.record(), record);
    let latch = record.halts.iter().find(|halt| halt.kind == HaltKind::Latch).unwrap();
    assert_eq!(latch.strike, Some(Strike::Confirmed));
    assert_eq!((record.strikes.confirmed, record.strikes.suspected), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_forgets_opens_nothing_in_a_process_that_knows() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let (one, two) = (process.go(), process.go());
    process.strike(&one, Class::PolicyViolation);
    ledger.forget();
    process.refresh(&ledger).await;
    assert!(process.is_stopped());
    process.strike(&two, Class::AccountLocked);
    assert!(process.is_stopped());
    stays_stopped(&process, 30).await;
    let record = ledger.record_of(&account()).await;
    assert!(record.halts.iter().any(|halt| halt.kind == HaltKind::Latch));
}

#[tokio::test(start_paused = true)]
async fn a_persons_halt_outlives_a_contradiction() {
    let ledger = TrickyLedger::slow(SECOND);
    ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
    let process = Process::new(ledger.clone());
    let (id, written) = process.cell.halt_by(Person::new("Ada", "holiday"));
    stays_stopped(&process, 30).await;
    written.await;
    let record = ledger.record_of(&account()).await;
    assert_eq!(record.halt(&id).unwrap().by.as_ref().unwrap().name, "Ada");
}
