//! What is kept of each strike, so that a person can appeal.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Ended, Pace, Person, Strike};
use crate::{
    clock::Millis,
    exchange::{Feature, Workload},
    signal::Signal,
};

/// How many strikes' evidence a record keeps. Beyond it the oldest suspected
/// one goes first, and the oldest confirmed one where all are confirmed.
pub const EVIDENCE_KEPT: usize = 16;
/// The longest User-Agent that is kept, in bytes.
pub const USER_AGENT_BYTES: usize = 256;

/// What is kept of one answer that struck an account.
///
/// No text of a prompt, no credential and no query string is in it. What was
/// not known at that moment is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// When the answer was recognised.
    pub at: Millis,
    /// What the provider said: class, code, its words verbatim (at most 8 KiB
    /// of them), its request id, and the profile's rule that matched.
    pub signal: Signal,
    /// The profile's id.
    pub profile: String,
    /// The day on which the profile's rules were last checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_on: Option<String>,
    /// Where the request went, as the profile names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The model that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The request's own User-Agent, at most 256 bytes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What kind of work the request was judged to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Workload>,
    /// What that verdict rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// What kind of work the caller said that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Workload>,
    /// How the account was used by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The guard's posture, as in `probation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posture: Option<String>,
    /// The version of planguard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Evidence {
    /// An answer of `profile`'s provider, recognised `at`, with nothing else
    /// known.
    pub fn new(at: Millis, profile: impl Into<String>, signal: Signal) -> Self {
        Self {
            at,
            signal,
            profile: profile.into(),
            checked_on: None,
            place: None,
            model: None,
            user_agent: None,
            verdict: None,
            features: Vec::new(),
            declaration: None,
            pace: None,
            posture: None,
            version: None,
        }
    }
}

/// Where a request went, as a profile names it: never its path beyond the
/// prefix, nor its query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The host.
    pub host: String,
    /// The path's first segments.
    pub path_prefix: String,
    /// What it speaks, as in `anthropic`.
    pub surface: String,
    /// Whether the plan pays.
    pub plan: bool,
}

impl Place {
    /// The place `path_prefix` of `host`.
    pub fn new(
        host: impl Into<String>,
        path_prefix: impl Into<String>,
        surface: impl Into<String>,
        plan: bool,
    ) -> Self {
        Self { host: host.into(), path_prefix: path_prefix.into(), surface: surface.into(), plan }
    }
}

/// One strike's evidence in a record: it stays when the halt is over. Cheap
/// to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptEvidence {
    /// The halt that the strike marks.
    pub halt: String,
    /// How it counts.
    pub strike: Strike,
    /// What is kept of it.
    pub evidence: Arc<Evidence>,
    /// How the halt ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// The end of a halt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Over {
    /// When.
    pub at: Millis,
    /// How it ended by itself; none if a person released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<Ended>,
    /// The person who released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
}

impl KeptEvidence {
    /// `evidence` of a strike that marks `halt`.
    pub fn new(halt: impl Into<String>, strike: Strike, evidence: Arc<Evidence>) -> Self {
        Self { halt: halt.into(), strike, evidence, over: None }
    }

    /// Whether `other` is the same strike's.
    fn is(&self, other: &Self) -> bool {
        self.halt == other.halt && self.evidence == other.evidence
    }
}

// Standings are hashed with what they hold; nothing is decided by the rest.
impl Hash for KeptEvidence {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.halt, self.strike, self.evidence.at).hash(state);
    }
}

/// Adds `piece`, within [`EVIDENCE_KEPT`]. What is known already (its entry
/// was written twice, since an answer was lost) is not added again.
pub(super) fn keep(kept: &mut Vec<KeptEvidence>, piece: &KeptEvidence) {
    if !kept.iter().any(|known| known.is(piece)) {
        kept.push(piece.clone());
        bound(kept);
    }
}

/// What two records of one account keep together.
#[cfg_attr(not(feature = "redis"), allow(dead_code))]
pub(super) fn joined(one: &[KeptEvidence], other: &[KeptEvidence]) -> Vec<KeptEvidence> {
    let mut all = one.to_vec();
    for piece in other {
        match all.iter_mut().find(|known| known.is(piece)) {
            Some(known) => known.over = known.over.take().or_else(|| piece.over.clone()),
            None => all.push(piece.clone()),
        }
    }
    all.sort_by_key(|piece| piece.evidence.at);
    bound(&mut all);
    all
}

fn bound(kept: &mut Vec<KeptEvidence>) {
    while kept.len() > EVIDENCE_KEPT {
        let oldest = kept.iter().position(|known| known.strike == Strike::Suspected);
        kept.remove(oldest.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests;
