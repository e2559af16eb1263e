//! How long a judgement takes, by the size of the request.

use std::{
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use planguard::workload::{Classifier, Limits, OwnModel, View};
use serde::Serialize;

use super::{around::Session, judge::Judge, rows::Row, table::Table};

/// How often each request is judged; the median counts, since a machine does
/// other things too.
const RUNS: usize = 5;
/// So many requests are judged before the clock counts.
const WARM_UP: usize = 200;
/// Up to so many bytes.
const SIZES: [(&str, usize); 5] = [
    ("up to 4 KB", 4 << 10),
    ("up to 20 KB", 20 << 10),
    ("up to 100 KB", 100 << 10),
    ("up to 300 KB", 300 << 10),
    ("more", usize::MAX),
];
/// Of the sizes from this one on that do not occur, so many requests are made:
/// by a long session before requests that there are.
const FIRST_MADE: usize = 3;
const MADE: usize = 100;
const SHAPE: &str = "openai_chat";

/// Requests of like size.
#[derive(Serialize)]
pub struct Size {
    pub size: &'static str,
    pub rows: usize,
    /// Whether they were made up by a long session before them.
    pub made: bool,
    /// From the body to the score.
    pub score_us: Micros,
    /// The same, and what it rests on.
    pub evidence_us: Micros,
}

#[derive(Serialize)]
pub struct Micros {
    pub median: f64,
    pub p99: f64,
}

#[derive(Serialize)]
#[serde(transparent)]
pub struct Timing(pub Vec<Size>);

impl Timing {
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> anyhow::Result<Self> {
        let mut clock = Clock { judge: Judge::new(), own: OwnModel::default() };
        for row in rows.clone().take(WARM_UP) {
            clock.time(row.body());
        }
        let mut sizes: [Vec<Times>; SIZES.len()] = Default::default();
        for row in rows.clone() {
            let length = row.body().len();
            let size = SIZES.iter().position(|(_, most)| length <= *most);
            sizes[size.unwrap_or_default()].push(clock.time(row.body()));
        }
        let mut timing = Self(Vec::new());
        for (place, mut times) in sizes.into_iter().enumerate() {
            let made = times.is_empty();
            if made {
                for body in made_up(rows.clone(), place)? {
                    times.push(clock.time(&body));
                }
            }
            timing.0.extend(Size::of(SIZES[place].0, times, made));
        }
        Ok(timing)
    }
}

/// Requests of a size that does not occur; none of a small one, and none where
/// the rows have too little for a session.
fn made_up<'a>(
    rows: impl Iterator<Item = &'a Row> + Clone,
    size: usize,
) -> anyhow::Result<Vec<String>> {
    if size < FIRST_MADE {
        return Ok(Vec::new());
    }
    let bytes = SIZES[size - 1].1 * 3 / 2;
    let Some(session) = Session::of(rows.clone(), SHAPE, bytes) else { return Ok(Vec::new()) };
    let rows = rows.filter(|row| row.shape == SHAPE).take(MADE);
    rows.map(|row| Ok(session.put_before(serde_json::from_str(row.body())?))).collect()
}

/// For the score alone, and with what it rests on.
type Times = (Duration, Duration);

struct Clock {
    judge: Judge,
    own: OwnModel,
}

impl Clock {
    fn time(&mut self, body: &str) -> Times {
        let score = median(|| {
            black_box(self.judge.score(body));
        });
        let evidence = median(|| {
            let view = View::read(body.as_bytes(), Limits::default());
            black_box(view.map(|view| self.own.classify(&view)));
        });
        (score, evidence)
    }
}

impl Size {
    fn of(size: &'static str, times: Vec<Times>, made: bool) -> Option<Self> {
        let (score, evidence): (Vec<_>, Vec<_>) = times.into_iter().unzip();
        (!score.is_empty()).then(|| Self {
            size,
            rows: score.len(),
            made,
            score_us: Micros::of(score),
            evidence_us: Micros::of(evidence),
        })
    }
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times = [(); RUNS].map(|()| {
        let began = Instant::now();
        run();
        began.elapsed()
    });
    times.sort_unstable();
    times[RUNS / 2]
}

impl Micros {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            let time = times.get(place.min(times.len().saturating_sub(1)));
            time.map_or(0.0, |time| (time.as_secs_f64() * 1e7).round() / 10.0)
        };
        Self { median: at(0.5), p99: at(0.99) }
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table =
            Table::new(["request", "rows", "score: median", "p99", "with evidence: median", "p99"]);
        let micros = |time: f64| format!("{time:.1} µs");
        for Size { size, rows, made, score_us, evidence_us } in &self.0 {
            table.line([
                if *made { format!("{size}, made up") } else { (*size).to_owned() },
                rows.to_string(),
                micros(score_us.median),
                micros(score_us.p99),
                micros(evidence_us.median),
                micros(evidence_us.p99),
            ]);
        }
        write!(f, "{table}")
    }
}
