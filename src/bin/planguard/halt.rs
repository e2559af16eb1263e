//! `planguard halt`.

use planguard::{
    account::Account,
    ledger::{Person, latch},
};
use serde_json::json;

use crate::{
    account::{self, Meant},
    failure::{Exit, Failure},
    out::Out,
    place::Place,
    text::line,
    time::now,
    view,
};

#[derive(clap::Args)]
pub struct Halt {
    /// The account: `profile/name`, the name alone, or how one of them begins.
    /// One that the ledger has not seen is named in full.
    account: String,
    /// Who halts it.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    note: String,
}

impl Halt {
    pub async fn run(&self, place: &Place, out: &Out) -> Result<Exit, Failure> {
        let by = Person::signed(&self.by, &self.note)?;
        // A halt may be the first thing that a ledger hears of.
        let ledger = &*place.open_or_begin(out).await?;
        let (account, is_known) = self.meant(&ledger.list().await?)?;
        let halt = latch::halt(ledger, &account, by, now()).await?;
        let command = ledger.release_command(&halt.id);
        out.answer(
            || {
                json!({
                    "account": account, "known_before": is_known, "ledger": ledger.place(),
                    "halt": view::halt_json(ledger, &account, &halt, now()),
                })
            },
            || {
                let account = line(account.as_str());
                let unseen = match is_known {
                    true => String::new(),
                    false => format!("The ledger had not seen {account} before: see that its name is right.\n"),
                };
                format!(
                    "Halted {account} on {}: {}.\n{unseen}Nothing is sent for it until a person releases it:\n  {}\n",
                    view::reach(&halt),
                    line(&halt.id),
                    line(&command)
                )
            },
        )?;
        Ok(Exit::Done)
    }

    /// The account, and whether the ledger has seen it.
    fn meant(
        &self,
        all: &[(Account, planguard::ledger::Record)],
    ) -> Result<(Account, bool), Failure> {
        match account::meant(all, &self.account) {
            Meant::One((account, _)) => Ok((account.clone(), true)),
            Meant::Several(several) => Err(account::ambiguous(&self.account, &several)),
            Meant::Nobody => match Account::try_from(self.account.clone()) {
                Ok(account) => Ok((account, false)),
                Err(error) => Err(Failure::new(
                    Exit::Unknown,
                    format!("{error}; the ledger has seen none that begins so"),
                )),
            },
        }
    }
}
