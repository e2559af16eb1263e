//! Clients' own calls (titles, summaries): whatever they are about, none may be
//! blocked.

use std::fmt;

use serde::Serialize;

use super::{
    corpus::Label,
    judge::{Judgement, SENSITIVITIES},
    rows::Row,
    table::Table,
};

/// The calls within sessions of one sort.
#[derive(Serialize)]
pub struct OwnCalls {
    pub label: &'static str,
    pub rows: usize,
    /// With a score above 0.5.
    pub says_other: usize,
    /// Taken for other work: careful, balanced, strict.
    pub taken: [usize; 3],
    /// Blocked, since a person's turn seems to begin with it.
    pub blocked: [usize; 3],
}

impl OwnCalls {
    /// None of what does not occur.
    pub fn of(judged: &[(Row, Judgement)]) -> Vec<Self> {
        let labels = [("aux_coding", Label::AuxCoding), ("aux_noncoding", Label::AuxNoncoding)];
        let calls = labels.map(|(label, of)| {
            let rows: Vec<_> =
                judged.iter().filter(|(row, _)| row.label == of).map(|(_, found)| found).collect();
            let count = |is: &dyn Fn(&Judgement) -> bool| rows.iter().filter(|one| is(one)).count();
            Self {
                label,
                rows: rows.len(),
                says_other: count(&Judgement::says_other),
                taken: [0, 1, 2].map(|at| count(&|one| one.taken(at))),
                blocked: [0, 1, 2].map(|at| count(&|one| one.taken(at) && one.turn_start())),
            }
        });
        calls.into_iter().filter(|calls| calls.rows > 0).collect()
    }

    pub fn table(calls: &[Self]) -> impl fmt::Display {
        let names = SENSITIVITIES.map(|(name, _)| format!("{name}: non_coding, blocked"));
        let [careful, balanced, strict] = names.each_ref().map(String::as_str);
        let mut table =
            Table::new(["own calls", "rows", "score above 0.5", careful, balanced, strict]);
        for Self { label, rows, says_other, taken, blocked } in calls {
            let [careful, balanced, strict] =
                [0, 1, 2].map(|at| format!("{}, {}", taken[at], blocked[at]));
            let (rows, says_other) = (rows.to_string(), says_other.to_string());
            table.line([(*label).to_owned(), rows, says_other, careful, balanced, strict]);
        }
        table
    }
}
