//! What a ledger keeps of one account: the [`Record`], and the [`Entry`]s
//! that it is folded from. Pure: every ledger folds with the same code.

use serde::{Deserialize, Serialize};

use super::{KeptEvidence, Over, evidence};
use crate::{
    account::Tally,
    clock::Millis,
    signal::{Class, Reach, Signal},
};

/// How many released halts a record remembers.
pub(super) const RELEASED_KEPT: usize = 8;

/// How grave a halt is, from the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HaltKind {
    /// Ends at a time.
    Hold,
    /// A supervised way out: cooling, one trial, watching.
    Probation,
    /// Ends when a person acknowledges.
    Latch,
}

impl HaltKind {
    /// The name as it stands in JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Probation => "probation",
            Self::Latch => "latch",
        }
    }
}

/// The mark on a halt that counts against the provider's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strike {
    /// The account's own load may explain the signal. Counted apart.
    Suspected,
    /// Counts against the limit.
    Confirmed,
}

impl Strike {
    /// The name as it stands in JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Confirmed => "confirmed",
        }
    }
}

/// Where a halt stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
#[non_exhaustive]
pub enum Phase {
    /// Waits for a person.
    Latched,
    /// Waits for a time.
    Held {
        /// When it ends.
        until: Millis,
        /// Whether one request may test then, instead of all going on.
        test: bool,
    },
    /// Waits for its trial.
    Cooling {
        /// When the trial may begin.
        until: Millis,
    },
    /// One request is out to test the halt.
    Trial {
        /// The process that has the lease.
        holder: String,
        /// When the lease dies.
        until: Millis,
    },
    /// The trial passed; one call at a time.
    Watching {
        /// When the trial's body ended.
        since: Millis,
    },
}

impl Phase {
    /// The name by which people are told of it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Latched => "latch",
            Self::Held { .. } => "hold",
            Self::Cooling { .. } => "cooling",
            Self::Trial { .. } => "trial",
            Self::Watching { .. } => "watching",
        }
    }
}

/// One halt of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Halt {
    /// Letters only; a person acknowledges by it.
    pub id: String,
    /// How grave it is.
    pub kind: HaltKind,
    /// How far it reaches.
    pub reach: Reach,
    /// The endpoint that answered, as its place in the profile's list.
    pub endpoint: u16,
    /// What the provider said; none where a person halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<KeptSignal>,
    /// The person who halted and why; none where the provider did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// Its mark against the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike: Option<Strike>,
    /// When it began.
    pub since: Millis,
    /// The epoch that it began. Calls admitted before it are its siblings.
    pub epoch: u64,
    /// Answers that belong to it, the first included.
    pub hits: u32,
    /// Where it stands.
    pub phase: Phase,
    /// How long its present wait is, in milliseconds.
    pub pause_ms: Millis,
    /// How long a wait may become, in milliseconds.
    pub longest_ms: Millis,
    /// How many trial leases died unanswered.
    #[serde(default)]
    pub dead_leases: u32,
    /// Calls in flight when it began.
    #[serde(default)]
    pub in_flight: u32,
    /// What is known of its strikes, on the way into the ledger only: a
    /// record keeps it [apart](Record::evidence).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<KeptEvidence>,
}

/// Who did something to a halt, in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their reason.
    pub note: String,
}

impl Person {
    /// `name`, who says `note`.
    pub fn new(name: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name: name.into(), note: note.into() }
    }
}

/// A signal as the ledger keeps it: hashable, so that standings compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptSignal(pub Box<Signal>);

impl std::hash::Hash for KeptSignal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.class.hash(state);
        self.0.code.hash(state);
    }
}

/// A halt that is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Released {
    /// Its id.
    pub id: String,
    /// How grave it was.
    pub kind: HaltKind,
    /// How far it reached.
    pub reach: Reach,
    /// The endpoint that had answered, as its place in the profile's list.
    pub endpoint: u16,
    /// What the provider's signal was about; none where a person halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The epoch that it began.
    pub epoch: u64,
    /// When it ended.
    pub at: Millis,
    /// Answers that belonged to it, late ones included.
    pub hits: u32,
    /// The person who released it; none where time or a passed test did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
}

/// How many strikes an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Strikes {
    /// These count against the provider's limit.
    pub confirmed: u32,
    /// These are shown beside them.
    pub suspected: u32,
}

impl Strikes {
    /// These beside the provider's `limit`.
    pub const fn of(self, limit: u32) -> Tally {
        Tally::new(self.confirmed, self.suspected, limit)
    }

    pub(super) fn add(&mut self, strike: Option<Strike>) {
        match strike {
            Some(Strike::Confirmed) => self.confirmed = self.confirmed.saturating_add(1),
            Some(Strike::Suspected) => self.suspected = self.suspected.saturating_add(1),
            None => {}
        }
    }

