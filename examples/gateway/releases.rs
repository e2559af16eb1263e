//! Halts that end, whoever ends them: the operator's command is another
//! program, of which a guard hears with its account's next request only.

use std::{collections::BTreeSet, time::Duration};

use planguard::{
    PlanGuard,
    account::Account,
    ledger::{Record, Released},
};

/// So often the ledger is looked at.
pub const LOOK: Duration = Duration::from_secs(2);

/// A halt that is over.
pub struct Release {
    pub account: Account,
    pub released: Released,
}

/// Calls `tell` for each halt that is over from here on.
pub async fn watch(plan: PlanGuard, look: Duration, mut tell: impl FnMut(Release)) {
    let mut known = None;
    loop {
        // A ledger that cannot be read is told where requests meet it.
        if let Ok(recorded) = plan.ledger().await {
            let over = |known: &BTreeSet<String>| fresh(known, &recorded);
            known.as_ref().map(over).unwrap_or_default().into_iter().for_each(&mut tell);
            let all = recorded.iter().flat_map(|(_, record)| &record.released);
            known = Some(all.map(|released| released.id.clone()).collect());
        }
        tokio::time::sleep(look).await;
    }
}

fn fresh(known: &BTreeSet<String>, recorded: &[(Account, Record)]) -> Vec<Release> {
    let all = recorded.iter().flat_map(|(account, record)| {
        record.released.iter().map(move |released| (account, released))
    });
    all.filter(|(_, released)| !known.contains(&released.id))
        .map(|(account, released)| Release { account: account.clone(), released: released.clone() })
        .collect()
}
