//! The card of a model: what it was made of, how, and how good it is.

use std::{collections::BTreeMap, fmt};

use jiff::civil::Date;
use planguard::workload::{DENSE, HASHED};
use sha2::{Digest, Sha256};

use crate::{fit::Settings, report::Report, rows::Row};

/// What a card tells.
pub struct ModelCard<'a> {
    pub date: Date,
    /// The model's file.
    pub file: &'a [u8],
    pub trained_on: &'a [Row],
    pub for_thresholds: &'a [Row],
    pub settings: Settings,
    pub folds: u32,
    pub turn_weight: f32,
    pub report: Report<'a>,
}

/// Coding and non-coding rows.
type Counts = BTreeMap<(String, String), [usize; 2]>;

fn count(rows: &[Row], name: impl Fn(&Row) -> (&str, &str)) -> Counts {
    let mut counts = Counts::new();
    for row in rows {
        let (one, two) = name(row);
        counts.entry((one.to_owned(), two.to_owned())).or_default()[usize::from(row.other)] += 1;
    }
    counts
}

fn sources(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    writeln!(f, "| source | licence | coding | non-coding |\n|---|---|---|---|")?;
    for ((source, license), [coding, other]) in count(rows, |row| (&row.source, &row.license)) {
        writeln!(f, "| {source} | {license} | {coding} | {other} |")?;
    }
    total(f, rows, "| all | |")
}

fn languages(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    writeln!(f, "| language | coding | non-coding |\n|---|---|---|")?;
    let mut counts: Vec<_> = count(rows, |row| (&row.lang, "")).into_iter().collect();
    counts.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    for ((language, _), [coding, other]) in counts {
        writeln!(f, "| {language} | {coding} | {other} |")?;
    }
    total(f, rows, "| all |")
}

fn total(f: &mut fmt::Formatter<'_>, rows: &[Row], head: &str) -> fmt::Result {
    let other = rows.iter().filter(|row| row.other).count();
    writeln!(f, "{head} {} | {other} |\n", rows.len() - other)
}

impl fmt::Display for ModelCard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { seed, epochs, dropout, rate, decay } = self.settings;
        let hash = Sha256::digest(self.file);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(f, "# The workload model\n")?;
        writeln!(f, "Written by `examples/train`, whose documentation has the command.\n")?;
        writeln!(f, "| date | {} |\n|---|---|", self.date)?;
        writeln!(f, "| file | {} bytes |\n| SHA-256 | `{hash}` |", self.file.len())?;
        writeln!(
            f,
            "| form | logistic regression: {HASHED} hashed weights in eight bits (the mean of two tables), {DENSE} counts |\n"
        )?;

        writeln!(f, "## Rows that it was trained on\n")?;
        sources(f, self.trained_on)?;
        languages(f, self.trained_on)?;
        writeln!(f, "## Rows that only set the thresholds, and measure\n")?;
        writeln!(f, "No weight was learnt from them.\n")?;
        sources(f, self.for_thresholds)?;
        languages(f, self.for_thresholds)?;

        writeln!(f, "## Settings\n\n| seed | {seed} |\n|---|---|")?;
        writeln!(f, "| epochs | {epochs} |\n| dropout | {dropout} |")?;
        writeln!(f, "| rate | {rate} |\n| decay | {decay} |")?;
        writeln!(f, "| weight of an own turn | {} |", self.turn_weight)?;
        writeln!(f, "| folds, by source | {} |\n", self.folds)?;

        write!(f, "## Figures\n\n{}", self.report)
    }
}