    fn take_back(&mut self, strike: Option<Strike>) {
        match strike {
            Some(Strike::Confirmed) => self.confirmed = self.confirmed.saturating_sub(1),
            Some(Strike::Suspected) => self.suspected = self.suspected.saturating_sub(1),
            None => {}
        }
    }
}

/// What a ledger keeps of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Raised at each halt, trial and release.
    pub epoch: u64,
    /// Raised at each entry.
    pub revision: u64,
    /// The open halts: at most one latch and one probation for the plan, and
    /// one latch and one hold for each endpoint, which have reasons and ends of
    /// their own.
    #[serde(default)]
    pub halts: Vec<Halt>,
    /// The last few halts that are over, oldest first.
    #[serde(default)]
    pub released: Vec<Released>,
    /// The strikes so far.
    #[serde(default)]
    pub strikes: Strikes,
    /// What is known of the last [16](super::EVIDENCE_KEPT) of them, oldest
    /// first. It outlives their halts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<KeptEvidence>,
    /// When the last probation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probation_began: Option<Millis>,
    /// The slots that a passed probation left, until a person acknowledges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced_slots: Option<u32>,
    /// When the profile's notice was last shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_shown: Option<Millis>,
}

/// How a halt ended without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// Its time came.
    Expired,
    /// A test or trial passed.
    Passed,
}

/// One thing that happened to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
#[non_exhaustive]
pub enum Fact {
    /// A halt began.
    Halted {
        /// The halt; its epoch is given by the fold.
        halt: Box<Halt>,
    },
    /// A late answer belongs to a halt, open or released.
    Hit {
        /// The halt's id.
        halt: String,
    },
    /// An open halt became graver: a relapse, or a graver sibling.
    Raised {
        /// What it is now, under the same id.
        halt: Box<Halt>,
    },
    /// An open halt moved on, or back.
    Moved {
        /// The halt's id.
        halt: String,
        /// Where it stands now.
        phase: Phase,
        /// How long its wait is by now, in milliseconds.
        pause_ms: Millis,
        /// How many leases died.
        dead_leases: u32,
    },
    /// A trial's holder gave it back unused.
    GivenBack {
        /// The halt's id.
        halt: String,
        /// The process that had the lease.
        holder: String,
    },
    /// A halt ended by itself.
    Ended {
        /// The halt's id.
        halt: String,
        /// How.
        how: Ended,
    },
    /// A person released a halt.
    Acknowledged {
        /// The halt's id.
        halt: String,
        /// Who, and why.
        by: Person,
    },
    /// A signal was seen and, in `Posture::Report`, nothing was stopped.
    Observed {
        /// The signal.
        signal: Box<Signal>,
    },
    /// The profile's notice was shown.
    NoticeShown,
}

impl Fact {
    /// Whether this fact may only be recorded against the epoch that its
    /// author saw. A late hit, an observation and a notice hold in any.
    pub fn needs_epoch(&self) -> bool {
        !matches!(self, Self::Hit { .. } | Self::Observed { .. } | Self::NoticeShown)
    }
}

/// A [`Fact`] and when it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// When.
    pub at: Millis,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

impl Entry {
    /// `fact`, which happened `at`.
    pub const fn new(at: Millis, fact: Fact) -> Self {
        Self { at, fact }
    }
}

impl Record {
    /// The open halt `id`.
    pub fn halt(&self, id: &str) -> Option<&Halt> {
        self.halts.iter().find(|halt| halt.id == id)
    }

    /// Whether the halt `id` is open, or one of the last that are over.
    pub fn knows(&self, id: &str) -> bool {
        self.halt(id).is_some() || self.released.iter().any(|over| over.id == id)
    }

