//! Trains the model of the non-coding guard from labelled requests.
//!
//! This writes the model that planguard comes with, bit by bit (on x86-64
//! Linux; another machine's `exp` may round otherwise):
//!
//! ```text
//! cargo run --release --example train -- \
//!     --rows ../shared/corpus/train.jsonl.gz --turns training/turns.jsonl \
//!     --thresholds ../shared/corpus/dev.jsonl.gz --out src/workload/model.bin
//! ```
//!
//! with `--card docs/workload-model.md --date 2026-11-26` also its card. The corpus is
//! no part of planguard: one JSON object a line, `{"id", "label": "coding" |
//! "non_coding" | "ambiguous", "kind", "lang", "source", "license",
//! "permissive", "request": {..body..}}`, plain or gzipped. A self-written turn
//! is `{"lang", "label", "kind", "newest", "earlier"?: ["user: ..",
//! "assistant: .."], "system"?}`.
//!
//! Only rows with `"permissive": true` are trained on. Rows for thresholds set
//! three cuts, together with the rows trained on, each of the latter scored by
//! a model that saw nothing of its source: a cut set on the first alone does
//! not carry over to sources that nobody has seen. `evaluate` measures the
//! model as it is built in.

mod calibrate;
mod card;
#[path = "../corpus/mod.rs"]
mod corpus;
mod features;
mod fit;
mod measure;
mod report;
mod rows;
mod table;
mod training;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use jiff::civil::Date;

#[derive(Parser)]
#[command(about = "Trains the model of the non-coding guard from labelled requests")]
struct Args {
    /// Labelled requests to learn from (JSON Lines, .gz or not). Rows that are
    /// not marked permissive are left out.
    #[arg(long, value_name = "FILE", required = true)]
    rows: Vec<PathBuf>,
    /// Self-written turns to learn from (JSON Lines, .gz or not).
    #[arg(long, value_name = "FILE")]
    turns: Vec<PathBuf>,
    /// Labelled requests that set the thresholds; nothing is learnt from them.
    #[arg(long, value_name = "FILE", required = true)]
    thresholds: Vec<PathBuf>,
    /// Where the model is written to. Without it there are only figures.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the model's card is written to, as Markdown.
    #[arg(long, value_name = "FILE", requires = "date")]
    card: Option<PathBuf>,
    /// The day that the card names, such as 2026-11-26.
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
    /// Another seed shuffles and drops otherwise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// In how many parts the rows are held out, by source; 1 holds none out,
    /// which is quick, and sets the thresholds too low.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    folds: u32,
    /// How often each row is learnt from.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// The share of hashed features that is dropped each time.
    #[arg(long, default_value_t = 0.4)]
    dropout: f32,
    /// The first step of a weight (AdaGrad).
    #[arg(long, default_value_t = 0.4)]
    rate: f32,
    /// How much a weight is pulled towards zero (L2).
    #[arg(long, default_value_t = 0.0)]
    decay: f32,
    /// How much a self-written turn weighs; a request weighs 1.
    #[arg(long, default_value_t = 1.0)]
    turn_weight: f32,
    /// The share of pooled coding rows that `Careful` takes for other work.
    #[arg(long, default_value_t = 0.004)]
    careful: f64,
    /// The same for `Balanced`.
    #[arg(long, default_value_t = 0.015)]
    balanced: f64,
    /// The same for `Strict`.
    #[arg(long, default_value_t = 0.03)]
    strict: f64,
}

fn main() -> ExitCode {
    match training::train(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train: {error:#}");
            ExitCode::FAILURE
        }
    }
}
