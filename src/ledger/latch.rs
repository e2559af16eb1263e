//! The rules by which a person halts an account, which every process shares.

use super::{Entry, Fact, Halt, HaltKind, Ledger, LedgerError, Person, Phase, Record};
use crate::{
    account::{Account, letters, random},
    clock::Millis,
    signal::Reach,
};

/// How often others may be faster.
const TRIES: usize = 32;

/// An id for a halt that may begin. No other process draws it.
pub(crate) fn fresh_id() -> String {
    format!("h-{}", letters(&random().to_be_bytes(), 10))
}

/// The fact that `by` halts the account of `record`, on every endpoint, until
/// a person acknowledges; and the id of that latch: `id`, or that of the one
/// that is open. `in_flight` calls are out.
pub fn by_person(
    record: &Record,
    id: &str,
    by: Person,
    now: Millis,
    in_flight: u32,
) -> (String, Fact) {
    let is_wide = |halt: &&Halt| halt.kind == HaltKind::Latch && halt.reach != Reach::Endpoint;
    if let Some(open) = record.halts.iter().find(is_wide) {
        let halt = Halt { reach: Reach::Profile, by: Some(by), ..open.clone() };
        return (halt.id.clone(), Fact::Raised { halt: Box::new(halt) });
    }
    let halt = Halt {
        id: id.to_owned(),
        kind: HaltKind::Latch,
        reach: Reach::Profile,
        endpoint: 0,
        signal: None,
        by: Some(by),
        strike: None,
        since: now,
        epoch: 0,
        hits: 0,
        phase: Phase::Latched,
        pause_ms: 0,
        longest_ms: 0,
        dead_leases: 0,
        in_flight,
        evidence: Vec::new(),
    };
    (id.to_owned(), Fact::Halted { halt: Box::new(halt) })
}

/// Halts `account` in `ledger` for every process that shares it, until a
/// person acknowledges. Each sees it at its next admission.
///
/// A program that has a guard calls
/// [`PlanGuard::halt`](crate::PlanGuard::halt), which halts it at once there.
///
/// # Errors
///
/// [`LedgerError::Unavailable`] if the ledger cannot be read or written, or
/// others were faster 32 times.
pub async fn halt(
    ledger: &dyn Ledger,
    account: &Account,
    by: Person,
    now: Millis,
) -> Result<Halt, LedgerError> {
    let fresh = fresh_id();
    let mut opened = ledger.open(account).await?;
    for _ in 0..TRIES {
        let (id, fact) = by_person(&opened.record, &fresh, by.clone(), now, 0);
        match ledger.record(account, opened.record.epoch, Entry::new(now, fact)).await {
            Ok(written) => {
                opened = written;
                if let Some(halt) = opened.record.halt(&id) {
                    return Ok(halt.clone());
                }
            }
            Err(LedgerError::Conflict(newer)) => opened = *newer,
            Err(error) => return Err(error),
        }
    }
    Err(LedgerError::unavailable(ledger.place(), "others wrote the account each time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MemoryLedger;

    fn ada() -> Person {
        Person::new("Ada", "holiday")
    }

    #[tokio::test]
    async fn a_person_s_second_halt_is_the_same_one() {
        let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "a"));
        let first = halt(&ledger, &account, ada(), 7).await.unwrap();
        assert_eq!((first.kind, first.reach, first.since), (HaltKind::Latch, Reach::Profile, 7));
        let again = halt(&ledger, &account, Person::new("Bob", "strike"), 9).await.unwrap();
        assert_eq!((&again.id, again.since), (&first.id, 7));
        assert_eq!(again.by.unwrap().name, "Bob");
        assert_eq!(ledger.open(&account).await.unwrap().record.halts.len(), 1);
    }

    #[tokio::test]
    async fn who_was_faster_does_not_undo_a_halt() {
        let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "a"));
        let seen = Record::default();
        let theirs = by_person(&seen, "h-other", ada(), 1, 0).1;
        ledger.record(&account, 0, Entry::new(1, theirs)).await.unwrap();
        let halt = halt(&ledger, &account, ada(), 7).await.unwrap();
        assert_eq!(halt.id, "h-other");
    }
}
