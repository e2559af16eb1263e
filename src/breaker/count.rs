//! What is counted of an account's halts.

use super::{cell::Cell, event::What};
use crate::{
    ledger::{Ended, HaltKind, Strike},
    meter,
    profile::Profile,
};

/// Has the counters of `profile` that no alert may miss stand at zero.
pub(crate) fn count_none(profile: &Profile) {
    for kind in [HaltKind::Latch, HaltKind::Probation, HaltKind::Hold] {
        meter::halts(profile.id(), kind.as_str(), 0);
    }
    for strike in [Strike::Suspected, Strike::Confirmed] {
        meter::strikes(profile.id(), strike.as_str(), 0);
    }
}

impl Cell {
    /// Counts what the listeners hear.
    pub(super) fn count(&self, what: &What) {
        let profile = self.profile.id();
        let (halt, struck) = match what {
            What::Halted { halt } => (halt, true),
            // Without evidence it is no answer that made it graver.
            What::Relapsed { halt } => (halt, !halt.evidence.is_empty()),
            What::Released { how: Some(Ended::Expired), .. } => {
                return meter::release(profile, "time");
            }
            What::Released { how: Some(Ended::Passed), .. } => {
                return meter::release(profile, "test");
            }
            _ => return,
        };
        // An answer is said again, perhaps of another halt, where the ledger
        // had moved on: then its evidence is the same.
        let answers = halt.evidence.iter().map(|kept| kept.evidence.at.to_string());
        let these = std::iter::once(halt.id.clone()).chain(answers);
        let kind = halt.kind.as_str();
        if self.told.counted.is_first(these.clone(), kind) {
            meter::halts(profile, kind, 1);
        }
        if let Some(strike) = halt.strike.filter(|_| struck).map(Strike::as_str) {
            if self.told.counted.is_first(these, strike) {
                meter::strikes(profile, strike, 1);
            }
        }
    }
}
