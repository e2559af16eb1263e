//! Whether a verdict stays what it is when something else stands around the
//! request.

use std::{fmt, path::Path};

use anyhow::Context;
use planguard::exchange::Workload;
use serde::Serialize;

use super::{
    around::{Frame, Session},
    dice::shuffled,
    judge::{Judge, Judgement},
    rows::Row,
    table::{Table, percent},
};

/// Shorter newest words say little by themselves: they mean what the session
/// means.
const SHORT: usize = 60;
/// How long the session is, in bytes.
const SESSION: usize = 100 << 10;
const SHAPES: [&str; 3] = ["openai_chat", "anthropic_messages", "openai_responses"];

/// What became of some rows.
#[derive(Default, Serialize)]
pub struct Flips {
    pub name: &'static str,
    pub rows: usize,
    /// The score crosses 0.5.
    pub by_score: usize,
    /// `non_coding` at a sensitivity, and not before, or the other way round:
    /// careful, balanced, strict.
    pub taken: [usize; 3],
    /// From `coding` to `non_coding` or back, at the default.
    pub opposite: usize,
    /// Any change of the default's verdict, to and from `unclear` too.
    pub any: usize,
    /// Whose score crosses 0.5.
    pub ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
pub struct Frames(pub Vec<Flips>);

impl Frames {
    /// `sample` of the rows that count, and what `captures` puts around them.
    pub fn of(
        rows: &[(Row, Judgement)],
        captures: &[Row],
        file: &Path,
        sample: usize,
        judge: &mut Judge,
    ) -> anyhow::Result<Self> {
        let frame = Frame::of(captures, file)?;
        let counts =
            |(row, found): &&(Row, Judgement)| row.is_other().is_some() && found.view.is_some();
        let scored: Vec<_> = rows.iter().filter(counts).collect();
        let order = shuffled(scored.len(), 0);
        let (sampled, rest) = order.split_at(sample.min(order.len()));
        let sessions =
            SHAPES.map(|shape| Session::of(rest.iter().map(|at| &scored[*at].0), shape, SESSION));
        let names = [
            "agent's frame: all",
            "agent's frame: no system text of their own",
            "session before: all",
            "session before: newest words of 60 characters or more",
        ];
        let mut flips = names.map(|name| Flips { name, ..Flips::default() });
        for (row, before) in sampled.iter().map(|at| scored[*at]) {
            let body = serde_json::from_str(row.body())?;
            let around = frame.put_around(&row.shape, body).with_context(|| row.id.clone())?;
            let after = judge.body(&around);
            flips[0].count(row, before, &after);
            let view = before.view.as_ref();
            if view.is_some_and(|view| view.system.is_empty()) {
                flips[1].count(row, before, &after);
            }
            let session = SHAPES.iter().position(|shape| *shape == row.shape);
            let Some(session) = session.and_then(|at| sessions[at].as_ref()) else { continue };
            let after = judge.body(&session.put_before(serde_json::from_str(row.body())?));
            flips[2].count(row, before, &after);
            if view.is_some_and(|view| view.newest.chars().count() >= SHORT) {
                flips[3].count(row, before, &after);
            }
        }
        Ok(Self(flips.into()))
    }
}

impl Flips {
    fn count(&mut self, row: &Row, before: &Judgement, after: &Judgement) {
        self.rows += 1;
        if before.says_other() != after.says_other() {
            self.by_score += 1;
            self.ids.push(row.id.clone());
        }
        for (at, flips) in self.taken.iter_mut().enumerate() {
            *flips += usize::from(before.taken(at) != after.taken(at));
        }
        let changed = before.workloads[0] != after.workloads[0];
        let unclear = [before, after].iter().any(|one| one.workloads[0] == Workload::Unclear);
        self.any += usize::from(changed);
        self.opposite += usize::from(changed && !unclear);
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            "flips with",
            "rows",
            "score crosses 0.5",
            "non_coding or not: careful",
            "balanced",
            "strict",
            "coding to non_coding or back",
            "any change",
        ]);
        for flips in &self.0 {
            let of = |count: usize| percent(count as f64 / flips.rows.max(1) as f64);
            let [careful, balanced, strict] = flips.taken.map(of);
            table.line([
                flips.name.to_owned(),
                flips.rows.to_string(),
                of(flips.by_score),
                careful,
                balanced,
                strict,
                of(flips.opposite),
                of(flips.any),
            ]);
        }
        write!(f, "{table}")
    }
}
