//! All that is measured, as tables or as one JSON object.

use std::{collections::BTreeMap, fmt};

use anyhow::ensure;
use serde::Serialize;

use super::{
    Args,
    calibration::Calibration,
    corpus,
    cuts::scored,
    deletion::Deletion,
    figures::Figures,
    frames::Frames,
    groups::Groups,
    judge::{Judge, Judgement},
    ngrams::NGrams,
    own_calls::OwnCalls,
    peers::Peers,
    rows::Row,
    swap::Swap,
    timing::Timing,
};

#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub labelled: Option<Labelled>,
    pub swap: Option<Swap>,
    pub frames: Option<Frames>,
}

/// What there is to say of labelled requests.
#[derive(Serialize)]
pub struct Labelled {
    /// By label.
    pub rows: BTreeMap<&'static str, usize>,
    pub figures: Figures,
    pub kinds: Groups,
    pub languages: Groups,
    pub shapes: Groups,
    pub calibration: Calibration,
    pub timing: Timing,
    pub deletion: Deletion,
    pub own_calls: Vec<OwnCalls>,
    pub peers: Peers,
}

/// Measures all that `args` ask for.
pub fn measure(args: &Args) -> anyhow::Result<Report> {
    let mut judge = Judge::new();
    let mut judged: Vec<(Row, Judgement)> = Vec::new();
    for path in &args.files {
        let rows = corpus::read::<Row>(path)?.into_iter();
        judged.extend(rows.map(|row| {
            let found = judge.body(row.body());
            (row, found)
        }));
    }
    ensure!(!judged.is_empty() || args.files.is_empty(), "no rows in {:?}", args.files);
    let labelled = match judged.is_empty() {
        true => None,
        false => Some(Labelled::of(&judged, ngrams(args)?.as_ref(), &mut judge)?),
    };
    let swap = match &args.swap {
        Some(path) => Some(Swap::of(&corpus::read::<Row>(path)?, &mut judge)),
        None => None,
    };
    let frames = match &args.frames {
        Some(path) => {
            let captures = corpus::read::<Row>(path)?;
            Some(Frames::of(&judged, &captures, path, args.sample, &mut judge)?)
        }
        None => None,
    };
    Ok(Report { labelled, swap, frames })
}

fn ngrams(args: &Args) -> anyhow::Result<Option<NGrams>> {
    let mut rows = Vec::new();
    for path in &args.train {
        rows.extend(corpus::read::<Row>(path)?);
    }
    Ok((!rows.is_empty()).then(|| NGrams::train(&rows)))
}

impl Labelled {
    fn of(
        judged: &[(Row, Judgement)],
        ngrams: Option<&NGrams>,
        judge: &mut Judge,
    ) -> anyhow::Result<Self> {
        let (scored, odds) = scored(judged);
        let read = judged.iter().filter(|(_, found)| found.view.is_some());
        let mut rows = BTreeMap::new();
        for (row, _) in judged {
            *rows.entry(row.label_name()).or_default() += 1;
        }
        Ok(Self {
            rows,
            figures: Figures::of(&scored, judge.thresholds(), odds),
            kinds: Groups::of("kind", &scored, |row| &row.kind),
            languages: Groups::of("language", &scored, |row| &row.lang),
            shapes: Groups::of("shape", &scored, |row| &row.shape),
            calibration: Calibration::of(&scored),
            timing: Timing::of(read.map(|(row, _)| row))?,
            deletion: Deletion::of(&scored, judge)?,
            own_calls: OwnCalls::of(judged),
            peers: Peers::of(judged.iter().map(|(row, _)| row), ngrams),
        })
    }
}

impl fmt::Display for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> =
            self.rows.iter().map(|(label, rows)| format!("{rows} {label}")).collect();
        writeln!(f, "rows: {}\n\n## Figures\n\n{}", rows.join(", "), self.figures)?;
        writeln!(
            f,
            "## Kinds, languages and shapes, the worst first\n\n{}{}{}",
            self.kinds, self.languages, self.shapes
        )?;
        writeln!(f, "## Calibration, as if both labels had as many rows\n\n{}", self.calibration)?;
        writeln!(f, "## Time\n\n{}", self.timing)?;
        writeln!(f, "## Evidence: its words taken out\n\n{}", self.deletion)?;
        if !self.own_calls.is_empty() {
            writeln!(f, "## Clients' own calls\n\n{}", OwnCalls::table(&self.own_calls))?;
        }
        write!(f, "## Peers\n\n{}", self.peers)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(labelled) = &self.labelled {
            writeln!(f, "{labelled}")?;
        }
        if let Some(swap) = &self.swap {
            writeln!(f, "## Words in another frame\n\n{swap}")?;
        }
        if let Some(frames) = &self.frames {
            writeln!(f, "## Something else around a request\n\n{frames}")?;
        }
        Ok(())
    }
}
