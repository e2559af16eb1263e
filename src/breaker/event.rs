//! What users can listen to.

use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use crate::{
    account::Account,
    exchange::{Taken, Uninspected, Verdict, Workload},
    ledger::{Concern, Ended, Fact, Halt, Pace, Person, Phase, Strike, Strikes},
    signal::Signal,
};

/// How many events wait for a slow listener before it misses some.
const KEPT: usize = 256;

/// Something that happened to an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The account.
    pub account: Account,
    /// When.
    pub at: SystemTime,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// A halt began: nothing more leaves.
    Halted {
        /// The halt.
        halt: Box<Halt>,
    },
    /// A late answer belongs to a halt.
    Joined {
        /// The halt's id.
        halt: String,
    },
    /// An open halt became graver: a probation relapsed, or a late answer
    /// was worse than the first.
    Relapsed {
        /// What it is now.
        halt: Box<Halt>,
    },
    /// A halt moved on: to its trial, to being watched, or back to waiting.
    Moved {
        /// The halt's id.
        halt: String,
        /// Where it stands.
        phase: Phase,
    },
    /// A trial's call was never sent: the trial is given back.
    GivenBack {
        /// The halt's id.
        halt: String,
    },
    /// A halt is over.
    Released {
        /// The halt's id.
        halt: String,
        /// How it ended by itself; none if a person released it.
        how: Option<Ended>,
        /// The person who released it.
        by: Option<Person>,
    },
    /// A strike was counted.
    Strike {
        /// The halt that it marks.
        halt: String,
        /// Suspected or confirmed.
        strike: Strike,
        /// All strikes of the account.
        strikes: Strikes,
        /// How many confirmed ones the provider allows.
        limit: u32,
    },
    /// The next confirmed strike is the one that the provider's terms name:
    /// the account stands one before the limit. Sent each time that is
    /// reached, and once by a process that reads it in the ledger.
    OneBeforeLimit {
        /// All strikes of the account.
        strikes: Strikes,
        /// With which confirmed one the provider bans the account.
        limit: u32,
    },
    /// A provider may object to how the account is used. Sent once an hour at
    /// most; nothing is stopped for it.
    Pace {
        /// How it is used.
        pace: Box<Pace>,
        /// What in that a provider may object to.
        concerns: Vec<Concern>,
    },
    /// A call waits for a slot. Sent once an account and process.
    Waiting {
        /// How many calls may be unanswered at once.
        unanswered: u32,
    },
    /// `Posture::Report`: this signal would have halted the account.
    WouldHaveHalted {
        /// The signal.
        signal: Box<Signal>,
        /// `latch`, `probation` or `hold`.
        disposition: &'static str,
    },
    /// A response could not be judged.
    Uninspected {
        /// Why.
        why: Uninspected,
    },
    /// The ledger failed.
    LedgerTrouble {
        /// What it said.
        error: String,
        /// When a write will be tried again; none for a read.
        again_in: Option<Duration>,
    },
    /// A request does not look like coding work, or was declared to be none,
    /// or was declared to be coding against a strong estimate.
    Workload {
        /// The estimate.
        verdict: Box<Verdict>,
        /// What its caller declared.
        declared: Option<Workload>,
        /// What was done.
        taken: Taken,
    },
    /// A response came back that no detector had taken: the layers are in
    /// the wrong order, or detect is missing.
    Misconfigured,
}

/// A subscription to events, from [`PlanGuard::events`](crate::PlanGuard::events).
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// The next event; none once every clone of the guard is gone. A listener
    /// that is more than 256 events behind misses the oldest.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(target: "planguard::event", missed, "a listener is too slow");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// The next event, if one has happened already.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            match self.0.try_recv() {
                Ok(event) => return Some(event),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}

/// The sending side.
#[derive(Debug)]
pub(crate) struct Bus(broadcast::Sender<Event>);

impl Bus {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    pub(crate) fn subscribe(&self) -> Events {
        Events(self.0.subscribe())
    }

    pub(crate) fn send(&self, account: &Account, at: SystemTime, what: What) {
        // Nobody listening is fine.
        let _ = self.0.send(Event { account: account.clone(), at, what });
    }
}

impl What {
    /// What a fact of the ledger means to a listener.
    pub(crate) fn of(fact: &Fact) -> Option<Self> {
        Some(match fact {
            Fact::Halted { halt } => Self::Halted { halt: halt.clone() },
            Fact::Hit { halt } => Self::Joined { halt: halt.clone() },
            Fact::Raised { halt } => Self::Relapsed { halt: halt.clone() },
            Fact::Moved { halt, phase, .. } => {
                Self::Moved { halt: halt.clone(), phase: phase.clone() }
            }
            Fact::GivenBack { halt, .. } => Self::GivenBack { halt: halt.clone() },
            Fact::Ended { halt, how } => {
                Self::Released { halt: halt.clone(), how: Some(*how), by: None }
            }
            Fact::Acknowledged { halt, by } => {
                Self::Released { halt: halt.clone(), how: None, by: Some(by.clone()) }
            }
            Fact::Observed { .. } | Fact::NoticeShown => return None,
        })
    }
}
