//! Labelled requests, and their features.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use planguard::workload::{Features, Limits, Model, View};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    Coding,
    NonCoding,
    Ambiguous,
}

pub struct Row {
    pub id: String,
    pub raw_label: String,
    pub label: Label,
    pub kind: String,
    pub lang: String,
    pub source: String,
    /// Of one source: held out together.
    pub group: u64,
    pub weight: f32,
    pub permissive: bool,
    pub own: bool,
    body: Vec<u8>,
    pub features: Sparse,
}

#[derive(Default)]
pub struct Sparse {
    pub hashed: Vec<(u32, f32)>,
    pub dense: Vec<(u32, f32)>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    label: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    permissive: Option<bool>,
    request: Value,
}

#[derive(Deserialize)]
struct Turn {
    id: String,
    lang: String,
    label: String,
    kind: String,
    newest: String,
    #[serde(default)]
    earlier: Vec<String>,
    #[serde(default)]
    system: String,
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let file = File::open(path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    let gz = path.extension().is_some_and(|e| e == "gz");
    let reader: Box<dyn Read> =
        if gz { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    Ok(Box::new(BufReader::new(reader)))
}

fn label(name: &str) -> Label {
    match name {
        "coding" | "aux_coding" => Label::Coding,
        "non_coding" | "aux_noncoding" => Label::NonCoding,
        _ => Label::Ambiguous,
    }
}

pub fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// The repository of a source, so that its files are held out together.
fn group(source: &str) -> u64 {
    let h = fnv(source.split([':', '@']).next().unwrap_or(source));
    h ^ (h >> 31)
}

pub fn requests(path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for line in open(path)?.lines() {
        let r: Request = serde_json::from_str(&line?)?;
        // Hand-written rows are of many hands: each its own source.
        let g = if r.source.starts_with("handwritten") {
            let h = fnv(&r.id);
            h ^ (h >> 31)
        } else {
            group(&r.source)
        };
        rows.push(Row {
            label: label(&r.label),
            raw_label: r.label,
            group: g,
            weight: 1.0,
            permissive: r.permissive.unwrap_or(false),
            own: false,
            body: serde_json::to_vec(&r.request)?,
            id: r.id,
            kind: r.kind,
            lang: r.lang.unwrap_or_default(),
            source: r.source,
            features: Sparse::default(),
        });
    }
    Ok(rows)
}

pub fn turns(path: &Path, weight: f32) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for (n, line) in open(path)?.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let t: Turn = serde_json::from_str(&line)?;
        let mut messages = Vec::new();
        if !t.system.is_empty() {
            messages.push(json!({"role": "system", "content": t.system}));
        }
        for said in &t.earlier {
            let (role, text) = said.split_once(':').unwrap_or(("user", said));
            messages.push(json!({"role": if role == "assistant" { "assistant" } else { "user" }, "content": text.trim()}));
        }
        messages.push(json!({"role": "user", "content": t.newest}));
        let body = serde_json::to_vec(&json!({"model": "m", "messages": messages}))?;
        rows.push(Row {
            id: t.id,
            label: label(&t.label),
            raw_label: t.label,
            kind: t.kind,
            lang: t.lang,
            source: format!("own:{name}"),
            group: (n as u64) / 8,
            weight,
            permissive: true,
            own: true,
            body,
            features: Sparse::default(),
        });
    }
    Ok(rows)
}

/// Reads the features of all rows; gives the number of those without a view.
pub fn featurise(model: &Model, rows: &mut Vec<Row>) -> usize {
    let before = rows.len();
    let mut features = Features::default();
    rows.retain_mut(|row| {
        let Some(view) = View::read(&row.body, Limits::default()) else { return false };
        model.features(&view, &mut features);
        row.features.hashed = features.hashed.clone();
        row.features.dense = features
            .dense
            .iter()
            .enumerate()
            .filter(|(_, v)| **v != 0.0)
            .map(|(i, v)| (i as u32, *v))
            .collect();
        row.body = Vec::new();
        true
    });
    before - rows.len()
}
