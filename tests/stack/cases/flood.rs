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
use tokio::{sync::Barrier, task::JoinSet};

use super::{ask, guarded};
use crate::{
    ledger::Moody,
    wire::{Surface, Wire, guard, hear, request, start},
};

const TASKS: usize = 10_000;

/// What a flood came to.
#[derive(Debug)]
struct Flood {
    /// Requests of the flood that had arrived when the signal was recognised,
    /// and later.
    hits_at_recognition: u64,
    hits_after: u64,
    /// Confirmed, in planguard's ledger.
    strikes: u32,
    halted: usize,
    queue_full: usize,
}

/// A provider whose second request breaks the terms, and which does not count
/// what its sender could not know.
fn provider(latency: Duration) -> Provider {
    Provider::builder()
        .starting_at(start())
        .latency(latency)
        .mode(Ladder::at_request(2).spare_unanswered())
        .build()
}

async fn flood(provider: &Provider, wire: &Wire, unanswered: u32) -> Flood {
    // The ledger hears of a halt in the very poll that recognises the signal.
    let recognised: Arc<OnceLock<Mark>> = Arc::default();
    let ledger = {
        let (recognised, provider) = (recognised.clone(), provider.clone());
        Moody::on_halt(move || {
            recognised.get_or_init(|| provider.mark());
        })
    };
    let plan =
        guard().ledger(ledger.clone()).unanswered(unanswered).on_notice(|_| {}).build().unwrap();
    // The account's standing is known, the connection is there.
    ask(&plan, wire, request(Surface::OpenAi.url(), "a", false)).await.expect("the first passes");
    let (mut calls, all_there) = (JoinSet::new(), Arc::new(Barrier::new(TASKS)));
    for _ in 0..TASKS {
        let (service, all_there) = (guarded(&plan, wire.clone()), all_there.clone());
        let request = request(Surface::OpenAi.url(), "a", false);
        calls.spawn(async move {
            all_there.wait().await;
            hear(service, request).await
        });
    }
    let refused: Vec<Refused> =
        calls.join_all().await.into_iter().map(|answer| answer.expect_err("a refusal")).collect();
    let because = |reason| refused.iter().filter(|refused| refused.reason() == reason).count();
    let mark = *recognised.get().expect("a strike");
    let hits_after = provider.arrivals_since(mark).len() as u64;
    Flood {
        hits_at_recognition: provider.tally("a").total - 1 - hits_after,
        hits_after,
        strikes: ledger.strikes().await,
        halted: because(Reason::AccountHalted),
        queue_full: because(Reason::QueueFull),
    }
}

/// Floods once with the default limit, which has to hold, and once without
/// one, which is printed beside it.
async fn one_strike(name: &str, latency: Duration, over: impl AsyncFn(&Provider) -> Wire) {
    let limit = Limits::default().unanswered;
    let with = provider(latency);
    let wire = over(&with).await;
    let limited = flood(&with, &wire, limit).await;
    let without = provider(latency);
    let wire = over(&without).await;
    let unlimited = flood(&without, &wire, u32::MAX).await;
    println!("{name}, unanswered({limit}): {limited:?}");
    println!("{name}, no limit:      {unlimited:?}");

    assert_eq!(limited.strikes, 1);
    assert!(limited.hits_at_recognition + limited.hits_after <= u64::from(limit), "{limited:?}");
    assert_eq!(limited.halted + limited.queue_full, TASKS);
    assert_eq!(unlimited.strikes, 1, "even so it is one strike");
    assert_eq!(unlimited.halted, TASKS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_in_process_are_one_strike() {
    // Time for the tasks to be under way when the first answer comes.
    let latency = Duration::from_millis(500);
    one_strike("in process", latency, async |provider| Wire::in_process(provider)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_over_http2_are_one_strike() {
    let options = ServeOptions::new().max_concurrent_streams(100);
    one_strike("HTTP/2, 100 streams", Duration::from_millis(50), async |provider| {
        Wire::over_sockets(provider, true, options.clone()).await
    })
    .await;
}
