//! A person releases the halt that they name, and by the rules.

use super::{
    desk::{AT, Checked, Desk, done, holds, latch, read, same, word, write},
    report::Unmet,
};
use crate::ledger::{Acknowledgement, Entry, Fact, Ledger, LedgerError, Person};

const TEN_MINUTES: u64 = 600_000;

pub(super) async fn named<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, there) = (desk.ledger().await, desk.ledger().await);
    let (account, other) = (desk.account("named"), desk.account("named-too"));
    let (a, b, c) = (desk.id("na"), desk.id("nb"), desk.id("nc"));
    write(&ledger, &account, latch(&a)).await?;
    let mut expected = write(&ledger, &account, latch(&b)).await?.record;
    let untouched = write(&ledger, &other, latch(&c)).await?.record;
    // Whoever releases may be another process than the one that halted.
    let answer = there.acknowledge(&a, word(AT + 1)).await;
    let (whose, opened) = done("an open halt is released by its id", answer)?;
    let by = Person::new("Ada", "stopped the job");
    expected.fold(&Entry::new(AT + 1, Fact::Acknowledged { halt: a, by }));
    same("the answer names the account", &account, &whose)?;
    let alone = "that halt alone is released, by that person, and the strikes stay";
    same(alone, &expected, &opened.record)?;
    same(alone, &expected, &desk.reopened(&account).await?)?;
    same("no other account is touched", &untouched, &desk.reopened(&other).await?)
}

pub(super) async fn stale<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("stale"));
    let (old, open, never) = (desk.id("old"), desk.id("open"), desk.id("never"));
    write(&ledger, &account, latch(&old)).await?;
    done("an open halt is released", ledger.acknowledge(&old, word(AT + 1)).await)?;
    let expected = write(&ledger, &account, latch(&open)).await?.record;
    for (id, was_open) in [(&old, true), (&never, false), (&String::new(), false)] {
        let refused = format!("`{id}`, which is not open, is refused (`NoSuchHalt`)");
        let error = match desk.ledger().await.acknowledge(id, word(AT + 2)).await {
            Ok(released) => return Err(Unmet::new(refused, released)),
            Err(error) => error,
        };
        let LedgerError::NoSuchHalt { id: told, ended, current } = error else {
            return Err(Unmet::new(refused, error));
        };
        same("the refusal has the id that was named", id, &told)?;
        let names = current.as_deref().is_some_and(|current| current.contains(&open));
        holds("the refusal names the halt that is open", names, current)?;
        let ends = ended.as_deref().is_some_and(|over| over.id == *id && over.at == AT + 1);
        holds("the refusal tells how a halt that is over has ended", ends == was_open, ended)?;
    }
    let found = read(&ledger, &account).await?;
    same("a refused release changes nothing", &expected, &found)
}

pub(super) async fn rules<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("rules"));
    let id = |number: u32| desk.id(&format!("rule{number}"));
    let attended = |at| Acknowledgement::new(Person::new("Ada", "stopped the job"), at);
    write(&ledger, &account, latch(&id(1))).await?;
    let answer = ledger.acknowledge(&id(1), attended(AT).unattended()).await;
    done("after one strike no last chance has to be named", answer)?;
    write(&ledger, &account, latch(&id(2))).await?;

    let answer = ledger.acknowledge(&id(2), attended(AT + TEN_MINUTES).unattended()).await;
    let expected = "after two confirmed strikes a release without the last chance is refused";
    let told =
        matches!(&answer, Err(LedgerError::LastChance { id: of, confirmed: 2 }) if *of == id(2));
    holds(expected, told, answer)?;

    for at in [AT + TEN_MINUTES - 1, AT - TEN_MINUTES] {
        let answer = ledger.acknowledge(&id(2), word(at).unattended()).await;
        let expected = "a script may not release an account twice within 10 minutes";
        let told = matches!(&answer, Err(LedgerError::TooSoon { at: AT, .. }));
        holds(expected, told, answer)?;
    }
    let kept = read(&ledger, &account).await?;
    holds("a refused release releases nothing", kept.halt(&id(2)).is_some(), kept)?;

    let answer = ledger.acknowledge(&id(2), word(AT + TEN_MINUTES).unattended()).await;
    done("after 10 minutes it may", answer)?;
    write(&ledger, &account, latch(&id(3))).await?;
    let answer = ledger.acknowledge(&id(3), word(AT + TEN_MINUTES)).await;
    done("a person at a terminal may at once", answer)?;
    Ok(())
}
