//! What planguard costs a client on loopback: the same requests, one after
//! the other, in turns without and with it.
//!
//! ```text
//! cargo run --release --features reqwest,sim --example loopback
//! cargo run --release --features reqwest,sim --example loopback -- --json
//! ```
//!
//! Both clients talk to one simulated provider in this process, which answers
//! at once. They take turns of 1,000 requests each, and every pair of turns
//! gives one ratio, so that what slows the machine down slows both.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use clap::Parser;
use planguard::{
    BoxError, PlanGuard, ledger::MemoryLedger, profile::zai, reqwest::harden, sim::Provider,
};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

const TURN: u32 = 1_000;

#[derive(Parser)]
#[command(about = "What planguard costs a client on loopback")]
struct Args {
    /// One JSON object instead of the text.
    #[arg(long)]
    json: bool,
    /// How many requests each client sends.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    requests: u32,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args = Args::parse();
    let provider = Provider::builder().latency(Duration::ZERO).pace(Duration::ZERO).build();
    let server = provider.serve().await?;
    let plan = PlanGuard::builder(zai()).ledger(MemoryLedger::new()).on_notice(|_| {}).build()?;
    let transport =
        || harden(reqwest::Client::builder()).no_proxy().resolve("api.z.ai", server.addr());
    let bare = ClientBuilder::new(transport().build()?).build();
    let guarded = ClientBuilder::new(transport().build()?).with(plan.middleware()).build();
    let url =
        format!("http://api.z.ai:{}/api/coding/paas/v4/chat/completions", server.addr().port());

    for client in [&bare, &guarded] {
        turn(client, &url).await?;
    }
    let turns = args.requests / TURN;
    let (mut without, mut with, mut ratios) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for n in 0..turns {
        // Who goes first changes, too.
        let (bare, guarded) = if n % 2 == 0 {
            let bare = turn(&bare, &url).await?;
            (bare, turn(&guarded, &url).await?)
        } else {
            let guarded = turn(&guarded, &url).await?;
            (turn(&bare, &url).await?, guarded)
        };
        without += bare;
        with += guarded;
        ratios.push(guarded.as_secs_f64() / bare.as_secs_f64());
        tell(n + 1, turns);
    }
    ratios.sort_by(f64::total_cmp);
    let at = |part: f64| ratios[((ratios.len() - 1) as f64 * part).round() as usize];
    let each = |all: Duration| all.as_secs_f64() * 1e6 / f64::from(turns * TURN);
    let (without, with) = (each(without), each(with));
    if args.json {
        let requests = turns * TURN;
        println!(
            "{}",
            serde_json::json!({
                "requests": requests, "without_us": without, "with_us": with,
                "ratio_p25": at(0.25), "ratio_median": at(0.5), "ratio_p75": at(0.75),
            })
        );
    } else {
        println!("{} sequential requests each, in turns of {TURN}:", turns * TURN);
        println!("without planguard {without:.1} us a request, with it {with:.1} us");
        println!(
            "ratio of a pair of turns: {:.3} (median; {:.3} to {:.3} in the middle half)",
            at(0.5),
            at(0.25),
            at(0.75)
        );
    }
    Ok(())
}

/// How long [`TURN`] requests take, bodies read.
async fn turn(client: &ClientWithMiddleware, url: &str) -> Result<Duration, BoxError> {
    let began = Instant::now();
    for _ in 0..TURN {
        let request = client
            .post(url)
            .header("authorization", "Bearer loopback.secret")
            .header("user-agent", "loopback/1")
            .header("content-type", "application/json")
            .body(r#"{"model":"glm-5.2","messages":[]}"#);
        let response = request.send().await?.error_for_status()?;
        response.bytes().await?;
    }
    Ok(began.elapsed())
}

/// A line that moves on a terminal; elsewhere one each tenth.
fn tell(done: u32, all: u32) {
    let mut to = std::io::stderr();
    let end = if done == all { "\n" } else { "" };
    let _ = match to.is_terminal() {
        true => write!(to, "\r{done} of {all} pairs of turns{end}").and_then(|()| to.flush()),
        false if done % all.div_ceil(10) == 0 => writeln!(to, "{done} of {all} pairs of turns"),
        false => Ok(()),
    };
}
