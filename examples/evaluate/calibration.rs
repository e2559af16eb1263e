//! Whether a score is the probability that it says it is.

use std::fmt;

use serde::Serialize;

use super::{
    cuts::Scored,
    table::{Table, three},
};

const BINS: usize = 10;

/// Rows with like scores.
#[derive(Serialize)]
pub struct Bin {
    pub from: f64,
    pub rows: usize,
    /// The mean of the scores.
    pub predicted: f64,
    /// The share of non-coding rows, if both labels were equally many, as the
    /// scores take it.
    pub observed: f64,
}

#[derive(Serialize)]
#[serde(transparent)]
pub struct Calibration(pub Vec<Bin>);

impl Calibration {
    pub fn of(rows: &[Scored<'_>]) -> Self {
        let all = |other| rows.iter().filter(|row| row.other == other).count().max(1) as f64;
        let (all_coding, all_other) = (all(false), all(true));
        let bins = (0..BINS).filter_map(|bin| {
            let within = |row: &&Scored<'_>| {
                let at = (f64::from(row.judgement.probability) * BINS as f64) as usize;
                at.min(BINS - 1) == bin
            };
            let rows: Vec<_> = rows.iter().filter(within).collect();
            let other = rows.iter().filter(|row| row.other).count();
            let (coding, other) =
                ((rows.len() - other) as f64 / all_coding, other as f64 / all_other);
            let sum: f64 = rows.iter().map(|row| f64::from(row.judgement.probability)).sum();
            (!rows.is_empty()).then(|| Bin {
                from: bin as f64 / BINS as f64,
                rows: rows.len(),
                predicted: sum / rows.len() as f64,
                observed: other / (coding + other),
            })
        });
        Self(bins.collect())
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["score", "rows", "predicted", "observed"]);
        for bin in &self.0 {
            table.line([
                format!("{:.1} to {:.1}", bin.from, bin.from + 1.0 / BINS as f64),
                bin.rows.to_string(),
                three(bin.predicted),
                three(bin.observed),
            ]);
        }
        write!(f, "{table}")
    }
}
