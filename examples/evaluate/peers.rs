//! What else tells coding from other work, measured in the same way.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    corpus::Sides,
    cuts::share,
    judge::Judge,
    ngrams::NGrams,
    rows::Row,
    said,
    table::{Table, percent, three},
    timing::Micros,
};

/// Words that a simple filter takes for coding.
const KEYWORDS: &str = "code function class bug error test api file script python javascript rust \
    java sql git commit compile debug deploy docker database server 代码 函数 接口 报错 脚本 数据库";

/// One way, and how good it is.
#[derive(Serialize)]
pub struct Peer {
    pub name: &'static str,
    pub accuracy: f64,
    pub auc: Option<f64>,
    /// As it stands: coding rows and other rows that it takes for other work.
    pub false_blocks: f64,
    pub recall: f64,
    pub recall_at_1_percent: f64,
    pub recall_at_half_percent: f64,
    pub micros: Micros,
}

#[derive(Serialize)]
#[serde(transparent)]
pub struct Peers(pub Vec<Peer>);

impl Peers {
    /// All peers on `rows`; of the n-grams only if there are some.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone, ngrams: Option<&NGrams>) -> Self {
        let mut judge = Judge::new();
        let ours = |body: &str| {
            let odds = judge.score(body).unwrap_or_default();
            (odds, odds > 0.0)
        };
        let mut peers = vec![
            Peer::of("planguard, score above 0.5", rows.clone(), ours),
            Peer::of("keyword list", rows.clone(), |body| without(keywords(&said::by_user(body)))),
            Peer::of("code fence", rows.clone(), |body| without(fences(&said::by_user(body)))),
        ];
        peers.extend(ngrams.map(|ngrams| {
            Peer::of("n-grams", rows, |body| {
                let sum = ngrams.sum(&said::by_user(body));
                (sum, sum > 0.0)
            })
        }));
        Self(peers)
    }
}

/// The fewer signs of coding there are, the more it is other work.
fn without(signs: usize) -> (f32, bool) {
    (-(signs as f32), signs == 0)
}

/// How many of the words stand in `text`.
fn keywords(text: &str) -> usize {
    let text = text.to_lowercase();
    let plain = text.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>();
    let stands =
        |word: &&str| if word.is_ascii() { plain.contains(word) } else { text.contains(*word) };
    KEYWORDS.split_whitespace().filter(stands).count()
}

fn fences(text: &str) -> usize {
    text.matches("```").count()
}

impl Peer {
    fn of<'a>(
        name: &'static str,
        rows: impl Iterator<Item = &'a Row>,
        mut judge: impl FnMut(&str) -> (f32, bool),
    ) -> Self {
        let (mut found, mut times) = (Vec::<(bool, f32, bool)>::new(), Vec::<Duration>::new());
        for row in rows {
            let Some(other) = row.is_other() else { continue };
            let began = Instant::now();
            let (number, says_other) = judge(row.body());
            times.push(began.elapsed());
            found.push((other, number, says_other));
        }
        let sides = Sides::of(found.iter().map(|(other, number, _)| (*other, *number)));
        let taken = |side: bool| {
            share(found.iter().filter(|(other, ..)| *other == side), |(.., says)| *says)
        };
        let recall = |share| sides.reached(true, sides.threshold(share));
        Self {
            name,
            accuracy: share(&found, |(other, _, says)| says == other),
            auc: sides.auc(),
            false_blocks: taken(false),
            recall: taken(true),
            recall_at_1_percent: recall(0.01),
            recall_at_half_percent: recall(0.005),
            micros: Micros::of(times),
        }
    }
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            "judged by",
            "accuracy",
            "AUC",
            "false blocks",
            "recall",
            "recall at 1 %",
            "at 0.5 %",
            "median time",
        ]);
        for peer in &self.0 {
            table.line([
                peer.name.to_owned(),
                three(peer.accuracy),
                peer.auc.map(|auc| format!("{auc:.4}")).unwrap_or_default(),
                percent(peer.false_blocks),
                three(peer.recall),
                three(peer.recall_at_1_percent),
                three(peer.recall_at_half_percent),
                format!("{:.1} µs", peer.micros.median),
            ]);
        }
        write!(f, "{table}")
    }
}
