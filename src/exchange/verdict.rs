//! What a request was judged to be.

use std::{fmt, sync::Arc};

use serde::Serialize;

use super::Workload;

/// planguard's estimate of what kind of work a request is; no provider
/// publishes its criteria. In the request's extensions once it was judged.
///
/// Cheap to clone. Holds no text of the prompt: the words in its evidence are
/// words of planguard's own list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The kind of work.
    pub workload: Workload,
    /// The calibrated probability that it is other work than coding, from 0 to
    /// 1; none if the request could not be read.
    pub score: Option<f32>,
    /// Whether the request begins a person's turn. Only there is it blocked.
    pub turn_start: bool,
    /// What it rests on, the weightiest first.
    pub evidence: Arc<[Evidence]>,
}

impl Verdict {
    /// `workload`, with nothing else known. It is taken to begin a turn.
    pub fn new(workload: Workload) -> Self {
        Self { workload, score: None, turn_start: true, evidence: Arc::new([]) }
    }

    /// The probability of other work than coding, from 0 to 1.
    #[must_use]
    pub fn score(mut self, probability: f32) -> Self {
        self.score = Some(probability.clamp(0.0, 1.0));
        self
    }

    /// What it rests on.
    #[must_use]
    pub fn evidence(mut self, evidence: impl Into<Arc<[Evidence]>>) -> Self {
        self.evidence = evidence.into();
        self
    }
}

/// One thing that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Its name, as in `words_travel`: ASCII letters, digits and `_`.
    pub name: String,
    /// How much it weighs. Above zero it speaks for other work, in hundredths
    /// of its log odds; below zero it speaks for coding, by how many were seen.
    pub weight: i32,
    /// Words of planguard's list that were seen.
    pub words: Vec<&'static str>,
}

impl Evidence {
    /// Evidence called `name`.
    pub fn new(name: impl Into<String>, weight: i32) -> Self {
        Self { name: name.into(), weight, words: Vec::new() }
    }

    /// Words that were seen. They may be shown to people and written to logs:
    /// they are from a list, not from the prompt.
    #[must_use]
    pub fn words(mut self, words: Vec<&'static str>) -> Self {
        self.words = words;
        self
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name.replace('_', " "))?;
        if !self.words.is_empty() {
            write!(f, ": {}", self.words.join(", "))?;
        }
        Ok(())
    }
}

/// What was done about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Taken {
    /// It passed.
    Passed,
    /// It would have been blocked, but no person's turn begins with it: it
    /// passed, so that what was begun can be finished.
    WithinTurn,
    /// It passed and was told.
    Reported,
    /// It passed, and its response says so.
    Warned,
    /// It was refused.
    Blocked,
    /// It went elsewhere.
    Rerouted,
}

impl Taken {
    /// The name as it stands in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::WithinTurn => "within_turn",
            Self::Reported => "reported",
            Self::Warned => "warned",
            Self::Blocked => "blocked",
            Self::Rerouted => "rerouted",
        }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
