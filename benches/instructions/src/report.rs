//! The table for people and the JSON for programs.

use std::fmt::Write;

use crate::{cases::Case, measure::Cost, rows::Row};

/// A row with its figures.
pub struct Counted<'r> {
    pub row: &'r Row,
    pub cost: Cost,
    pub peers: Vec<(&'static Case, Cost)>,
}

impl<'r> Counted<'r> {
    pub fn count(row: &'r Row) -> Result<Self, String> {
        let ask = row.allocations.is_some();
        let cost = Cost::of(row.case, ask)?;
        let peer = |case: &&'static Case| Ok((*case, Cost::of(case, ask)?));
        let peers = row.peers.iter().map(peer).collect::<Result<_, String>>()?;
        Ok(Self { row, cost, peers })
    }

    /// Whether the path misses its budget.
    pub fn is_over(&self) -> bool {
        self.exceeds(self.row.budget)
    }

    /// Whether the run fails because of it.
    pub fn fails(&self) -> bool {
        self.row.ceiling.is_some() && self.exceeds(self.row.ceiling)
    }

    fn exceeds(&self, instructions: Option<f64>) -> bool {
        let over = |figure: f64, most: Option<f64>| most.is_some_and(|most| figure > most);
        over(self.cost.instructions, instructions)
            || self.cost.allocations.is_some_and(|own| over(own, self.row.allocations))
    }

    fn verdict(&self) -> &'static str {
        match (self.row.budget, self.is_over()) {
            _ if self.fails() => "FAIL",
            (_, true) => "OVER",
            (Some(_), false) => "ok",
            (None, false) => "",
        }
    }
}

/// One line a path, its peers below it.
pub fn table(rows: &[Counted<'_>]) -> String {
    let mut text = format!(
        "{:<26}{:>13}{:>9}{:>13}{:>9}  \n",
        "", "instructions", "at most", "allocations", "at most"
    );
    for counted in rows {
        let Counted { row, cost, peers } = counted;
        let figures = figures(*cost, row.budget, row.allocations);
        let _ = writeln!(text, "{:<26}{figures}  {:<5} {}", row.name, counted.verdict(), row.about);
        for (case, cost) in peers {
            let _ = writeln!(
                text,
                "  {:<24}{}",
                case.name,
                self::figures(*cost, None, None).trim_end()
            );
        }
    }
    text
}

fn figures(cost: Cost, budget: Option<f64>, allocations: Option<f64>) -> String {
    let shown = |figure: Option<f64>| figure.map_or_else(String::new, number);
    format!(
        "{:>13}{:>9}{:>13}{:>9}",
        number(cost.instructions),
        shown(budget),
        shown(cost.allocations),
        shown(allocations)
    )
}

/// Whole numbers, and two digits of small fractions.
fn number(figure: f64) -> String {
    if figure.abs() >= 100.0 || figure.fract() == 0.0 {
        format!("{figure:.0}")
    } else {
        format!("{figure:.2}")
    }
}

/// All rows as one JSON object.
pub fn json(rows: &[Counted<'_>]) -> serde_json::Value {
    let peer = |(case, cost): &(&Case, Cost)| {
        serde_json::json!({
            "name": case.name,
            "instructions": cost.instructions,
            "allocations": cost.allocations,
        })
    };
    let rows: Vec<_> = rows
        .iter()
        .map(|counted| {
            serde_json::json!({
                "row": counted.row.name,
                "about": counted.row.about,
                "instructions": counted.cost.instructions,
                "budget": counted.row.budget,
                "allocations": counted.cost.allocations,
                "allocation_budget": counted.row.allocations,
                "over": counted.is_over(),
                "ceiling": counted.row.ceiling,
                "fails": counted.fails(),
                "peers": counted.peers.iter().map(peer).collect::<Vec<_>>(),
            })
        })
        .collect();
    serde_json::json!({ "rows": rows })
}
