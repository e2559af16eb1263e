//! Several who have the store open at once.

use std::{collections::BTreeMap, sync::Arc};

use tokio::task::JoinSet;

use super::{
    desk::{
        AT, Checked, Desk, changed, cooling, done, hit, holds, latch, lease, read, same, word,
        write,
    },
    report::Unmet,
};
use crate::{
    account::Account,
    ledger::{Entry, Fact, Ledger, LedgerError, Record},
};

/// How many handles write at once, and how much each of them.
const HANDLES: usize = 4;
const HITS: u32 = 8;
const HALTS: usize = 4;
/// More accounts than a store reads at once.
const LISTED: usize = 99;

pub(super) async fn seen<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (account, other) = (desk.account("seen"), desk.account("seen-too"));
    let (here, there) = (desk.ledger().await, desk.ledger().await);
    let id = desk.id("seen");
    // Every way to write, and what it is about.
    for step in ["record", "hit", "claim", "release", "acknowledge"] {
        let before = done("the account can be read", here.open(&account).await)?;
        let expected = match step {
            "record" => write(&there, &account, cooling(&id, AT)).await?,
            "hit" => write(&there, &account, hit(&id)).await?,
            "claim" => done("a trial is lent", there.claim(&account, &id, lease("p", AT)).await)?,
            "release" => {
                done("it is given back", there.release(&account, &id, lease("p", AT)).await)?
            }
            _ => done("a halt is released", there.acknowledge(&id, word(AT)).await)?.1,
        };
        // To read another account is not to have seen this one.
        read(&here, &other).await?;
        let says = changed(&here, &account, before.version).await?;
        let no = format!("`changed` does not say no after another handle's `{step}`");
        holds(&no, says, "it says no")?;
        let found = read(&here, &account).await?;
        same("what another handle wrote is read", &expected.record, &found)?;
    }
    // A version that came with one's own write counts from there.
    let own = write(&here, &account, latch(&desk.id("own"))).await?;
    write(&there, &account, hit(&desk.id("own"))).await?;
    let says = changed(&here, &account, own.version).await?;
    holds("`changed` does not say no after another's write upon one's own", says, "it says no")
}

pub(super) async fn at_once<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("crowd");
    let first = desk.id("crowd");
    write(&desk.ledger().await, &account, latch(&first)).await?;
    let mut writing = JoinSet::new();
    for number in 0..HANDLES {
        let ledger = Arc::new(desk.ledger().await);
        let ids: Vec<_> = (0..HALTS).map(|of| desk.id(&format!("crowd{number}x{of}"))).collect();
        let (again, account_too, first) = (ledger.clone(), account.clone(), first.clone());
        writing.spawn(async move {
            for _ in 0..HITS {
                let answer = again.record(&account_too, 0, hit(&first)).await;
                done("a hit is recorded amid a crowd", answer)?;
            }
            Ok(())
        });
        let account = account.clone();
        writing.spawn(async move {
            for id in ids {
                insist(&ledger, &account, &id).await?;
            }
            Ok(())
        });
    }
    for outcome in writing.join_all().await {
        outcome?;
    }
    let record = desk.reopened(&account).await?;
    let hits = record.halt(&first).map(|halt| halt.hits);
    same("every hit is counted", &Some(1 + HANDLES as u32 * HITS), &hits)?;
    let halts = 1 + HANDLES * HALTS;
    same("every halt that was answered with `Ok` is there, once", &halts, &record.halts.len())?;
    let confirmed = record.strikes.confirmed as usize;
    same("and every strike is counted, once", &halts, &confirmed)?;
    let written = (halts + HANDLES * HITS as usize) as u64;
    same("and nothing else was written", &written, &record.revision)
}

/// Records a halt against whatever epoch a conflict tells.
async fn insist(ledger: &impl Ledger, account: &Account, id: &str) -> Checked {
    let mut epoch = read(ledger, account).await?.epoch;
    loop {
        match ledger.record(account, epoch, latch(id)).await {
            Ok(_) => return Ok(()),
            Err(LedgerError::Conflict(opened)) if opened.record.epoch > epoch => {
                epoch = opened.record.epoch;
            }
            other => {
                let expected = "a conflict amid a crowd tells a later epoch";
                return Err(Unmet::new(expected, other));
            }
        }
    }
}

pub(super) async fn listed<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let ledger = desk.ledger().await;
    let mut expected: BTreeMap<Account, Record> = BTreeMap::new();
    for number in 0..LISTED {
        // Also before and after all others of this run.
        let name = format!("{}listed{number}", ["", "!", "~"][number % 3]);
        let account = desk.account(&name);
        let entry = match number {
            0 => Entry::new(AT, Fact::NoticeShown),
            _ => latch(&desk.id(&format!("listed{number}"))),
        };
        expected.insert(account.clone(), write(&ledger, &account, entry).await?.record);
    }
    let released = ledger.acknowledge(&desk.id("listed2"), word(AT)).await;
    let (account, opened) = done("an open halt is released", released)?;
    expected.insert(account, opened.record);
    let asked_for = desk.account("listed-by-nobody");
    read(&ledger, &asked_for).await?;
    let all = done("all accounts can be read", desk.ledger().await.list().await)?;
    for (account, record) in &expected {
        let mut found = all.iter().filter(|(known, _)| known == account);
        let listed = found.next().map(|(_, record)| record);
        same("an account that was recorded is listed, as it is", &Some(record), &listed)?;
        holds("it is listed once", found.next().is_none(), account)?;
    }
    let stranger = all.iter().any(|(known, _)| *known == asked_for);
    holds("an account that was only asked for is not listed", !stranger, asked_for)
}
