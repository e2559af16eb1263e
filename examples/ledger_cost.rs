//! What a ledger costs: one admission over each store, and opening a file of
//! 10,000 accounts.
//!
//! ```text
//! cargo run --release --features sim --example ledger_cost
//! cargo run --release --features sim --example ledger_cost -- --json
//! ```
//!
//! An admission is a whole call through `BreakerLayer` around a service that
//! answers at once, less the same call without the layer. The file's accounts
//! are halted, each by a strike with the provider's words. Nothing is sent.

use std::{
    convert::Infallible,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Parser;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use planguard::{
    BoxError, PlanGuard,
    exchange::Exchange,
    ledger::{FileLedger, Ledger, MemoryLedger},
    profile::zai,
    sim::{Ladder, Provider},
};
use tower::{Layer, Service, ServiceExt, service_fn};

const CALLS: usize = 50_000;
const ACCOUNTS: usize = 10_000;
const OPENINGS: usize = 11;
const URL: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";

#[derive(Parser)]
#[command(about = "What a ledger costs")]
struct Args {
    /// One JSON object instead of the text.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let bare = median(each_call(service_fn(answer)).await?);

    let mut rows = Vec::new();
    rows.push(("memory", admission(MemoryLedger::new(), bare).await?));
    let path = folder.path().join("ledger.jsonl");
    rows.push(("file", admission(FileLedger::open(&path)?, bare).await?));

    let many = folder.path().join("many.jsonl");
    let bytes = fill(&many).await?;
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let began = Instant::now();
        let ledger = FileLedger::open(&many)?;
        openings.push(began.elapsed());
        assert_eq!(ledger.list().await?.len(), ACCOUNTS);
    }
    let opening = median(openings);

    if args.json {
        let admissions: serde_json::Map<_, _> =
            rows.iter().map(|(name, cost)| ((*name).to_owned(), micros(*cost).into())).collect();
        println!(
            "{}",
            serde_json::json!({
                "admission_us": admissions,
                "opening": {"accounts": ACCOUNTS, "bytes": bytes, "ms": micros(opening) / 1e3},
            })
        );
    } else {
        println!("one admission, median of {CALLS}:");
        for (name, cost) in rows {
            println!("  {name:<8} {:>8.2} us", micros(cost));
        }
        println!(
            "opening a file of {ACCOUNTS} halted accounts, {:.1} MB, median of {OPENINGS}: {:.1} ms",
            bytes as f64 / 1e6,
            micros(opening) / 1e3
        );
    }
    Ok(())
}

async fn admission(ledger: impl Ledger, bare: Duration) -> Result<Duration, BoxError> {
    let plan = PlanGuard::builder(zai()).ledger(ledger).on_notice(|_| {}).build()?;
    let calls = each_call(plan.breaker_layer().layer(service_fn(answer))).await?;
    Ok(median(calls).saturating_sub(bare))
}

/// How long each call takes, its body read.
async fn each_call<S, B>(mut service: S) -> Result<Vec<Duration>, BoxError>
where
    S: Service<Request<()>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body<Error: Into<BoxError>>,
{
    let mut calls = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let request = Request::post(URL)
            .header("authorization", "Bearer tester.secret")
            .header("user-agent", "ledger-cost/1")
            .body(())?;
        let began = Instant::now();
        let service = service.ready().await.map_err(Into::into)?;
        let response = service.call(request).await.map_err(Into::into)?;
        response.into_body().collect().await.map_err(Into::into)?;
        calls.push(began.elapsed());
    }
    Ok(calls)
}

async fn answer(request: Request<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    // As a detector does; without one the breaker would complain.
    if let Some(exchange) = request.extensions().get::<Exchange>() {
        exchange.take();
    }
    Ok(Response::new(Empty::new()))
}

/// A file of accounts that were struck. Answers with its length.
async fn fill(path: &Path) -> Result<usize, BoxError> {
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    let ledger = FileLedger::open(path)?;
    let plan = PlanGuard::builder(zai()).ledger(ledger).on_notice(|_| {}).build()?;
    let request = Request::post(URL)
        .header("authorization", "Bearer tester.secret")
        .header("user-agent", "ledger-cost/1")
        .body(String::new())?;
    let struck = plan.layer().layer(provider.service()).oneshot(request).await;
    struck.map(drop).expect_err("the first answer is a strike");

    // The others were struck alike; to write each to the disk would take long.
    let text = fs::read_to_string(path)?;
    let (header, halt) = text.split_once('\n').ok_or("no halt was written")?;
    let account = plan.snapshot()[0].account.to_string();
    let mut all = format!("{header}\n");
    for n in 0..ACCOUNTS {
        all.push_str(&halt.replace(&account, &format!("zai/account-{n}")));
    }
    fs::write(path, &all)?;
    Ok(all.len())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
