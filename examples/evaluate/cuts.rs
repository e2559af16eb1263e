//! Five cuts between coding and other work: three that planguard comes with,
//! and two that let just so many coding rows through.

use serde::Serialize;

use super::{corpus::Sides, judge::Judgement, rows::Row};

/// Something for each cut.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PerCut<T> {
    pub careful: T,
    pub balanced: T,
    pub strict: T,
    /// Where 1 % of all coding rows are taken for other work.
    pub at_1_percent: T,
    pub at_half_percent: T,
}

pub const NAMES: [&str; 5] = ["careful", "balanced", "strict", "at 1 %", "at 0.5 %"];

impl<T> PerCut<T> {
    pub fn all(&self) -> [&T; 5] {
        let Self { careful, balanced, strict, at_1_percent, at_half_percent } = self;
        [careful, balanced, strict, at_1_percent, at_half_percent]
    }

    pub fn from_fn(mut of: impl FnMut(usize) -> T) -> Self {
        Self {
            careful: of(0),
            balanced: of(1),
            strict: of(2),
            at_1_percent: of(3),
            at_half_percent: of(4),
        }
    }
}

/// A row that counts, and what was made of it.
pub struct Scored<'a> {
    pub row: &'a Row,
    pub judgement: &'a Judgement,
    pub other: bool,
    /// Whether each cut takes it for other work.
    pub taken: [bool; 5],
}

/// The rows of `judged` that count, and the log odds of the two cuts by share.
pub fn scored<'a>(judged: &'a [(Row, Judgement)]) -> (Vec<Scored<'a>>, [f32; 2]) {
    let rows = || judged.iter().filter_map(|(row, found)| Some((row, found, row.is_other()?)));
    let sides = Sides::of(rows().map(|(_, found, other)| (other, found.odds)));
    let odds = [0.01, 0.005].map(|share| sides.threshold(share));
    let scored = rows().map(|(row, judgement, other)| {
        let [one, half] = odds.map(|odds| judgement.odds >= odds);
        let [careful, balanced, strict] = [0, 1, 2].map(|at| judgement.taken(at));
        Scored { row, judgement, other, taken: [careful, balanced, strict, one, half] }
    });
    (scored.collect(), odds)
}

/// The share of what `is` of all that `of`; zero of nothing.
pub fn share<T>(of: impl IntoIterator<Item = T>, is: impl Fn(&T) -> bool) -> f64 {
    let (mut all, mut found) = (0usize, 0usize);
    for one in of {
        all += 1;
        found += usize::from(is(&one));
    }
    found as f64 / all.max(1) as f64
}
