//! All steps of one training, in order.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    time::Instant,
};

use anyhow::{Context, ensure};
use planguard::workload::{Card, Features, Model};

use crate::{
    Args,
    calibrate::Calibration,
    card::ModelCard,
    features::{self, Sparse},
    fit::{Settings, Weights, fit},
    measure::{Scored, sides},
    report::{Cut, Report},
    rows::{self, Row},
};

/// A request is taken for coding up to the probability that this share of
/// pooled coding rows reaches, and never above 0.5.
const NOT_CODING: f64 = 0.05;
/// Further shares that are told, for whoever chooses the three thresholds.
const LADDER: [f64; 9] = [0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.02, 0.03];

/// Tells how far it is.
struct Progress(Instant);

impl Progress {
    fn say(&self, what: &str) {
        eprintln!("{:6.1} s  {what}", self.0.elapsed().as_secs_f32());
    }
}

/// Does what `args` say: reads, learns, tells, writes.
pub fn train(args: &Args) -> anyhow::Result<()> {
    ensure!((0.0..1.0).contains(&args.dropout), "--dropout is a share below 1");
    let progress = Progress(Instant::now());
    let trained_on = learnt_from(args, &progress)?;
    let for_thresholds = for_thresholds(args, &progress)?;
    let settings = Settings {
        seed: args.seed,
        epochs: args.epochs,
        dropout: args.dropout,
        rate: args.rate,
        decay: args.decay,
    };
    let all: Vec<&Row> = trained_on.iter().collect();
    let out_of_fold = hold_out(&all, &settings, args.folds, &progress);
    let weights = fit(&all, &settings);
    progress.say("fitted to all rows");

    let mut pooled = scored(&weights, &for_thresholds);
    pooled.extend(&out_of_fold);
    let pooled = sides(&pooled);
    let calibration = Calibration::fit(&pooled);
    let cut = |name, share| {
        let at = pooled.threshold(share);
        let name = format!("{name}{:.2} %", share * 100.0);
        Cut { name, at, probability: calibration.probability(at) }
    };
    let cuts = [
        cut("careful, ", args.careful),
        cut("balanced, ", args.balanced),
        cut("strict, ", args.strict),
    ];
    let model = weights.quantise(Card {
        slope: calibration.slope,
        offset: calibration.offset,
        non_coding: cuts.each_ref().map(|cut| cut.probability),
        coding: cut("", NOT_CODING).probability.min(0.5),
        ..Card::default()
    })?;

    let dev = estimated(&model, &for_thresholds);
    let report = |cuts| Report { dev: &dev, out_of_fold: &out_of_fold, cuts };
    let ladder = LADDER.map(|share| cut("", share));
    let mut file = Vec::new();
    model.write(&mut file)?;
    if let Some(path) = &args.out {
        write(path, &file, &progress)?;
    }
    if let Some((path, date)) = args.card.as_ref().zip(args.date) {
        let card = ModelCard {
            date,
            file: &file,
            trained_on: &trained_on,
            for_thresholds: &for_thresholds,
            settings,
            folds: args.folds,
            turn_weight: args.turn_weight,
            report: report(&cuts),
        };
        write(path, card.to_string().as_bytes(), &progress)?;
    }
    // Whoever reads them may stop reading: then the files are there.
    let mut out = io::stdout().lock();
    writeln!(out, "{}", report(&ladder))?;
    writeln!(out, "{}", serde_json::to_string(model.card())?)?;
    Ok(())
}

fn learnt_from(args: &Args, progress: &Progress) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in &args.rows {
        rows.extend(rows::requests(path)?.into_iter().filter(|row| row.permissive));
    }
    for path in &args.turns {
        rows.extend(rows::turns(path, args.turn_weight)?);
    }
    let unread = features::read(&mut rows);
    progress.say(&format!("{} rows to learn from, {unread} could not be read", rows.len()));
    both_sides(&rows).context("--rows and --turns")?;
    Ok(rows)
}

fn for_thresholds(args: &Args, progress: &Progress) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in &args.thresholds {
        rows.extend(rows::requests(path)?);
    }
    let unread = features::read(&mut rows);
    progress.say(&format!("{} rows for thresholds, {unread} could not be read", rows.len()));
    both_sides(&rows).context("--thresholds")?;
    Ok(rows)
}

fn both_sides(rows: &[Row]) -> anyhow::Result<()> {
    let other = rows.iter().filter(|row| row.other).count();
    ensure!(0 < other && other < rows.len(), "coding and non-coding rows are needed");
    Ok(())
}

/// Scores every row by a model that saw nothing of its group.
fn hold_out<'a>(
    rows: &[&'a Row],
    settings: &Settings,
    folds: u32,
    progress: &Progress,
) -> Vec<Scored<'a>> {
    let mut scored = Vec::new();
    if folds < 2 {
        return scored;
    }
    for fold in 0..folds {
        let held = |row: &&Row| row.group % u64::from(folds) == u64::from(fold);
        let (test, rest): (Vec<&Row>, Vec<&Row>) = rows.iter().copied().partition(held);
        let weights = fit(&rest, settings);
        scored.extend(test.iter().map(|row| Scored { row, sum: weights.sum(&row.features) }));
        progress.say(&format!("fold {} of {folds}: {} rows held out", fold + 1, test.len()));
    }
    scored
}

fn scored<'a>(weights: &Weights, rows: &'a [Row]) -> Vec<Scored<'a>> {
    rows.iter().map(|row| Scored { row, sum: weights.sum(&row.features) }).collect()
}

/// The same, by the model as it is written.
fn estimated<'a>(model: &Model, rows: &'a [Row]) -> Vec<Scored<'a>> {
    let mut features = Features::default();
    let mut sum = |sparse: &Sparse| {
        features.hashed.clone_from(&sparse.hashed);
        features.dense = sparse.all_dense();
        model.estimate(&features).sum
    };
    rows.iter().map(|row| Scored { row, sum: sum(&row.features) }).collect()
}

fn write(path: &Path, bytes: &[u8], progress: &Progress) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| path.display().to_string())?;
    progress.say(&format!("{}: {} bytes", path.display(), bytes.len()));
    Ok(())
}
