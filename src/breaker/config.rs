//! What all accounts of one guard share.

use std::{sync::Arc, time::Duration};

use super::{
    disposition::{Dispositions, Posture},
    event::Bus,
    standing::Limits,
};
use crate::{
    clock::Clock,
    ledger::{Ledger, Writer},
};

/// How long a read of the ledger may take, and how long an answer waits for
/// its strike to be written.
pub(crate) const LEDGER_DEADLINE: Duration = Duration::from_secs(2);
/// How long a trial lease lives without an answer. A trial's body has to end
/// within it.
pub(crate) const LEASE: Duration = Duration::from_secs(30 * 60);

/// What becomes of calls while the ledger cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerTrouble {
    /// They are refused as `ledger_unavailable`.
    #[default]
    Refuse,
    /// They pass on what this process knows: another process's halt may be
    /// missed.
    Pass,
}

/// What the call that struck answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StruckResponse {
    /// `Err(Refused)`, which holds the provider's status and body.
    #[default]
    Refuse,
    /// The provider's response, unchanged.
    Pass,
}

/// What becomes of requests to hosts that no profile claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unclaimed {
    /// They pass untouched.
    #[default]
    Pass,
    /// They pass, with one warning a host.
    Warn,
    /// They are refused.
    Refuse,
}

/// What all accounts of one guard share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) writer: Writer,
    pub(crate) bus: Bus,
    pub(crate) dispositions: Dispositions,
    pub(crate) limits: Limits,
    pub(crate) trouble: LedgerTrouble,
    pub(crate) struck: StruckResponse,
    /// This process, in trial leases.
    pub(crate) holder: String,
    /// The ids of tripwire profiles for which the program says that it has a
    /// grant.
    pub(crate) allowed: Vec<String>,
    /// Whether the user hears the notice by a callback of their own.
    pub(crate) notice_told: bool,
}

impl Shared {
    pub(crate) fn reports_only(&self) -> bool {
        self.dispositions.posture() == Posture::Report
    }
}
