//! How well sums tell coding from other work.

use std::collections::BTreeMap;

use crate::{corpus::Sides, rows::Row};

/// Smaller groups say too little.
pub const GROUP: usize = 30;
/// Shares of coding rows at which recall is told.
const SHARES: [f64; 3] = [0.01, 0.005, 0.001];

/// A row, and the sum of all weights for it.
#[derive(Clone, Copy)]
pub struct Scored<'a> {
    pub row: &'a Row,
    pub sum: f32,
}

pub fn sides(rows: &[Scored<'_>]) -> Sides {
    Sides::of(rows.iter().map(|scored| (scored.row.other, scored.sum)))
}

/// What is told of one set of rows.
pub struct Figures {
    pub coding: usize,
    pub other: usize,
    pub auc: f64,
    /// At 1 %, 0.5 % and 0.1 % of the coding rows.
    pub recall: [f64; 3],
}

impl Figures {
    /// None where one side is empty.
    pub fn of(rows: &[Scored<'_>]) -> Option<Self> {
        let sides = sides(rows);
        Some(Self {
            coding: sides.coding.len(),
            other: sides.other.len(),
            auc: sides.auc()?,
            recall: SHARES.map(|share| sides.reached(true, sides.threshold(share))),
        })
    }
}

/// Coding rows of one language or kind, and how many of them reach a sum.
pub struct Group {
    pub name: String,
    pub rows: usize,
    pub reached: usize,
}

impl Group {
    pub fn share(&self) -> f64 {
        self.reached as f64 / self.rows as f64
    }
}

/// The groups of coding rows that most often reach `at`, worst first.
pub fn worst(rows: &[Scored<'_>], at: f32, name: impl Fn(&Row) -> &str) -> Vec<Group> {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for scored in rows.iter().filter(|scored| !scored.row.other) {
        let (rows, reached) = groups.entry(name(scored.row)).or_default();
        *rows += 1;
        *reached += usize::from(scored.sum >= at);
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(name, (rows, reached))| Group { name: name.to_owned(), rows, reached })
        .filter(|group| group.rows >= GROUP)
        .collect();
    groups.sort_by(|one, two| two.share().total_cmp(&one.share()));
    groups
}
