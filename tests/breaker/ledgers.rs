//! Contract 4 and 5: what a slow, failing or forgetful ledger does to calls.

use std::{sync::atomic::Ordering, time::Duration};

use planguard::{
    PlanGuard,
    breaker::{LedgerTrouble, Posture, What},
    clock::TokioClock,
    ledger::{Ledger, MemoryLedger, Record},
    profile::zai,
    refusal::Reason,
    signal::Class,
};

use crate::{
    capture::capture,
    ledger::Moody,
    support::{Play, Transport, ask},
};

fn plan(ledger: impl Ledger) -> planguard::Builder {
    let start = std::time::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
    PlanGuard::builder(zai()).clock(TokioClock::starting_at(start)).ledger(ledger)
}

/// What the ledger keeps of the tests' account.
async fn kept(plan: &PlanGuard) -> Record {
    let account = plan.account_of(&zai(), "an-id.a-secret");
    let ledger = plan.ledger().await.unwrap();
    ledger.into_iter().find(|(known, _)| *known == account).expect("written").1
}

fn striking() -> Transport {
    Transport::new(|_| Play::Says(Class::PolicyViolation))
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_the_latch() {
    let ledger = MemoryLedger::new();
    let transport = striking();
    let first = ask(&plan(ledger.clone()).build().unwrap(), &transport).await.unwrap_err();
    let second = ask(&plan(ledger).build().unwrap(), &transport).await.unwrap_err();
    assert_eq!(first.halt(), second.halt());
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_process_hears_of_the_halt_and_of_the_release() {
    let ledger = MemoryLedger::new();
    let (here, there) = (plan(ledger.clone()).build().unwrap(), plan(ledger).build().unwrap());
    let good = Transport::new(|_| Play::Good);
    ask(&there, &good).await.unwrap();
    let refused = ask(&here, &striking()).await.unwrap_err();
    ask(&there, &good).await.unwrap_err();
    there.acknowledge(refused.halt().unwrap(), "Ada", "read it").await.unwrap();
    ask(&here, &good).await.unwrap();
    assert_eq!(good.hits(), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_strikes_a_moment_after_another_process_is_refused_too() {
    let ledger = Moody::slow(Duration::from_millis(700));
    let (here, there) = (plan(ledger.clone()).build().unwrap(), plan(ledger).build().unwrap());
    let transport = striking();
    let (first, second) = tokio::join!(ask(&here, &transport), ask(&there, &transport));
    let (first, second) = (first.unwrap_err(), second.unwrap_err());
    // Its own halt gave way to the one that was written first.
    assert_eq!(first.halt(), second.halt());
    assert_eq!(second.provider_message(), Some("the provider's own words"));
    let strikes = kept(&here).await.strikes.confirmed;
    assert_eq!((strikes, transport.hits()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_struck_answer_waits_for_the_ledger() {
    let plan = plan(Moody::slow(Duration::from_millis(700)));
    let (plan, transport) = (plan.build().unwrap(), striking());
    let began = tokio::time::Instant::now();
    ask(&plan, &transport).await.unwrap_err();
    // 100 ms is the transport's.
    assert_eq!(began.elapsed().as_millis() / 100, 8);
    assert_eq!(kept(&plan).await.halts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_hangs_delays_an_answer_by_two_seconds_and_is_written_later() {
    let plan = plan(Moody::slow(Duration::from_secs(60)));
    let (plan, transport) = (plan.build().unwrap(), striking());
    let mut events = plan.events();
    let began = tokio::time::Instant::now();
    ask(&plan, &transport).await.unwrap_err();
    assert_eq!(began.elapsed().as_millis() / 100, 21);
    let trouble = |e: &planguard::breaker::Event| matches!(e.what, What::LedgerTrouble { .. });
    assert!(std::iter::from_fn(|| events.try_next()).any(|event| trouble(&event)));
    ask(&plan, &transport).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(kept(&plan).await.halts.len(), 1);
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_is_tried_again_and_the_account_stays_halted() {
    let ledger = Moody::new();
    let plan = plan(ledger.clone()).build().unwrap();
    let good = Transport::new(|_| Play::Good);
    ask(&plan, &good).await.unwrap();
    ledger.unwritable.store(true, Ordering::SeqCst);
    let transport = striking();
    ask(&plan, &transport).await.unwrap_err();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        ask(&plan, &transport).await.unwrap_err();
    }
    ledger.unwritable.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(kept(&plan).await.strikes.confirmed, 1);
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_read_refuses_and_names_the_remedy() {
    let ledger = Moody::new();
    ledger.unreadable.store(true, Ordering::SeqCst);
    let transport = Transport::new(|_| Play::Good);
    let refused = ask(&plan(ledger.clone()).build().unwrap(), &transport).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::LedgerUnavailable);
    let text = refused.to_string();
    assert!(text.contains("a moody place") && text.contains("disk on fire"), "{text}");
    assert_eq!(transport.hits(), 0);

    let lax = plan(ledger).on_ledger_trouble(LedgerTrouble::Pass).build().unwrap();
    ask(&lax, &transport).await.unwrap();
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn report_stops_nothing_even_if_the_ledger_cannot_be_read() {
    let ledger = Moody::new();
    ledger.unreadable.store(true, Ordering::SeqCst);
    let reporting = plan(ledger).posture(Posture::Report).build().unwrap();
    let mut events = reporting.events();
    let transport = Transport::new(|_| Play::Good);
    for _ in 0..3 {
        ask(&reporting, &transport).await.unwrap();
    }
    assert_eq!(transport.hits(), 3);
    let said = std::iter::from_fn(|| events.try_next())
        .any(|event| matches!(event.what, What::LedgerTrouble { .. }));
    assert!(said, "it says so all the same");
}

#[tokio::test(start_paused = true)]
async fn the_log_says_once_a_minute_that_the_ledger_cannot_be_read() {
    let ledger = Moody::new();
    ledger.unreadable.store(true, Ordering::SeqCst);
    let (plan, transport) = (plan(ledger).build().unwrap(), striking());
    let (lines, _capturing) = capture();
    let said = || lines.with(&["ERROR", "the ledger cannot be read", "disk on fire"]).len();
    for minutes in 1..=2 {
        for _ in 0..5 {
            ask(&plan, &transport).await.unwrap_err();
        }
        assert_eq!(said(), minutes);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
