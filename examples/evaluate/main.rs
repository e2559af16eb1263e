//! Measures the non-coding guard on labelled requests.
//!
//! ```text
//! cargo run --release --example evaluate -- ../shared/corpus/dev.jsonl.gz
//! cargo run --release --example evaluate -- ../shared/corpus/captures.jsonl.gz --json
//! ```
//!
//! A file has one JSON object a line, plain or gzipped: `{"id", "label":
//! "coding" | "non_coding" | "ambiguous" | "aux_coding" | "aux_noncoding",
//! "kind"?, "lang"?, "shape"?, "client"?, "request": {..body..}}`. Ambiguous
//! rows are not scored; `aux_*` are clients' own calls (titles, summaries),
//! which stand apart. Nothing is sent.
//!
//! With `--train` a plain baseline of n-grams is measured too, learnt from the
//! permissive rows of another file:
//!
//! ```text
//! cargo run --release --example evaluate -- ../shared/corpus/dev.jsonl.gz \
//!     --train ../shared/corpus/train.jsonl.gz
//! ```
//!
//! `--swap` puts the words of every coding turn of captured requests into the
//! frame of every other one, and the other way round. `--frames` puts an
//! agent's frame, and 100 KB of a coding session, around a sample of the rows:
//!
//! ```text
//! cargo run --release --example evaluate -- --swap ../shared/corpus/captures.jsonl.gz
//! cargo run --release --example evaluate -- ../shared/corpus/dev.jsonl.gz \
//!     --frames ../shared/corpus/captures.jsonl.gz
//! ```

mod around;
mod calibration;
#[path = "../corpus/mod.rs"]
pub(crate) mod corpus;
mod cuts;
pub(crate) mod deletion;
mod dice;
mod figures;
mod frames;
mod groups;
mod judge;
mod ngrams;
mod own_calls;
mod peers;
pub(crate) mod report;
mod rows;
mod said;
mod splice;
mod swap;
mod table;
mod timing;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

#[derive(Parser)]
#[command(about = "Measures the non-coding guard on labelled requests")]
pub(crate) struct Args {
    /// Labelled requests (JSON Lines, .gz or not).
    #[arg(value_name = "FILE", required_unless_present = "swap")]
    files: Vec<PathBuf>,
    /// One JSON object instead of tables. Names the rows that fail, too.
    #[arg(long)]
    json: bool,
    /// Labelled requests that the baseline of n-grams learns from.
    #[arg(long, value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Captured requests whose words are swapped.
    #[arg(long, value_name = "FILE")]
    swap: Option<PathBuf>,
    /// Captured requests, of which one of opencode gives the frame that is put
    /// around the rows.
    #[arg(long, value_name = "FILE", requires = "files")]
    frames: Option<PathBuf>,
    /// How many rows something is put around.
    #[arg(long, value_name = "ROWS", default_value_t = 300)]
    sample: usize,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match report::measure(&args).and_then(|report| tell(&report, args.json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evaluate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell(report: &report::Report, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
