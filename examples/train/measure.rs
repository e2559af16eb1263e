use crate::rows::{Label, Row};
use std::{collections::BTreeMap, sync::Arc};

pub struct Facts {
    pub id: String,
    pub raw_label: String,
    pub label: Label,
    pub kind: String,
    pub lang: String,
    pub source: String,
    pub own: bool,
}

#[derive(Clone)]
pub struct Scored {
    pub sum: f32,
    pub row: Arc<Facts>,
}
impl Scored {
    pub fn new(r: &Row, sum: f32) -> Self {
        Self {
            sum,
            row: Arc::new(Facts {
                id: r.id.clone(),
                raw_label: r.raw_label.clone(),
                label: r.label,
                kind: r.kind.clone(),
                lang: r.lang.clone(),
                source: r.source.clone(),
                own: r.own,
            }),
        }
    }
}

fn split(scored: &[Scored]) -> (Vec<f32>, Vec<f32>) {
    let of = |l: Label| {
        let mut v: Vec<f32> = scored.iter().filter(|s| s.row.label == l).map(|s| s.sum).collect();
        v.sort_by(f32::total_cmp);
        v
    };
    (of(Label::Coding), of(Label::NonCoding))
}

/// The sum above which a share of coding rows lies.
pub fn quantile(coding: &[f32], share: f64) -> f32 {
    let n = ((coding.len() as f64) * share).floor() as usize;
    coding.get(coding.len().saturating_sub(n + 1)).map_or(0.0, |s| s.next_up())
}
fn above(v: &[f32], at: f32) -> f64 {
    v.iter().filter(|s| **s >= at).count() as f64 / v.len().max(1) as f64
}

pub fn auc(c: &[f32], n: &[f32]) -> f64 {
    let mut below = 0f64;
    let mut i = 0;
    for s in n {
        while i < c.len() && c[i] < *s {
            i += 1;
        }
        below += i as f64;
    }
    below / (c.len() as f64 * n.len() as f64)
}

pub fn print(name: &str, scored: &[Scored]) {
    let (c, n) = split(scored);
    if c.is_empty() || n.is_empty() {
        return;
    }
    println!(
        "{name}: {} coding, {} non-coding: AUC {:.4}, recall at 1 % {:.3}, 0.5 % {:.3}, 0.1 % {:.3}",
        c.len(),
        n.len(),
        auc(&c, &n),
        above(&n, quantile(&c, 0.01)),
        above(&n, quantile(&c, 0.005)),
        above(&n, quantile(&c, 0.001))
    );
}

/// The sum above which a share of all coding rows lies.
pub fn threshold(pooled: &[Scored], share: f64) -> f32 {
    quantile(&split(pooled).0, share)
}

/// Slope and offset that turn sums into log odds (Platt scaling).
pub fn calibrate(scored: &[Scored]) -> (f32, f32) {
    let (c, n) = split(scored);
    // Both labels weigh the same.
    let rows: Vec<(f64, f64, f64)> = c
        .iter()
        .map(|s| (f64::from(*s), 0.0, 0.5 / c.len() as f64))
        .chain(n.iter().map(|s| (f64::from(*s), 1.0, 0.5 / n.len() as f64)))
        .collect();
    let (mut a, mut b) = (1.0f64, 0.0f64);
    for _ in 0..50 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (s, y, w) in &rows {
            let p = 1.0 / (1.0 + (-(a * s + b)).exp());
            let (d, h) = (w * (p - y), w * p * (1.0 - p));
            ga += d * s;
            gb += d;
            haa += h * s * s;
            hab += h * s;
            hbb += h;
        }
        let det = haa * hbb - hab * hab;
        a -= (hbb * ga - hab * gb) / det;
        b -= (haa * gb - hab * ga) / det;
    }
    (a as f32, b as f32)
}

pub fn at(share: f64, at: f32, dev: &[Scored], oof: &[Scored]) {
    let own =
        |own: bool| split(&oof.iter().filter(|s| s.row.own == own).cloned().collect::<Vec<_>>());
    let (c, n) = split(dev);
    let ((oc, on), (wc, wn)) = (own(false), own(true));
    println!(
        "pooled {:.2} % at {at:.3}: dev blocks {:.4} recall {:.3}; corpus oof {:.4} {:.3}; own oof {:.4} {:.3}",
        share * 100.0,
        above(&c, at),
        above(&n, at),
        above(&oc, at),
        above(&on, at),
        above(&wc, at),
        above(&wn, at)
    );
    let mut per: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for s in dev.iter().chain(oof).filter(|s| s.row.label == Label::Coding) {
        for key in [format!("lang {}", s.row.lang), format!("kind {}", s.row.kind)] {
            let e = per.entry(key).or_default();
            e.0 += 1;
            e.1 += u32::from(s.sum >= at);
        }
    }
    let mut worst: Vec<_> = per.into_iter().filter(|(_, (n, b))| *n >= 30 && *b > 0).collect();
    worst.sort_by(|a, b| (b.1.1 as f32 / b.1.0 as f32).total_cmp(&(a.1.1 as f32 / a.1.0 as f32)));
    for (k, (n, b)) in worst.iter().take(5) {
        print!("   {k} {b}/{n}");
    }
    println!();
}
