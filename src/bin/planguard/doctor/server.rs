//! A ledger on Redis.

use planguard::ledger::Ledger as _;

use super::{Findings, Grade};
use crate::place::builder;

/// Connects as any program does, which sees whether the server can be written
/// (it marks a schema that is not marked yet), and reads all that it has.
/// Answers with the place, which holds no password.
pub async fn examine(
    address: &str,
    prefix: Option<&str>,
    findings: &mut Findings,
) -> Option<String> {
    // Without the copy of its halts, which would be made on this machine.
    let settings = || builder(address, prefix).without_shadow();
    let ledger = match settings().connect_later() {
        Ok(ledger) => ledger,
        Err(error) => {
            findings.add(Grade::Broken, "place", error.to_string());
            return None;
        }
    };
    let place = Some(ledger.place());
    if let Err(error) = settings().connect().await {
        findings.add(Grade::Broken, "server", error.to_string());
        return place;
    }
    match ledger.list().await {
        Ok(all) => {
            findings.add(Grade::Ok, "server", "it can be read and written");
            findings.add_accounts(&all);
        }
        Err(error) => findings.add(Grade::Broken, "server", error.to_string()),
    }
    place
}
