//! What must outlive the process: a halt, its strikes, its way out.
//!
//! A [`Ledger`] keeps one [`Record`] for each account, folded from
//! [`Entry`]s. Several processes may share one ledger; the epoch is what they
//! compare and set. [`FileLedger`] is the one of this login, which all programs
//! on this machine share; [`MemoryLedger`] forgets all when the process ends.
//! Machines share one on Redis (`RedisLedger`, feature `redis`).

mod acknowledgement;
mod evidence;
pub mod file;
pub mod latch;
pub mod lease;
mod memory;
mod pace;
mod record;
#[cfg(feature = "redis")]
pub mod redis;
mod shared;
mod signed;
#[cfg(test)]
mod tests;
#[cfg(all(test, not(planguard_loom)))]
pub(crate) mod tricky;
mod writer;

pub use acknowledgement::Acknowledgement;
pub use evidence::{EVIDENCE_KEPT, Evidence, KeptEvidence, Over, Place, USER_AGENT_BYTES};
pub use file::{FileLedger, default_place};
pub use lease::Lease;
pub use memory::MemoryLedger;
pub use pace::{Concern, Pace, Share};
pub use record::{
    Ended, Entry, Fact, Halt, HaltKind, KeptSignal, Person, Phase, Record, Released, Strike,
    Strikes,
};
#[cfg(feature = "redis")]
pub use redis::RedisLedger;
pub use signed::{SIGNED_BYTES, Unsigned};
pub(crate) use writer::{Answer, Author, Writer, Written};

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{
    account::Account,
    clock::{Millis, from_millis},
};

/// A boxed future, as an object-safe async trait needs it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A record, and the version of the ledger at which it was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Opened {
    /// What is kept of the account.
    pub record: Record,
    /// For [`Ledger::changed`].
    pub version: u64,
}

impl Opened {
    /// `record`, read at `version`.
    pub const fn new(record: Record, version: u64) -> Self {
        Self { record, version }
    }
}

/// What [`Ledger::changed`] knows.
#[non_exhaustive]
pub enum Changed<'a> {
    /// Nothing was written since that version.
    No,
    /// Something was: open again.
    Yes,
    /// It has to ask; resolves to whether something was written.
    Ask(BoxFuture<'a, Result<bool, LedgerError>>),
}

/// A place that keeps halts.
///
/// Every method may be called from several processes at once. What
/// [`record`](Ledger::record), [`claim`](Ledger::claim),
/// [`release`](Ledger::release) and [`acknowledge`](Ledger::acknowledge)
/// answer with `Ok` is durable. Opening a ledger releases nothing.
pub trait Ledger: Send + Sync + 'static {
    /// The store and its place, for people, as in `memory` or a path.
    fn place(&self) -> String;

    /// Reads the standing of one account; an unknown one has the default.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] if it cannot be read.
    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>>;

    /// Whether this account may have changed since `version`. Asked on every
    /// admission, so it must be cheap: `Yes` too often costs a read, `No`
    /// wrongly breaks the promise.
    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a>;

    /// Folds `entry` in, if the account is still at `epoch` or the entry does
    /// not [need](Fact::needs_epoch) it, and answers with the outcome.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Conflict`] with the account as it is, if the epoch
    /// moved on; [`LedgerError::Unavailable`] if it cannot be written.
    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>>;

    /// Takes the one trial lease of the halt `halt`, if its time has come and
    /// nobody has it. See [`lease::claim`].
    ///
    /// # Errors
    ///
    /// [`LedgerError::Conflict`] if it is not to be had; as for `record`
    /// otherwise.
    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>>;

    /// Gives back a lease whose request was never sent. See
    /// [`lease::release`].
    ///
    /// # Errors
    ///
    /// As for [`claim`](Ledger::claim).
    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>>;

    /// Releases the open halt `halt` on a person's word. See
    /// [`Acknowledgement::decide`] and [`Acknowledgement::unknown`].
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSuchHalt`] if no account has it open;
    /// [`LedgerError::LastChance`] and [`LedgerError::TooSoon`] if it takes
    /// more than that word; [`LedgerError::Unavailable`] if it cannot be
    /// written.
    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>>;

    /// What this machine remembers of `account` while the store cannot be
    /// read. Asked only where calls pass then
    /// ([`LedgerTrouble::Pass`](crate::breaker::LedgerTrouble::Pass)), by a
    /// process that has not read the account yet.
    fn remembered<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Option<Opened>> {
        let _ = account;
        Box::pin(std::future::ready(None))
    }

    /// All accounts that were ever recorded.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] if it cannot be read.
    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>>;

    /// How a person releases `halt` in this ledger: the exact command or
    /// call, shown in refusals and in the strike's log line.
    fn release_command(&self, halt: &str) -> String {
        format!("planguard acknowledge {halt} --by NAME --note TEXT")
    }
}

/// Why a ledger could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The account is no longer at the epoch that was named.
    #[error("the account has moved on to epoch {}", .0.record.epoch)]
    Conflict(Box<Opened>),
    /// No account has a halt of that id open.
    #[error("no open halt `{id}`{}{}", told(ended.as_deref()), current.as_ref().map(|now| format!("; open now: {now}")).unwrap_or_default())]
    NoSuchHalt {
        /// The id that was named.
        id: String,
        /// How it ended, if it was open once.
        ended: Option<Box<Released>>,
        /// The ids that are open, if any.
        current: Option<String>,
    },
    /// The next strike may be the ban, and the person has not said that they
    /// know it.
    #[error(
        "the account has {confirmed} confirmed strikes, and the next one may end it: whoever releases `{id}` has to say that they know (`--last-chance`, `acknowledge_last_chance`)"
    )]
    LastChance {
        /// The halt.
        id: String,
        /// The confirmed strikes so far.
        confirmed: u32,
    },
    /// A script has released the account a moment ago.
    #[error("the account's halt `{id}` was released at {}: a script may not release the account again within 10 minutes", shown(*at))]
    TooSoon {
        /// The halt that was released.
        id: String,
        /// When.
        at: Millis,
    },
    /// The store cannot be reached, read or written.
    #[error("ledger {place}: {source}")]
    Unavailable {
        /// The store.
        place: String,
        /// What it said.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl LedgerError {
    /// The store at `place` failed with `source`.
    pub fn unavailable(
        place: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { place: place.into(), source: Arc::from(source.into()) }
    }
}

/// How a halt ended, as part of a sentence.
fn told(ended: Option<&Released>) -> String {
    let Some(over) = ended else { return String::new() };
    let at = shown(over.at);
    match &over.by {
        Some(by) => format!(": {} released it at {at}", by.name),
        None => format!(": it ended by itself at {at}"),
    }
}

/// `text` as one word of a command line.
fn quoted(text: &str) -> String {
    match cfg!(windows) {
        true => format!("\"{text}\""),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// `at` in UTC, for people.
pub(crate) fn shown(at: Millis) -> String {
    jiff::Timestamp::try_from(from_millis(at))
        .map_or_else(|_| format!("{at} ms"), |at| format!("{at:.0}"))
}
