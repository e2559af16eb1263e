//! The figures of one training, as Markdown.

use std::fmt;

use crate::{
    measure::{Figures, GROUP, Scored, sides, worst},
    rows::Row,
};

/// How many of the worst groups are told.
const WORST: usize = 4;

/// A sum at which a request is taken for other work.
pub struct Cut {
    /// Ends in the share of pooled coding rows that reach it.
    pub name: String,
    pub at: f32,
    pub probability: f32,
}

/// What there is to tell.
pub struct Report<'a> {
    /// Rows for thresholds, with the sums of the model as it is written.
    pub dev: &'a [Scored<'a>],
    /// Rows that were trained on, each with the sum of a model that had not
    /// seen its source.
    pub out_of_fold: &'a [Scored<'a>],
    pub cuts: &'a [Cut],
}

impl Report<'_> {
    /// The sets of rows, by name.
    fn sets(&self) -> [(&'static str, Vec<Scored<'_>>); 4] {
        let own = |own: bool| -> Vec<_> {
            self.out_of_fold.iter().filter(|scored| scored.row.own == own).copied().collect()
        };
        [
            ("dev", self.dev.to_vec()),
            ("out of fold", self.out_of_fold.to_vec()),
            ("out of fold, corpus", own(false)),
            ("out of fold, own turns", own(true)),
        ]
    }

    fn sides(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| rows | coding | non-coding | AUC | recall at 1 % | at 0.5 % | at 0.1 % |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for (name, rows) in self.sets() {
            let Some(figures) = Figures::of(&rows) else { continue };
            let Figures { coding, other, auc, recall: [one, half, tenth] } = figures;
            writeln!(
                f,
                "| {name} | {coding} | {other} | {auc:.4} | {one:.3} | {half:.3} | {tenth:.3} |"
            )?;
        }
        Ok(())
    }

    fn cuts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets: Vec<_> = self.sets().into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
        write!(f, "| threshold, of pooled coding | probability |")?;
        sets.iter().try_for_each(|(name, _)| write!(f, " {name}: false, recall |"))?;
        writeln!(f, "\n|---|---|{}", "---|".repeat(sets.len()))?;
        for Cut { name, at, probability } in self.cuts {
            write!(f, "| {name} | {probability:.4} |")?;
            for (_, rows) in &sets {
                let sides = sides(rows);
                let wrong = sides.reached(false, *at) * 100.0;
                write!(f, " {wrong:.2} %, {:.3} |", sides.reached(true, *at))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn worst(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [self.dev, self.out_of_fold].concat();
        writeln!(f, "| threshold | worst languages | worst kinds |\n|---|---|---|")?;
        for Cut { name, at, .. } in self.cuts {
            let told = |of: fn(&Row) -> &str| {
                let groups = worst(&rows, *at, of);
                let told = groups.iter().take(WORST).map(|group| {
                    let share = group.share() * 100.0;
                    format!("{} {share:.1} % ({} of {})", group.name, group.reached, group.rows)
                });
                told.collect::<Vec<_>>().join(", ")
            };
            writeln!(f, "| {name} | {} | {} |", told(|row| &row.lang), told(|row| &row.kind))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "How well the sums tell both sides apart, and the recall of non-coding rows where such"
        )?;
        writeln!(f, "a share of the coding rows is taken for other work:\n")?;
        self.sides(f)?;
        writeln!(
            f,
            "\nCoding rows taken for other work (false), and recall, at each threshold:\n"
        )?;
        self.cuts(f)?;
        writeln!(
            f,
            "\nThe same in languages and kinds with {GROUP} coding rows or more, dev and out of fold:\n"
        )?;
        self.worst(f)
    }
}
