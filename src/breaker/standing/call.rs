//! What a call asks of an account, what it is told, and how it ends.

use crate::{clock::Millis, exchange::Ticket};

/// How many calls may be out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unanswered calls on plan endpoints.
    pub unanswered: u32,
    /// Calls on plan endpoints whose bodies have not ended.
    pub in_flight: Option<u32>,
    /// The least that a passed probation leaves of `unanswered`.
    pub after_probation: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unanswered: 4, in_flight: None, after_probation: 1 }
    }
}

/// What a call is, as far as admission cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The endpoint's place in the profile's list.
    pub endpoint: u16,
    /// Whether the plan pays.
    pub plan: bool,
    /// Whether it may carry a trial: it is not `non_coding`.
    pub may_test: bool,
}

/// What an admitted call is to its account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// One of many.
    Plain,
    /// The one test of a halt.
    Trial(Box<Trial>),
    /// The one call of a watched account.
    Watched,
}

/// The lease that a trial runs on. It is this call's as long as the halt is
/// lent to this holder; a name is given to one lease only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trial {
    /// The halt's id.
    pub halt: String,
    /// The name that the lease was claimed in.
    pub holder: String,
}

/// An admission: the call is out until [`Standing::ended`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    /// Its mark.
    pub ticket: Ticket,
    /// What it is to the account.
    pub role: Role,
    /// What it asked for.
    pub ask: Ask,
    /// Whether its response is resolved.
    pub answered: bool,
}

/// How an admitted call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 2xx, the body read to its end, no signal.
    Passed,
    /// Sent, and anything else: an error, a drop, a timeout.
    Other,
    /// Nothing left the process.
    NeverSent,
}

/// The answer to [`Standing::admit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admit {
    /// The call may leave.
    Go(Pass),
    /// All slots are taken: stand in the queue.
    Wait,
    /// The call may test the halt of this id, if the ledger gives it the lease.
    Lease(String),
    /// The call may not leave, because of the halt of this id.
    Refuse {
        /// The gravest halt that covers the call.
        halt: String,
        /// When it is worth asking again, if time alone will do.
        not_before: Option<Millis>,
    },
}
