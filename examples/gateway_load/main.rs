//! What the gateway costs, beside the plainest proxy and none at all, and
//! whether it keeps what it should let go of.
//!
//! ```text
//! bash benches/gateway.sh
//! ```
//!
//! Starts the simulated provider, the gateway and `bare_proxy.rs` as processes
//! of their own and asks them in turns, so that what slows the machine down
//! slows all of them.
//!
//! 1. Time to the first byte of a stream, `--requests` for each, a few at once.
//! 2. `--streams` streams at once for `--seconds`, through each proxy in turns,
//!    `--rounds` times: the same times, and how memory grows.
//! 3. Clients that go away in the middle and answers that break off, for
//!    `--seconds`: descriptors, memory and tasks before and afterwards.

mod asked;
mod child;
mod figures;
mod soak;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use planguard::BoxError;

use asked::{Client, Plan};
use child::Child;
use figures::{Ratio, Times, table};
use soak::Crowd;

#[derive(Parser)]
#[command(about = "What the gateway costs, beside a bare proxy and none")]
struct Args {
    /// Requests for each in the first part.
    #[arg(long, default_value_t = 30_000)]
    requests: u32,
    /// How many of them at once.
    #[arg(long, default_value_t = 8)]
    at_once: u32,
    /// Streams at once in the second part.
    #[arg(long, default_value_t = 1_000)]
    streams: u32,
    /// How long the third part takes, and each turn of the second.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many turns each proxy has in the second part.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Fail where the gateway takes more than this much of the bare proxy's
    /// time to the first byte, or keeps what it should let go of.
    #[arg(long)]
    at_most: Option<f64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("gateway_load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<bool, BoxError> {
    let folder = tempfile::tempdir()?;
    // Both proxies stand before one provider. Its streams take a second.
    let provider = Child::start("simulator", &["--deltas", "20", "--pace-ms", "50"]).await?;
    let bare = Child::start("bare_proxy", &[&provider.url]).await?;
    let gateway = gateway_before(&provider.url, &folder.path().join("a")).await?;
    let direct = Client::new(&provider.url, "/api/coding/paas/v4/chat/completions");
    let through_bare = Client::new(&bare.url, "/api/coding/paas/v4/chat/completions");
    let through_gateway = Client::new(&gateway.url, "/v1/chat/completions");
    let targets =
        [("direct", &direct), ("bare proxy", &through_bare), ("gateway", &through_gateway)];

    let mut first_byte = [Times::default(), Times::default(), Times::default()];
    let turns = args.requests.div_ceil(500);
    for turn in 0..=turns {
        for (at, (_, client)) in targets.iter().enumerate() {
            let times = client.first_bytes(500, args.at_once).await?;
            // The first turn connects.
            if turn > 0 {
                first_byte[at].add(times);
            }
        }
        tell("time to first byte", turn, turns);
    }

    let length = Duration::from_secs(args.seconds);
    let proxies = [("bare proxy", &through_bare, &bare), ("gateway", &through_gateway, &gateway)];
    let mut crowd = proxies.map(|(name, ..)| (name, Crowd::default()));
    for round in 1..=args.rounds {
        for ((name, client, child), (_, crowd)) in proxies.into_iter().zip(&mut crowd) {
            eprintln!(
                "{} streams at once through the {name}, {} s, round {round} of {}",
                args.streams, args.seconds, args.rounds
            );
            crowd.add(soak::crowd(client, child, args.streams, length).await?);
        }
    }

    // A provider that breaks off every second answer, and clients that go away.
    let breaking = Child::start(
        "simulator",
        &["--answers", &["completion,reset"; 500].join(","), "--deltas", "20", "--pace-ms", "20"],
    )
    .await?;
    let soaked = gateway_before(&breaking.url, &folder.path().join("b")).await?;
    eprintln!("clients that go away and answers that break off, {} s", args.seconds);
    let soak = soak::soak(&soaked, Plan { at_once: 200, length });
    let soak = soak.await?;

    table(args.json, &targets.map(|(name, _)| name), &first_byte, &crowd, &soak);
    let Some(most) = args.at_most else { return Ok(true) };
    let few = Ratio::of(&first_byte[2], &first_byte[1]);
    let many = Ratio::of(&crowd[1].1.first_byte, &crowd[0].1.first_byte);
    Ok(few.is_within(most) && many.is_within(most) && soak.is_clean())
}

/// A gateway before `provider`, with its ledger in `folder`.
async fn gateway_before(provider: &str, folder: &std::path::Path) -> Result<Child, BoxError> {
    std::fs::create_dir_all(folder)?;
    let config: PathBuf = folder.join("gateway.toml");
    let ledger = folder.join("ledger.jsonl");
    std::fs::write(
        &config,
        format!(
            "listen = \"127.0.0.1:0\"\nledger = {ledger:?}\n[[upstream]]\nprofile = \"zai\"\nopenai = \"https://api.z.ai/api/coding/paas/v4\"\nvia = \"{provider}\"\n"
        ),
    )?;
    Child::start("gateway", &["--config", &config.display().to_string()]).await
}

fn tell(what: &str, done: u32, all: u32) {
    if done % all.div_ceil(5).max(1) == 0 {
        eprintln!("{what}: {done} of {all} turns");
    }
}
