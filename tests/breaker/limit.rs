//! Who stands one strike before the limit hears of it.

use std::time::Duration;

use planguard::{
    PlanGuard,
    breaker::{Events, What},
    clock::TokioClock,
    ledger::MemoryLedger,
    profile::zai,
    signal::Class,
};

use crate::{
    capture::capture,
    support::{Play, Transport, ask},
};

fn plan(ledger: &MemoryLedger) -> PlanGuard {
    let clock = TokioClock::starting_at(std::time::UNIX_EPOCH + Duration::from_secs(1_780_000_000));
    PlanGuard::builder(zai()).clock(clock).ledger(ledger.clone()).build().unwrap()
}

/// The strikes and the limit of each such event so far.
fn told(events: &mut Events) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = events.try_next() {
        if let What::OneBeforeLimit { strikes, limit } = event.what {
            told.push(strikes.of(limit).to_string());
        }
    }
    told
}

async fn strike(plan: &PlanGuard, transport: &Transport) {
    let refused = ask(plan, transport).await.unwrap_err();
    let halt = refused.halt().unwrap();
    plan.acknowledge_last_chance(halt, "Ada", "stopped the batch job").await.unwrap();
    // A late answer to the strike before would be its sibling.
    tokio::time::advance(Duration::from_secs(3_600)).await;
}

#[tokio::test(start_paused = true)]
async fn one_line_and_one_event_say_that_one_strike_is_left() {
    let (lines, _capturing) = capture();
    let plan = plan(&MemoryLedger::new());
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    let mut events = plan.events();
    strike(&plan, &transport).await;
    assert_eq!(told(&mut events), [""; 0]);
    strike(&plan, &transport).await;
    assert_eq!(told(&mut events), ["2 confirmed, 0 suspected, limit 3"]);
    strike(&plan, &transport).await;
    assert_eq!(told(&mut events), [""; 0], "the limit is reached, not one before it");
    let warned = lines.with(&["WARN", "one before the limit"]);
    assert_eq!(warned.len(), 1, "{warned:?}");
    for part in ["2 confirmed, 0 suspected, limit 3", "account ban", "planguard::strike"] {
        assert!(warned[0].contains(part), "{warned:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_reads_it_in_the_ledger_says_it_once() {
    let ledger = MemoryLedger::new();
    let transport = Transport::new(|n| match n {
        1 | 2 => Play::Says(Class::PolicyViolation),
        _ => Play::Good,
    });
    let before = plan(&ledger);
    strike(&before, &transport).await;
    strike(&before, &transport).await;

    let restarted = plan(&ledger);
    let mut events = restarted.events();
    for _ in 0..5 {
        ask(&restarted, &transport).await.unwrap();
    }
    assert_eq!(told(&mut events), ["2 confirmed, 0 suspected, limit 3"]);
}
