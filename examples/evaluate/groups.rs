//! The figures of each kind, language and wire format.

use std::{collections::BTreeMap, fmt};

use planguard::exchange::Workload;
use serde::Serialize;

use super::{
    corpus::Sides,
    cuts::{NAMES, PerCut, Scored, share},
    rows::Row,
    table::{Table, percent, three},
};

/// Fewer rows say too little.
const ROWS: usize = 30;

/// One kind, language or wire format.
#[derive(Serialize)]
pub struct Group {
    pub name: String,
    pub coding: Option<Side>,
    pub non_coding: Option<Side>,
    pub auc: Option<f64>,
}

/// The rows of one label, if there are enough.
#[derive(Serialize)]
pub struct Side {
    pub rows: usize,
    /// By score above 0.5.
    pub accuracy: f64,
    /// What is taken for other work: false blocks, or recall.
    pub taken: PerCut<f64>,
    /// At the default.
    pub unclear: f64,
}

/// All groups of one sort.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Groups {
    pub groups: Vec<Group>,
    #[serde(skip)]
    sort: &'static str,
}

impl Groups {
    /// The groups of `rows` by what `name` says, by name.
    pub fn of(sort: &'static str, rows: &[Scored<'_>], name: impl Fn(&Row) -> &str) -> Self {
        let mut groups: BTreeMap<&str, Vec<&Scored<'_>>> = BTreeMap::new();
        for row in rows {
            groups.entry(name(row.row)).or_default().push(row);
        }
        let groups = groups.into_iter().map(|(name, rows)| {
            let sides = Sides::of(rows.iter().map(|row| (row.other, row.judgement.odds)));
            let (coding, non_coding) = (Side::of(&rows, false), Side::of(&rows, true));
            let auc = sides.auc().filter(|_| coding.is_some() && non_coding.is_some());
            Group { name: name.to_owned(), coding, non_coding, auc }
        });
        let groups = groups.filter(|group| group.coding.is_some() || group.non_coding.is_some());
        Self { groups: groups.collect(), sort }
    }
}

impl Side {
    fn of(rows: &[&Scored<'_>], other: bool) -> Option<Self> {
        let rows: Vec<_> = rows.iter().filter(|row| row.other == other).collect();
        (rows.len() >= ROWS).then(|| Self {
            rows: rows.len(),
            accuracy: share(&rows, |row| row.judgement.says_other() == other),
            taken: PerCut::from_fn(|cut| share(&rows, |row| row.taken[cut])),
            unclear: share(&rows, |row| row.judgement.workloads[0] == Workload::Unclear),
        })
    }
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.side(f, "coding rows, false blocks", |group| group.coding.as_ref(), percent, 1.0)?;
        self.side(f, "other rows, recall", |group| group.non_coding.as_ref(), three, -1.0)
    }
}

impl Groups {
    /// One side of all groups, the worst first; nothing if there are none.
    fn side(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        side: fn(&Group) -> Option<&Side>,
        told: fn(f64) -> String,
        worse: f64,
    ) -> fmt::Result {
        let [careful, balanced, strict, one, half] = NAMES;
        let head = format!("{}: {title}", self.sort);
        let mut table = Table::new([
            &head, "rows", careful, balanced, strict, one, half, "unclear", "accuracy", "AUC",
        ]);
        let mut sides: Vec<_> =
            self.groups.iter().filter_map(|group| Some((group, side(group)?))).collect();
        let badness = |side: &Side| {
            let PerCut { careful, balanced, strict, .. } = side.taken;
            worse * (careful + balanced + strict)
        };
        if sides.is_empty() {
            return Ok(());
        }
        sides.sort_by(|(_, one), (_, two)| badness(two).total_cmp(&badness(one)));
        for (group, side) in sides {
            let [careful, balanced, strict, one, half] = side.taken.all().map(|share| told(*share));
            let name = if group.name.is_empty() { "(none)" } else { &group.name };
            table.line([
                name.to_owned(),
                side.rows.to_string(),
                careful,
                balanced,
                strict,
                one,
                half,
                percent(side.unclear),
                three(side.accuracy),
                group.auc.map(|auc| format!("{auc:.4}")).unwrap_or_default(),
            ]);
        }
        writeln!(f, "{table}")
    }
}
