//! The rules of the trial lease, which every store shares.

use super::{Entry, Fact, Phase, Record};
use crate::clock::Millis;

/// Who wants a trial, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The process that asks.
    pub holder: String,
    /// When it asks.
    pub now: Millis,
    /// When the lease dies, if it is not answered.
    pub until: Millis,
}

impl Lease {
    /// A lease for `holder`, asked for at `now`, that dies at `until`.
    pub fn new(holder: impl Into<String>, now: Millis, until: Millis) -> Self {
        Self { holder: holder.into(), now, until }
    }
}

/// The entry that gives `lease` the trial of `halt`; none if the halt is
/// not open, its time has not come, or another holder has it.
pub fn claim(record: &Record, halt: &str, lease: &Lease) -> Option<Entry> {
    let open = record.halt(halt)?;
    let due = match &open.phase {
        Phase::Cooling { until } | Phase::Held { until, test: true } => *until <= lease.now,
        _ => false,
    };
    let phase = Phase::Trial { holder: lease.holder.clone(), until: lease.until };
    due.then(|| Entry::new(lease.now, open.moved(phase, open.pause_ms)))
}

/// The entry that gives the trial of `halt` back; none if `lease`'s
/// holder does not have it.
pub fn release(record: &Record, halt: &str, lease: &Lease) -> Option<Entry> {
    let open = record.halt(halt)?;
    let fact = || Fact::GivenBack { halt: halt.to_owned(), holder: lease.holder.clone() };
    open.is_lent(halt, &lease.holder).then(|| Entry::new(lease.now, fact()))
}
