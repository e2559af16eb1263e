//! Whether it is a person's words that decide, and not what a client puts
//! around them: the words of each coding turn in the frame of each other one,
//! and the other way round.

use std::fmt;

use planguard::exchange::Workload;
use serde::Serialize;

use super::{
    judge::{Judge, Judgement},
    rows::Row,
    splice::Turn,
    table::{Table, percent},
};

/// The place of `Balanced` among the sensitivities.
const BALANCED: usize = 1;

/// How often the verdict went with the words.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Swapped {
    /// Coding words in another turn's frame.
    pub to_coding: usize,
    /// Other words in a coding turn's frame.
    pub to_other: usize,
    pub both: usize,
}

#[derive(Default, Serialize)]
pub struct Swap {
    pub coding_turns: usize,
    pub other_turns: usize,
    pub pairs: usize,
    /// Pairs of which the words could not be put into the other frame.
    pub unplaced: usize,
    /// By score above 0.5.
    pub by_score: Swapped,
    /// `non_coding` at `Balanced`, or not.
    pub at_balanced: Swapped,
    /// `non_coding` at `Balanced`, or `coding`: never unclear.
    pub told_apart: Swapped,
    /// The pairs that failed at `Balanced`: frame, words.
    pub failed: Vec<(String, String)>,
}

impl Swap {
    /// All pairs of the person's turns among `rows`.
    pub fn of(rows: &[Row], judge: &mut Judge) -> Self {
        let turns = rows.iter().filter_map(Turn::of);
        let mut swap = Self::default();
        let (other, coding): (Vec<_>, Vec<_>) = turns.partition(|turn| turn.other);
        (swap.coding_turns, swap.other_turns) = (coding.len(), other.len());
        for coding in &coding {
            for other in &other {
                match other.with(&coding.words).zip(coding.with(&other.words)) {
                    Some(swapped) => {
                        let (in_other, in_coding) =
                            (judge.body(&swapped.0), judge.body(&swapped.1));
                        swap.count([coding, other], &in_other, &in_coding);
                    }
                    None => swap.unplaced += 1,
                }
            }
        }
        swap
    }

    /// Counts coding words in the other frame, and other words in the coding
    /// one.
    fn count(
        &mut self,
        [coding, other]: [&Turn<'_>; 2],
        in_other: &Judgement,
        in_coding: &Judgement,
    ) {
        self.pairs += 1;
        let [to_coding, to_other] = [in_other, in_coding].map(|found| found.workloads[BALANCED]);
        self.by_score.count(!in_other.says_other(), in_coding.says_other());
        self.at_balanced.count(to_coding != Workload::NonCoding, to_other == Workload::NonCoding);
        self.told_apart.count(to_coding == Workload::Coding, to_other == Workload::NonCoding);
        if to_coding == Workload::NonCoding {
            self.failed.push((other.row.id.clone(), coding.row.id.clone()));
        }
        if to_other != Workload::NonCoding {
            self.failed.push((coding.row.id.clone(), other.row.id.clone()));
        }
    }
}

impl Swapped {
    fn count(&mut self, to_coding: bool, to_other: bool) {
        self.to_coding += usize::from(to_coding);
        self.to_other += usize::from(to_other);
        self.both += usize::from(to_coding && to_other);
    }
}

impl fmt::Display for Swap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} pairs of {} coding and {} other turns; of {} more the words could not be replaced\n",
            self.pairs, self.coding_turns, self.other_turns, self.unplaced
        )?;
        let mut table = Table::new([
            "verdict",
            "coding words, other frame",
            "other words, coding frame",
            "both ways",
        ]);
        let of = |count: usize| {
            format!("{count} ({})", percent(count as f64 / self.pairs.max(1) as f64))
        };
        for (name, swapped) in [
            ("score above 0.5, or not", self.by_score),
            ("balanced: non_coding, or not", self.at_balanced),
            ("balanced: non_coding, or coding", self.told_apart),
        ] {
            let Swapped { to_coding, to_other, both } = swapped;
            table.line([name.to_owned(), of(to_coding), of(to_other), of(both)]);
        }
        write!(f, "{table}")
    }
}
