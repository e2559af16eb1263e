//! Says what planguard makes of recorded answers, and of a profile.
//!
//! ```text
//! cargo run --release --features sim --example explain -- response < exchanges.jsonl
//! cargo run --release --features sim --example explain -- request < requests.jsonl
//! cargo run --release --features sim --example explain -- profile my-plan.toml
//! ```
//!
//! `response` reads one JSON object a line:
//! `{"id","url","status","headers":{},"body":"text","request_headers"?:{}}`
//! and writes one a line: `{"id","profile","class","code","certainty",
//! "disposition","reach","reset","message","request_id","rule","hint","about",
//! "false_positive_note"}`. `class` is null when the answer is a success or no
//! profile claims the URL; then `profile` is null too.
//!
//! `request` reads `{"id","url"?,"headers"?,"shape"?,"request":{..body..}}` and
//! writes `{"id","workload","score","turn_start","evidence":[..],"micros"}`:
//! what planguard's own model makes of an outgoing request.

mod drive;
mod profile;
mod request;
mod response;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use planguard::{
    PlanGuard, breaker::Posture, ledger::MemoryLedger, profile::Profile, workload::Sensitivity,
};

#[derive(Parser)]
#[command(about = "Says what planguard makes of recorded answers, and of a profile")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judges recorded answers: JSON lines in, JSON lines out.
    Response {
        /// Feed each body in frames of this many bytes, not ready in between.
        #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
        chunk: Option<u32>,
        /// Judge by this profile instead of the built-in ones.
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
        /// Which dispositions to name.
        #[arg(long, value_enum, default_value = "probation")]
        posture: PostureArg,
    },
    /// Judges what kind of work outgoing requests are: JSON lines in and out.
    Request {
        /// How sure the model has to be.
        #[arg(long, value_enum, default_value = "careful")]
        sensitivity: SensitivityArg,
    },
    /// Loads a profile, runs its fixtures, lists its rules in order and what
    /// could never match.
    Profile {
        /// The profile's file, or the id of a built-in one, such as `zai`.
        file: PathBuf,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum PostureArg {
    Probation,
    Strict,
    Report,
}

#[derive(Clone, Copy, ValueEnum)]
enum SensitivityArg {
    Careful,
    Balanced,
    Strict,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let outcome = match (Args::parse().command, runtime) {
        (_, Err(error)) => Err(error.into()),
        (Command::Response { chunk, profile, posture }, Ok(runtime)) => {
            let posture = match posture {
                PostureArg::Probation => Posture::Probation,
                PostureArg::Strict => Posture::Strict,
                PostureArg::Report => Posture::Report,
            };
            runtime.block_on(responses(chunk, profile, posture))
        }
        (Command::Request { sensitivity }, Ok(_)) => request::explain(match sensitivity {
            SensitivityArg::Careful => Sensitivity::Careful,
            SensitivityArg::Balanced => Sensitivity::Balanced,
            SensitivityArg::Strict => Sensitivity::Strict,
        }),
        (Command::Profile { file, json }, Ok(runtime)) => {
            return runtime.block_on(profile::explain(&file, json));
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("explain: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn responses(
    chunk: Option<u32>,
    file: Option<PathBuf>,
    posture: Posture,
) -> Result<(), planguard::BoxError> {
    let builder = match file {
        Some(file) => PlanGuard::builder(Profile::load(file)?),
        None => PlanGuard::builder_for_all(),
    };
    let plan = builder.ledger(MemoryLedger::new()).posture(posture).on_notice(|_| {}).build()?;
    let chunk = chunk.map_or(usize::MAX, |bytes| bytes as usize);
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    response::explain(input, &mut output, &plan, &plan.detect_layer(), chunk).await?;
    Ok(())
}
