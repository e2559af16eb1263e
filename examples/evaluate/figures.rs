//! The figures of all rows that count.

use std::fmt;

use planguard::exchange::Workload;
use serde::Serialize;

use super::{
    corpus::Sides,
    cuts::{NAMES, PerCut, Scored, share},
    table::{Table, percent, three},
};

#[derive(Serialize)]
pub struct Figures {
    pub coding: usize,
    pub non_coding: usize,
    /// Of those: they are unclear, and pass.
    pub unread: usize,
    /// By score above 0.5.
    pub accuracy: f64,
    pub auc: Option<f64>,
    /// From which probability on a request is other work.
    pub probability: PerCut<f64>,
    /// The share of coding rows that are taken for other work.
    pub false_blocks: PerCut<f64>,
    pub recall: PerCut<f64>,
    /// The same of the rows that begin a person's turn: those are blocked.
    pub blocked_coding: PerCut<f64>,
    pub blocked_non_coding: PerCut<f64>,
    /// Neither coding nor other work; no such band where a share sets the cut.
    pub unclear_coding: [f64; 3],
    pub unclear_non_coding: [f64; 3],
}

impl Figures {
    pub fn of(rows: &[Scored<'_>], thresholds: [f32; 3], odds: [f32; 2]) -> Self {
        let side = |other: bool| rows.iter().filter(move |row| row.other == other);
        let taken = |other| PerCut::from_fn(|cut| share(side(other), |row| row.taken[cut]));
        let blocked = |other| {
            PerCut::from_fn(|cut| {
                share(side(other), |row| row.taken[cut] && row.judgement.turn_start())
            })
        };
        let unclear = |other| {
            [0, 1, 2].map(|at| {
                share(side(other), |row| row.judgement.workloads[at] == Workload::Unclear)
            })
        };
        let probability = |odds: f32| 1.0 / (1.0 + f64::from(-odds).exp());
        Self {
            coding: side(false).count(),
            non_coding: side(true).count(),
            unread: rows.iter().filter(|row| row.judgement.view.is_none()).count(),
            accuracy: share(rows, |row| row.judgement.says_other() == row.other),
            auc: Sides::of(rows.iter().map(|row| (row.other, row.judgement.odds))).auc(),
            probability: PerCut::from_fn(|cut| match cut {
                0..3 => f64::from(thresholds[cut]),
                _ => probability(odds[cut - 3]),
            }),
            false_blocks: taken(false),
            recall: taken(true),
            blocked_coding: blocked(false),
            blocked_non_coding: blocked(true),
            unclear_coding: unclear(false),
            unclear_non_coding: unclear(true),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} coding and {} non-coding rows, of which {} cannot be read; accuracy {}, AUC {}\n",
            self.coding,
            self.non_coding,
            self.unread,
            three(self.accuracy),
            self.auc.map_or("–".to_owned(), |auc| format!("{auc:.4}")),
        )?;
        let mut table = Table::new([
            "cut",
            "probability",
            "false blocks",
            "recall",
            "at a turn's start: false",
            "recall",
            "unclear: coding",
            "non-coding",
        ]);
        for (cut, name) in NAMES.into_iter().enumerate() {
            let unclear = |shares: [f64; 3]| shares.get(cut).map_or(String::new(), |s| percent(*s));
            table.line([
                name.to_owned(),
                format!("{:.4}", self.probability.all()[cut]),
                percent(*self.false_blocks.all()[cut]),
                three(*self.recall.all()[cut]),
                percent(*self.blocked_coding.all()[cut]),
                three(*self.blocked_non_coding.all()[cut]),
                unclear(self.unclear_coding),
                unclear(self.unclear_non_coding),
            ]);
        }
        write!(f, "{table}")
    }
}
