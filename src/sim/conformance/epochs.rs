//! The epoch is compared before anything is written.

use super::desk::{AT, Checked, Desk, conflict, done, hit, latch, read, said, same, write};
use crate::ledger::{Entry, Fact, Ledger};

pub(super) async fn compared<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("compared");
    let (here, there) = (desk.ledger().await, desk.ledger().await);
    // Known to one handle alone, if it keeps what it has read.
    read(&there, &account).await?;
    let mut expected = write(&here, &account, latch(&desk.id("c"))).await?.record;
    for ledger in [&here, &there] {
        for epoch in [expected.epoch - 1, expected.epoch + 1, u64::MAX] {
            let answer = ledger.record(&account, epoch, latch(&desk.id("late"))).await;
            let told = conflict("an entry against another epoch is none of this one's", answer)?;
            same("a conflict tells the account as it is", &expected, &told.record)?;
        }
    }
    let found = desk.reopened(&account).await?;
    same("a conflict writes nothing", &expected, &found)?;
    let answer = there.record(&account, expected.epoch, latch(&desk.id("next"))).await;
    let answered = done("an entry against the epoch that a conflict told is recorded", answer)?;
    expected.fold(&latch(&desk.id("next")));
    same("the answer is the record with the entry folded in", &expected, &answered.record)?;
    let nobody = desk.account("compared-nobody");
    let answer = here.record(&nobody, 1, latch(&desk.id("none"))).await;
    conflict("an account that nobody has recorded is at epoch 0", answer)?;
    Ok(())
}

pub(super) async fn any<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("any"));
    let id = desk.id("any");
    let mut expected = write(&ledger, &account, latch(&id)).await?.record;
    let observed = Fact::Observed { signal: Box::new(said("seen")) };
    for epoch in [0, 7, u64::MAX] {
        for entry in [hit(&id), Entry::new(AT, observed.clone()), Entry::new(AT, Fact::NoticeShown)]
        {
            let answer = ledger.record(&account, epoch, entry.clone()).await;
            let answered = done("what needs no epoch is recorded against any", answer)?;
            expected.fold(&entry);
            same("and the answer is the record with it", &expected, &answered.record)?;
        }
    }
    let found = desk.reopened(&account).await?;
    same("and it raises no epoch", &expected, &found)
}
