//! Whether evidence is what a score rests on: without the words that a line
//! names, the score has to move towards 0.5.

use std::fmt;

use regex::Regex;
use serde::Serialize;

use super::{
    cuts::Scored,
    judge::{Judge, Judgement},
    table::{Table, percent},
};

/// The rows on one side of 0.5.
#[derive(Default, Serialize)]
pub struct Side {
    pub rows: usize,
    /// With any line of evidence.
    pub told: usize,
    /// With a line that names words.
    pub named: usize,
    /// Of those: where the words of every line, taken out, move the score
    /// towards 0.5.
    pub moved: usize,
    /// Of those: where it does not end farther from 0.5 on the other side.
    pub nearer: usize,
    /// Those that did not move.
    pub unmoved: Vec<String>,
}

#[derive(Default, Serialize)]
pub struct Deletion {
    /// Scores above 0.5.
    pub other: Side,
    pub coding: Side,
}

impl Deletion {
    pub fn of(rows: &[Scored<'_>], judge: &mut Judge) -> anyhow::Result<Self> {
        let mut deletion = Self::default();
        for row in rows {
            let found = row.judgement;
            let side = if found.says_other() { &mut deletion.other } else { &mut deletion.coding };
            side.rows += 1;
            side.told += usize::from(!found.evidence.is_empty());
            let (mut named, mut moved, mut nearer) = (false, true, true);
            for left in without_words(found, judge) {
                let left = left?;
                named = true;
                let before = (found.probability - 0.5).abs();
                let towards = if found.says_other() {
                    found.odds - left.odds
                } else {
                    left.odds - found.odds
                };
                moved &= towards > 0.0;
                nearer &= towards > 0.0 && (left.probability - 0.5).abs() < before;
            }
            side.named += usize::from(named);
            side.moved += usize::from(named && moved);
            side.nearer += usize::from(named && nearer);
            if named && !moved {
                side.unmoved.push(row.row.id.clone());
            }
        }
        Ok(deletion)
    }
}

/// What is found once the words of a line are taken out, for each line that
/// names words.
fn without_words<'a>(
    found: &'a Judgement,
    judge: &'a mut Judge,
) -> impl Iterator<Item = anyhow::Result<Judgement>> + 'a {
    let lines = found.evidence.iter().filter(|line| !line.words.is_empty());
    lines.zip(std::iter::repeat(found.view.as_ref())).filter_map(|(line, view)| {
        let mut view = view?.clone();
        Some(without(&view.newest, &line.words).map(|newest| {
            view.newest = newest;
            judge.view(view)
        }))
    })
}

/// `text` with all occurrences of `words` taken out: whole words where words
/// are written apart.
pub fn without(text: &str, words: &[&str]) -> anyhow::Result<String> {
    let cjk = Regex::new(
        r"^[\u{0e00}-\u{0e7f}\u{1100}-\u{11ff}\u{2e80}-\u{9fff}\u{ac00}-\u{d7af}\u{f900}-\u{faff}]",
    )?;
    let pattern = |word: &&str| {
        let written = regex::escape(word).replace(' ', r"\s+");
        if cjk.is_match(word) { written } else { format!(r"\b{written}\b") }
    };
    let all: Vec<String> = words.iter().map(pattern).collect();
    let all = Regex::new(&format!("(?i){}", all.join("|")))?;
    Ok(all.replace_all(text, "").into_owned())
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            "score",
            "rows",
            "with evidence",
            "with words named",
            "moves towards 0.5",
            "ends nearer to it",
        ]);
        let mut line = |name: &str, side: [usize; 5]| {
            let [rows, told, named, moved, nearer] = side;
            let of = |count: usize| percent(count as f64 / named.max(1) as f64);
            table.line([
                name.to_owned(),
                rows.to_string(),
                told.to_string(),
                named.to_string(),
                of(moved),
                of(nearer),
            ]);
        };
        let sides = [&self.other, &self.coding]
            .map(|side| [side.rows, side.told, side.named, side.moved, side.nearer]);
        line("above 0.5", sides[0]);
        line("up to 0.5", sides[1]);
        line("all", std::array::from_fn(|at| sides[0][at] + sides[1][at]));
        write!(f, "{table}")
    }
}
