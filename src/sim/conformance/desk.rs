//! What every check works with: the store, and accounts that nobody else has.

use std::fmt::Debug;

use serde_json::{Value, json};

use super::report::Unmet;
use crate::{
    account::{Account, letters, random},
    clock::Millis,
    ledger::{
        Acknowledgement, Changed, Entry, Fact, Halt, Lease, Ledger, LedgerError, Opened, Person,
        Record,
    },
    signal::{Certainty, Class, Signal},
};

pub(super) type Checked<T = ()> = Result<T, Unmet>;

/// A moment that all checks begin at.
pub(super) const AT: Millis = 1_784_800_000_000;

pub(super) struct Desk<'a, F> {
    open: &'a F,
    run: String,
}

impl<'a, L: Ledger, F: AsyncFn() -> L> Desk<'a, F> {
    pub(super) fn new(open: &'a F) -> Self {
        Self { open, run: letters(&random().to_be_bytes(), 10) }
    }

    /// One more process that has the store open.
    pub(super) async fn ledger(&self) -> L {
        (self.open)().await
    }

    /// What a process finds that starts at this moment.
    pub(super) async fn reopened(&self, account: &Account) -> Checked<Record> {
        let ledger = self.ledger().await;
        read(&ledger, account).await
    }

    /// An account of this run.
    pub(super) fn account(&self, name: &str) -> Account {
        Account::named("conformance", &format!("{}-{name}", self.run))
    }

    /// The id of a halt of this run.
    pub(super) fn id(&self, name: &str) -> String {
        format!("h-{}-{name}", self.run)
    }
}

/// What the ledger has of `account`.
pub(super) async fn read(ledger: &impl Ledger, account: &Account) -> Checked<Record> {
    Ok(done("the account can be read", ledger.open(account).await)?.record)
}

/// Records `entry` against the epoch as it is.
pub(super) async fn write(
    ledger: &impl Ledger,
    account: &Account,
    entry: Entry,
) -> Checked<Opened> {
    let epoch = read(ledger, account).await?.epoch;
    let expected = "an entry against the account's own epoch is recorded";
    done(expected, ledger.record(account, epoch, entry).await)
}

/// Whether the ledger says that `account` may have changed.
pub(super) async fn changed(
    ledger: &impl Ledger,
    account: &Account,
    version: u64,
) -> Checked<bool> {
    match ledger.changed(account, version) {
        Changed::No => Ok(false),
        Changed::Yes => Ok(true),
        Changed::Ask(asked) => done("whether the account has changed is known", asked.await),
    }
}

/// The answer, which has to be `Ok`.
pub(super) fn done<T>(expected: &str, answer: Result<T, LedgerError>) -> Checked<T> {
    answer.map_err(|error| Unmet::new(expected, error.to_string()))
}

/// The account as a conflict tells it, which the answer has to be.
pub(super) fn conflict(expected: &str, answer: Result<Opened, LedgerError>) -> Checked<Opened> {
    match answer {
        Err(LedgerError::Conflict(opened)) => Ok(*opened),
        other => Err(Unmet::new(format!("{expected} (`Conflict`)"), other)),
    }
}

pub(super) fn same<T: PartialEq + Debug>(expected: &str, wanted: &T, found: &T) -> Checked {
    if wanted == found {
        return Ok(());
    }
    Err(Unmet::new(format!("{expected} ({wanted:?})"), found))
}

pub(super) fn holds(expected: &str, holds: bool, found: impl Debug) -> Checked {
    if holds { Ok(()) } else { Err(Unmet::new(expected, found)) }
}

/// A latch with a confirmed strike, which only a person ends.
pub(super) fn latch(id: &str) -> Entry {
    halted(halt(id, "latch", json!({"is": "latched"})))
}

/// A probation whose trial may begin at `until`.
pub(super) fn cooling(id: &str, until: Millis) -> Entry {
    halted(halt(id, "probation", json!({"is": "cooling", "until": until})))
}

pub(super) fn halted(halt: Halt) -> Entry {
    Entry::new(AT, Fact::Halted { halt: Box::new(halt) })
}

/// A halt as a ledger's file has it.
pub(super) fn halt(id: &str, kind: &str, phase: Value) -> Halt {
    let halt = json!({
        "id": id, "kind": kind, "reach": "plan", "endpoint": 1,
        "signal": said("the provider's own words"), "strike": "confirmed",
        "since": AT, "epoch": 0, "hits": 1, "phase": phase, "pause_ms": 60_000,
        "longest_ms": 900_000, "dead_leases": 0, "in_flight": 3,
    });
    serde_json::from_value(halt).expect("the halt is written as a record has it")
}

pub(super) fn said(message: &str) -> Signal {
    let mut signal = Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429);
    signal.code = Some("1313".to_owned());
    signal.message = message.to_owned();
    signal
}

pub(super) fn hit(id: &str) -> Entry {
    Entry::new(AT, Fact::Hit { halt: id.to_owned() })
}

/// A person's word, who knows that it is the last chance.
pub(super) fn word(at: Millis) -> Acknowledgement {
    Acknowledgement::new(Person::new("Ada", "stopped the job"), at).last_chance()
}

pub(super) fn lease(holder: &str, now: Millis) -> Lease {
    Lease::new(holder, now, now.saturating_add(1_800_000))
}
