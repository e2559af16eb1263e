//! One trial, one holder.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::{
    desk::{
        AT, Checked, Desk, conflict, cooling, done, halt, halted, latch, lease, read, same, write,
    },
    report::Unmet,
};
use crate::ledger::{Ledger, LedgerError, Phase};

/// How many ask for one trial at once.
const ASKING: usize = 8;
/// How often they do.
const ROUNDS: usize = 4;

pub(super) async fn due<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("due"));
    let (latched, wall, cools, test) =
        (desk.id("latched"), desk.id("wall"), desk.id("cools"), desk.id("test"));
    write(&ledger, &account, latch(&latched)).await?;
    let held = |test| json!({"is": "held", "until": AT + 5, "test": test});
    write(&ledger, &account, halted(halt(&wall, "hold", held(false)))).await?;
    write(&ledger, &account, halted(halt(&test, "hold", held(true)))).await?;
    let expected = write(&ledger, &account, cooling(&cools, AT + 5)).await?.record;
    for (id, now, why) in [
        (&latched, AT + 9, "a latch has no trial"),
        (&wall, AT + 9, "a hold without a test has no trial"),
        (&test, AT + 4, "no trial begins before its time"),
        (&cools, AT + 4, "no trial begins before its time"),
        (&desk.id("unheard-of"), AT + 9, "a halt that is not open has no trial"),
    ] {
        let told = conflict(why, ledger.claim(&account, id, lease("p", now)).await)?;
        same("a conflict tells the account as it is", &expected, &told.record)?;
    }
    for id in [&test, &cools] {
        let answer = ledger.claim(&account, id, lease("p", AT + 5)).await;
        let opened = done("a trial whose time has come is lent", answer)?;
        let lent = Phase::Trial { holder: "p".to_owned(), until: AT + 5 + 1_800_000 };
        let phase = opened.record.halt(id).map(|halt| halt.phase.clone());
        same("to the holder, until the lease dies", &Some(lent), &phase)?;
    }
    let nobody = desk.account("due-nobody");
    let answer = ledger.claim(&nobody, &cools, lease("p", AT + 9)).await;
    conflict("an account has no trial of another one's halt", answer)?;
    Ok(())
}

pub(super) async fn one_holder<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("one-holder");
    let (here, there) = (Arc::new(desk.ledger().await), Arc::new(desk.ledger().await));
    for round in 0..ROUNDS {
        let id = desk.id(&format!("one{round}"));
        write(&here, &account, cooling(&id, AT)).await?;
        let mut asking = JoinSet::new();
        for number in 0..ASKING {
            let ledger = if number % 2 == 0 { here.clone() } else { there.clone() };
            let (account, id) = (account.clone(), id.clone());
            asking.spawn(async move {
                let holder = format!("p{number}");
                let answer = ledger.claim(&account, &id, lease(&holder, AT)).await;
                (holder, answer)
            });
        }
        let mut holders = Vec::new();
        for (holder, answer) in asking.join_all().await {
            match answer {
                Ok(_) => holders.push(holder),
                Err(LedgerError::Conflict(_)) => {}
                Err(error) => {
                    let expected = "who does not get the trial hears of a `Conflict`";
                    return Err(Unmet::new(expected, error.to_string()));
                }
            }
        }
        let [holder] = &holders[..] else {
            return Err(Unmet::new("one holder of all who ask gets the trial", holders));
        };
        let record = desk.reopened(&account).await?;
        let lent = record.halt(&id).is_some_and(|halt| halt.is_lent(&id, holder));
        same("and the record names that holder", &true, &lent)?;
        let later = there.claim(&account, &id, lease("late", AT + 9_000_000)).await;
        conflict("a lease that has died is not lent on before somebody says so", later)?;
    }
    Ok(())
}

pub(super) async fn back<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("back");
    let (here, there) = (desk.ledger().await, desk.ledger().await);
    let id = desk.id("back");
    write(&here, &account, cooling(&id, AT)).await?;
    let answer = here.release(&account, &id, lease("p", AT)).await;
    conflict("a trial that is not out cannot be given back", answer)?;
    let answer = here.claim(&account, &id, lease("p", AT)).await;
    let lent = done("a trial whose time has come is lent", answer)?.record;
    for ledger in [&here, &there] {
        let answer = ledger.release(&account, &id, lease("q", AT)).await;
        let told = conflict("only the holder gives a trial back", answer)?;
        same("a conflict tells the account as it is", &lent, &told.record)?;
    }
    let answer = there.release(&account, &id, lease("p", AT + 1)).await;
    done("the holder gives the trial back, through any handle", answer)?;
    let waits = Some(Phase::Cooling { until: AT + 1 });
    let phase = read(&here, &account).await?.halt(&id).map(|halt| halt.phase.clone());
    same("and the next one may have it", &waits, &phase)?;
    let answer = there.claim(&account, &id, lease("q", AT + 1)).await;
    done("a trial that was given back is lent again", answer)?;
    let answer = here.release(&account, &id, lease("p", AT + 2)).await;
    conflict("who had a trial before has it no longer", answer)?;
    Ok(())
}
