//! Trains the workload model from labelled requests.
//!
//! ```sh
//! cargo run --release --example train -- --rows train.jsonl.gz --turns training/turns.jsonl --thresholds dev.jsonl.gz --out src/workload/model.bin
//! ```
mod fit;
mod measure;
mod rows;

use std::{path::PathBuf, time::Instant};

use clap::Parser;
use fit::{Settings, Weights, fit};
use measure::Scored;
use planguard::workload::{Card, Model};
use rows::{Label, Row};

#[derive(Parser)]
struct Args {
    /// Labelled requests (JSON Lines, may be gzipped); only permissive rows are trained on.
    #[arg(long)]
    rows: Vec<PathBuf>,
    /// Self-written turns (JSON Lines).
    #[arg(long)]
    turns: Vec<PathBuf>,
    /// Labelled requests whose coding rows help to set the thresholds.
    #[arg(long)]
    thresholds: Vec<PathBuf>,
    /// Only measured.
    #[arg(long)]
    check: Vec<PathBuf>,
    #[arg(long)]
    out: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 5)]
    folds: usize,
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    #[arg(long, default_value_t = 0.4)]
    dropout: f32,
    #[arg(long, default_value_t = 0.4)]
    rate: f32,
    #[arg(long, default_value_t = 0.0)]
    decay: f32,
    #[arg(long, default_value_t = 1.0)]
    turn_weight: f32,
    #[arg(long, default_value_t = 0.0)]
    software: f32,
    #[arg(long, default_value_t = 0.004)]
    careful: f64,
    #[arg(long, default_value_t = 0.015)]
    balanced: f64,
    #[arg(long, default_value_t = 0.03)]
    strict: f64,
    #[arg(long)]
    dump: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let began = Instant::now();
    let say = |what: &str| eprintln!("{:6.1} s  {what}", began.elapsed().as_secs_f32());
    let model = Model::blank();
    let mut train = Vec::new();
    for path in &args.rows {
        train.extend(rows::requests(path)?.into_iter().filter(|row| row.permissive));
    }
    for path in &args.turns {
        train.extend(rows::turns(path, args.turn_weight)?);
    }
    train.retain(|row| row.label != Label::Ambiguous);
    let unread = rows::featurise(&model, &mut train);
    say(&format!("{} rows to train on, {unread} could not be read", train.len()));
    let mut pooled = Vec::new();
    for path in &args.thresholds {
        pooled.extend(rows::requests(path)?);
    }
    pooled.retain(|row| row.label != Label::Ambiguous);
    let unread = rows::featurise(&model, &mut pooled);
    say(&format!("{} rows for thresholds, {unread} could not be read", pooled.len()));
    let mut check = Vec::new();
    for path in &args.check {
        check.extend(rows::requests(path)?);
    }
    rows::featurise(&model, &mut check);

    let settings = Settings {
        seed: args.seed,
        epochs: args.epochs,
        dropout: args.dropout,
        rate: args.rate,
        decay: args.decay,
    };
    let all: Vec<&Row> = train.iter().collect();
    let mut out_of_fold = Vec::new();
    if args.folds > 1 {
        for fold in 0..args.folds {
            let held = |row: &&Row| row.group as usize % args.folds == fold;
            let (test, rest): (Vec<_>, Vec<_>) = all.iter().copied().partition(held);
            let weights = fit(&rest, &settings);
            out_of_fold.extend(
                test.iter().map(|row| Scored::new(row, weights.sum(&row.features, args.software))),
            );
            say(&format!("fold {} of {}: {} rows held out", fold + 1, args.folds, test.len()));
        }
        measure::print("out of fold (all)", &out_of_fold);
        let own: Vec<_> = out_of_fold.iter().filter(|s| s.row.own).cloned().collect();
        measure::print("out of fold (own turns)", &own);
        let others: Vec<_> = out_of_fold.iter().filter(|s| !s.row.own).cloned().collect();
        measure::print("out of fold (corpus)", &others);
    }
    let weights = fit(&all, &settings);
    say("fitted");
    let score = |rows: &[Row], weights: &Weights| -> Vec<Scored> {
        Vec::new()
            .into_iter()
            .chain(
                rows.iter().map(|row| Scored::new(row, weights.sum(&row.features, args.software))),
            )
            .collect()
    };
    let dev = score(&pooled, &weights);
    measure::print("dev", &dev);
    let checked = score(&check, &weights);
    for s in &checked {
        eprintln!("{:8.3} {} {}", s.sum, s.row.raw_label, s.row.id);
    }
    let pooled: Vec<Scored> = dev.iter().chain(&out_of_fold).cloned().collect();
    let (slope, offset) = measure::calibrate(&pooled);
    let at = |share| measure::threshold(&pooled, share);
    for share in [0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.02, 0.03] {
        measure::at(share, at(share), &dev, &out_of_fold);
    }
    let probability = |sum: f32| 1.0 / (1.0 + (-(slope * sum + offset)).exp());
    let card = Card {
        slope,
        offset,
        non_coding: [at(args.careful), at(args.balanced), at(args.strict)].map(probability),
        coding: probability(at(0.05)).min(0.5),
        ..Card::default()
    };
    println!("{}", serde_json::to_string(&card)?);
    if let Some(path) = args.dump {
        use std::io::Write;
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for s in dev.iter().map(|s| ("dev", s)).chain(out_of_fold.iter().map(|s| ("oof", s))) {
            writeln!(
                file,
                "{}",
                serde_json::json!({"set": s.0, "sum": s.1.sum, "label": s.1.row.raw_label, "kind": s.1.row.kind, "lang": s.1.row.lang, "id": s.1.row.id, "source": s.1.row.source})
            )?;
        }
    }
    if let Some(path) = args.out {
        let model = weights.quantise(card)?;
        let mut file = Vec::new();
        model.write(&mut file)?;
        std::fs::write(&path, &file)?;
        say(&format!("{}: {} bytes", path.display(), file.len()));
    }
    Ok(())
}
