//! The ledger has everything in the end, in order, and nothing leaves before.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_ledger_that_answers_at_once_has_the_strike_in_the_same_poll() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    assert!(process.owes_nothing());
    assert_eq!(names(&ledger.written()), ["halted"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_ledger_has_the_strike_in_the_end_and_nothing_leaves_before() {
    let ledger = TrickyLedger::slow(10 * SECOND);
    let process = Process::new(ledger.clone());
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    for _ in 0..99 {
        assert!(process.is_stopped());
        assert!(ledger.record_of(&account()).await.halts.is_empty());
        advance(SECOND / 10).await;
    }
    advance(SECOND).await;
    written.await;
    assert_eq!(ledger.record_of(&account()).await, process.record());
    assert!(process.is_stopped() && process.owes_nothing());
}

#[tokio::test(start_paused = true)]
async fn a_failing_ledger_is_asked_again_until_it_has_the_strike() {
    let ledger = TrickyLedger::new();
    ledger.fail(3);
    let process = Process::new(ledger.clone());
    let mut events = process.core.shared.bus.subscribe();
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    written.await;
    assert!(ledger.written().is_empty(), "the caller hears of the first failure");
    for second in 0..7 {
        assert!(ledger.written().is_empty(), "after {second} s");
        assert!(process.is_stopped());
        advance(SECOND).await;
        settle().await;
    }
    assert_eq!(names(&ledger.written()), ["halted"]);
    let mut pauses = Vec::new();
    while let Some(event) = events.try_next() {
        if let What::LedgerTrouble { again_in, .. } = event.what {
            pauses.extend(again_in);
        }
    }
    assert_eq!(pauses, [SECOND, 2 * SECOND, 4 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn what_happens_in_an_order_is_written_in_that_order() {
    let ledger = TrickyLedger::slow(SECOND);
    let process = Process::new(ledger.clone());
    let calls = [process.go(), process.go(), process.go(), process.go()];
    let classes = [
        Class::QuotaExhausted,
        Class::PolicyThrottle,
        Class::PolicyThrottle,
        Class::PolicyViolation,
    ];
    for (pass, class) in calls.iter().zip(classes) {
        process.strike(pass, class);
    }
    let here = process.record();
    advance(30 * SECOND).await;
    settle().await;
    for _ in 0..10 {
        advance(SECOND).await;
        settle().await;
    }
    assert_eq!(names(&ledger.written()), ["halted", "halted", "hit", "raised"]);
    assert_eq!(ledger.record_of(&account()).await, here);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_counts_one_strike() {
    let ledger = TrickyLedger::new();
    ledger.lose_answers(1);
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    stays_stopped(&process, 30).await;
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.halts[0].hits, record.strikes.confirmed), (1, 1, 1));
    assert!(process.owes_nothing());
}

#[test]
fn a_runtime_that_goes_away_in_a_write_leaves_it_to_a_thread() {
    let ledger = TrickyLedger::stuck();
    let told = ledger.listen();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pass = process.go();
        process.strike(&pass, Class::PolicyViolation);
        settle().await;
    });
    assert!(ledger.written().is_empty());
    drop(runtime);
    assert!(process.is_stopped());
    ledger.let_through();
    let fact = told.recv_timeout(MINUTE).expect("it is written");
    assert_eq!(names(&[fact]), ["halted"]);
}

#[test]
fn a_strike_outside_of_any_runtime_is_written_on_a_thread() {
    let ledger = TrickyLedger::new();
    let told = ledger.listen();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    assert!(process.is_stopped());
    let fact = told.recv_timeout(MINUTE).expect("it is written");
    assert_eq!(names(&[fact]), ["halted"]);
}

#[test]
fn strikes_of_many_threads_keep_their_order() {
    let ledger = MemoryLedger::new();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls: Vec<_> = (0..4).map(|_| process.go()).collect();
    let process = &process;
    std::thread::scope(|scope| {
        for pass in &calls {
            let handle = runtime.handle().clone();
            scope.spawn(move || {
                let _in = handle.enter();
                process.strike(pass, Class::PolicyViolation);
            });
        }
    });
    let record = runtime.block_on(ledger.open(&account())).unwrap().record;
    assert_eq!((record.halts.len(), record.halts[0].hits, record.strikes.confirmed), (1, 4, 1));
    assert_eq!(process.record(), record);
}
