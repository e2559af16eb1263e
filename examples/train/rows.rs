//! What is trained on: labelled requests, and self-written turns.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    corpus::{self, Label},
    features::Sparse,
};

/// Turns that were written one after the other are held out together.
const TURNS_TOGETHER: usize = 8;

/// One labelled request.
pub struct Row {
    /// Whether it is other work than coding.
    pub other: bool,
    pub kind: String,
    pub lang: String,
    /// The repository that it comes from.
    pub source: String,
    pub license: String,
    pub permissive: bool,
    /// Whether it is one of the self-written turns.
    pub own: bool,
    /// Rows of one group are held out together.
    pub group: u64,
    /// How much an error costs.
    pub weight: f32,
    /// The request; empty once its features are read.
    pub body: Vec<u8>,
    pub features: Sparse,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    label: Label,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    license: String,
    #[serde(default)]
    permissive: bool,
    request: Value,
}

#[derive(Deserialize)]
struct Turn {
    label: Label,
    kind: String,
    lang: String,
    newest: String,
    /// `user: …` or `assistant: …`, oldest first.
    #[serde(default)]
    earlier: Vec<String>,
    #[serde(default)]
    system: String,
}

/// The labelled requests in `path`; ambiguous ones are left out.
pub fn requests(path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for request in corpus::read::<Request>(path)? {
        let Some(other) = request.label.is_other() else { continue };
        let repository = request.source.split([':', '@']).next().unwrap_or_default();
        // Hand-written rows are of many hands: each is a source of its own.
        let by_hand = request.source.starts_with("handwritten");
        rows.push(Row {
            other,
            group: group(if by_hand { &request.id } else { repository }),
            source: repository.to_owned(),
            body: serde_json::to_vec(&request.request)?,
            kind: request.kind,
            lang: request.lang.unwrap_or_default(),
            license: request.license,
            permissive: request.permissive,
            own: false,
            weight: 1.0,
            features: Sparse::default(),
        });
    }
    Ok(rows)
}

/// The self-written turns in `path`, each of which weighs `weight`.
pub fn turns(path: &Path, weight: f32) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (place, turn) in corpus::read::<Turn>(path)?.into_iter().enumerate() {
        let Some(other) = turn.label.is_other() else { continue };
        rows.push(Row {
            other,
            group: (place / TURNS_TOGETHER) as u64,
            source: "self-written turns".to_owned(),
            body: serde_json::to_vec(&turn.request())?,
            kind: turn.kind,
            lang: turn.lang,
            license: "MIT OR Apache-2.0".to_owned(),
            permissive: true,
            own: true,
            weight,
            features: Sparse::default(),
        });
    }
    Ok(rows)
}

impl Turn {
    /// The body that a plain client would post.
    fn request(&self) -> Value {
        let mut messages = Vec::new();
        if !self.system.is_empty() {
            messages.push(json!({"role": "system", "content": self.system}));
        }
        for said in &self.earlier {
            let (role, text) = said.split_once(':').unwrap_or(("user", said));
            let role = if role == "assistant" { "assistant" } else { "user" };
            messages.push(json!({"role": role, "content": text.trim()}));
        }
        messages.push(json!({"role": "user", "content": self.newest}));
        json!({"model": "m", "messages": messages})
    }
}

/// A number for a name, the same on every machine (FNV-1a, folded).
fn group(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash ^ (hash >> 31)
}
