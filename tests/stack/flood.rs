//! Ten thousand tasks at once: what still arrives after the first signal is
//! recognised, with the limit and without it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use planguard::{
    breaker::Limits,
    refusal::{Reason, Refused},
    sim::{Ladder, Mark, Provider, ServeOptions},
};
use tokio::task::JoinSet;

use crate::{
    ledger::Observed,
    wire::{Surface, Wire, ask, guard, request, start},
};

const TASKS: usize = 10_000;

/// What a flood came to.
#[derive(Debug)]
struct Flood {
    /// Requests that had arrived when the signal was recognised, and later.
    hits_at_recognition: u64,
    hits_after: u64,
    /// Confirmed, in planguard's ledger.
    strikes: u32,
    halted: usize,
    queue_full: usize,
}

/// A provider whose first request breaks the terms, and which does not count
/// what its sender could not know. A short latency, so that calls overlap.
fn provider() -> Provider {
    Provider::builder()
        .starting_at(start())
        .latency(Duration::from_millis(20))
        .mode(Ladder::at_request(1).spare_unanswered())
        .build()
}

async fn flood(provider: &Provider, wire: &Wire, unanswered: u32) -> Flood {
    // The ledger hears of a halt in the very poll that recognises the signal.
    let recognised: Arc<OnceLock<Mark>> = Arc::default();
    let ledger = {
        let (recognised, provider) = (recognised.clone(), provider.clone());
        Observed::on_halt(move || {
            recognised.get_or_init(|| provider.mark());
        })
    };
    let plan = guard().ledger(ledger.clone()).unanswered(unanswered).build().unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..TASKS {
        let (plan, wire) = (plan.clone(), wire.clone());
        calls.spawn(async move {
            ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await
        });
    }
    let refused: Vec<Refused> =
        calls.join_all().await.into_iter().map(|answer| answer.expect_err("a refusal")).collect();
    let because = |reason| refused.iter().filter(|refused| refused.reason() == reason).count();
    let mark = *recognised.get().expect("a strike");
    let hits_after = provider.arrivals_since(mark).len() as u64;
    Flood {
        hits_at_recognition: provider.total().total - hits_after,
        hits_after,
        strikes: ledger.strikes().await,
        halted: because(Reason::AccountHalted),
        queue_full: because(Reason::QueueFull),
    }
}

/// Floods once with the default limit, which has to hold, and once without
/// one, which is printed beside it.
async fn one_strike(name: &str, over: impl AsyncFn(&Provider) -> Wire) {
    let limit = Limits::default().unanswered;
    let with = provider();
    let wire = over(&with).await;
    let limited = flood(&with, &wire, limit).await;
    let without = provider();
    let wire = over(&without).await;
    let unlimited = flood(&without, &wire, u32::MAX).await;
    println!("{name}, unanswered({limit}): {limited:?}");
    println!("{name}, no limit:      {unlimited:?}");

    assert_eq!(limited.strikes, 1);
    assert!(limited.hits_after <= u64::from(limit), "{limited:?}");
    assert!(limited.hits_at_recognition <= u64::from(limit), "{limited:?}");
    assert_eq!(limited.halted + limited.queue_full, TASKS);
    assert_eq!(with.tally("a").strikes, 1);
    assert_eq!(unlimited.strikes, 1, "even so it is one strike");
    assert_eq!(unlimited.halted, TASKS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_in_process_are_one_strike() {
    one_strike("in process", async |provider| Wire::in_process(provider)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_over_http2_are_one_strike() {
    let options = ServeOptions::new().max_concurrent_streams(100);
    one_strike("HTTP/2, 100 streams", async |provider| {
        let wire = Wire::over_sockets(provider, true, options.clone()).await;
        // The client hears of the limit with the server's first answer.
        let hello = request("https://api.z.ai/", "hello", false);
        tower::ServiceExt::oneshot(wire.clone(), hello).await.unwrap();
        wire
    })
    .await;
}