    /// Takes one entry in. An entry about a halt that is not open changes
    /// nothing but the revision.
    pub fn fold(&mut self, entry: &Entry) {
        // A store may hold any number; the largest stays where it is.
        self.revision = self.revision.saturating_add(1);
        if entry.fact.needs_epoch() {
            self.epoch = self.epoch.saturating_add(1);
        }
        match &entry.fact {
            Fact::Halted { halt } => {
                let mut halt = self.without_evidence(halt);
                halt.epoch = self.epoch;
                self.strikes.add(halt.strike);
                if halt.kind == HaltKind::Probation {
                    self.probation_began = Some(halt.since);
                }
                self.halts.push(halt);
            }
            Fact::Hit { halt: id } => self.hit(id),
            Fact::Raised { halt } => {
                if let Some(at) = self.halts.iter().position(|open| open.id == halt.id) {
                    let mut raised = self.without_evidence(halt);
                    let open = &mut self.halts[at];
                    // Hits are counted in any epoch, so more may be known here.
                    raised.hits = raised.hits.max(open.hits);
                    raised.epoch = open.epoch;
                    self.strikes.take_back(open.strike);
                    self.strikes.add(raised.strike);
                    *open = raised;
                }
            }
            Fact::Moved { halt: id, phase, pause_ms, dead_leases } => {
                if let Some(halt) = self.halts.iter_mut().find(|halt| halt.id == *id) {
                    halt.phase = phase.clone();
                    halt.pause_ms = *pause_ms;
                    halt.dead_leases = *dead_leases;
                }
            }
            Fact::GivenBack { halt: id, holder } => {
                let lent = self.halts.iter_mut().find(|halt| halt.is_lent(id, holder));
                if let Some(halt) = lent {
                    halt.phase = halt.waiting(entry.at);
                }
            }
            Fact::Ended { halt: id, how } => {
                let over = Over { at: entry.at, how: Some(*how), by: None };
                if let Some(halt) = self.close(id, over) {
                    if halt.kind == HaltKind::Probation && *how == Ended::Passed {
                        // Only a person gives slots back.
                        let half = (halt.in_flight / 2).max(1);
                        self.reduced_slots =
                            Some(self.reduced_slots.map_or(half, |slots| slots.min(half)));
                    }
                }
            }
            Fact::Acknowledged { halt: id, by } => {
                let over = Over { at: entry.at, how: None, by: Some(by.clone()) };
                if self.close(id, over).is_some() {
                    self.reduced_slots = None;
                }
            }
            Fact::NoticeShown => self.notice_shown = Some(entry.at),
            Fact::Observed { .. } => {}
        }
    }

    fn hit(&mut self, id: &str) {
        if let Some(halt) = self.halts.iter_mut().find(|halt| halt.id == id) {
            halt.hits = halt.hits.saturating_add(1);
        } else if let Some(over) = self.released.iter_mut().find(|over| over.id == id) {
            over.hits = over.hits.saturating_add(1);
        }
    }

    /// `halt` as it is kept; its evidence is kept apart.
    fn without_evidence(&mut self, halt: &Halt) -> Halt {
        halt.evidence.iter().for_each(|piece| evidence::keep(&mut self.evidence, piece));
        Halt { evidence: Vec::new(), ..halt.clone() }
    }

    /// What is known of the strikes of the halt `id`, open or over.
    pub fn evidence_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a KeptEvidence> {
        self.evidence.iter().filter(move |piece| piece.halt == id)
    }

    fn close(&mut self, id: &str, over: Over) -> Option<Halt> {
        let place = self.halts.iter().position(|halt| halt.id == id)?;
        let halt = self.halts.remove(place);
        if self.released.len() >= RELEASED_KEPT {
            self.released.remove(0);
        }
        for piece in self.evidence.iter_mut().filter(|piece| piece.halt == id) {
            piece.over = Some(over.clone());
        }
        let Halt { kind, reach, endpoint, epoch, hits, .. } = halt;
        let (id, class, Over { at, by, .. }) = (halt.id.clone(), halt.class(), over);
        self.released.push(Released { id, kind, reach, endpoint, class, epoch, at, hits, by });
        Some(halt)
    }
}

impl Halt {
    /// The phase in which this halt waits until `until` for its next test.
    pub fn waiting(&self, until: Millis) -> Phase {
        match self.kind {
            HaltKind::Probation => Phase::Cooling { until },
            HaltKind::Hold => Phase::Held { until, test: true },
            HaltKind::Latch => Phase::Latched,
        }
    }
}

impl Halt {
    /// What the provider's signal is about; none where a person halted.
    pub fn class(&self) -> Option<Class> {
        self.signal.as_ref().map(|kept| kept.0.class)
    }

    /// Whether this is halt `id`, and `holder` has its trial.
    pub fn is_lent(&self, id: &str, holder: &str) -> bool {
        self.id == id && matches!(&self.phase, Phase::Trial { holder: has, .. } if has == holder)
    }

    /// The fact that this halt is in `phase`, with a wait of `pause_ms`.
    pub fn moved(&self, phase: Phase, pause_ms: Millis) -> Fact {
        Fact::Moved { halt: self.id.clone(), phase, pause_ms, dead_leases: self.dead_leases }
    }
}

impl Halt {
    /// When time alone ends this halt's present wait; none if it does not.
    pub fn ends(&self) -> Option<Millis> {
        match self.phase {
            Phase::Held { until, .. } | Phase::Cooling { until } => Some(until),
            Phase::Latched | Phase::Trial { .. } | Phase::Watching { .. } => None,
        }
    }
}
