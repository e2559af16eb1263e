//! `planguard acknowledge`.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use planguard::{
    account::Account,
    ledger::{Acknowledgement, Halt, Ledger, Person, Record},
};
use serde_json::json;

use crate::{
    account,
    failure::{Exit, Failure},
    out::Out,
    show::what,
    text::{block, line},
    time::now,
    view,
};

/// An id has a dozen letters.
const TYPED_BYTES: u64 = 1_024;

#[derive(clap::Args)]
pub struct Acknowledge {
    /// The halt's id, as refusals, the log and `list` name it.
    halt: String,
    /// Who releases it.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What was done about it.
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Say that you know: the next confirmed strike may end the account.
    #[arg(long)]
    last_chance: bool,
    /// Nobody sits at a terminal: ask for nothing, and release an account
    /// at most once in 10 minutes.
    #[arg(long)]
    no_terminal: bool,
}

impl Acknowledge {
    pub async fn run(&self, ledger: &dyn Ledger, out: &Out) -> Result<Exit, Failure> {
        let mut word = Acknowledgement::new(Person::signed(&self.by, &self.note)?, now());
        if self.last_chance {
            word = word.last_chance();
        }
        if self.no_terminal {
            word = word.unattended();
        } else if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            let say = "nobody sits at a terminal to read the provider's words and confirm: run it there, or say --no-terminal";
            return Err(Failure::new(Exit::Refused, say));
        } else {
            self.confirm(ledger, &word, out).await?;
            // The person has taken their time.
            word.at = now();
        }
        let (account, opened) = ledger.acknowledge(&self.halt, word).await?;
        tell(ledger, &self.halt, &(account, opened.record), out)
    }

    /// Shows what the provider said, and has the id typed.
    async fn confirm(
        &self,
        ledger: &dyn Ledger,
        word: &Acknowledgement,
        out: &Out,
    ) -> Result<(), Failure> {
        let all = account::all(ledger).await?;
        let open = all.iter().find_map(|(account, record)| {
            record.halt(&self.halt).map(|halt| (account, record, halt))
        });
        let Some((account, record, halt)) = open else {
            let records = all.iter().map(|(_, record)| record);
            return Err(Acknowledgement::unknown(&self.halt, records).into());
        };
        // No question is asked whose answer is known.
        word.decide(record, &self.halt)?;
        out.aside(&question(account, record, halt))?;
        let mut typed = String::new();
        io::stdin().lock().take(TYPED_BYTES).read_line(&mut typed)?;
        match typed.trim() == self.halt {
            true => Ok(()),
            false => {
                Err(Failure::new(Exit::Refused, "that is not the halt's id: nothing is released"))
            }
        }
    }
}

fn question(account: &Account, record: &Record, halt: &Halt) -> String {
    let said = match (&halt.signal, &halt.by) {
        (Some(kept), _) => {
            let words = match kept.0.message.as_str() {
                "" => "    (no words)\n".to_owned(),
                words => block(words, "    "),
            };
            format!("The provider said ({}):\n{words}", what(&kept.0))
        }
        (None, Some(by)) => format!("It was halted by {}\n", view::person(by)),
        (None, None) => String::new(),
    };
    format!(
        "{}: halt {}, {}.\n{said}Strikes: {}.\nThe account may send again at once, and its strikes stay counted.\nType the halt's id to release it: ",
        line(account.as_str()),
        line(&halt.id),
        halt.phase.as_str(),
        view::strikes(account, record),
    )
}

fn tell(
    ledger: &dyn Ledger,
    halt: &str,
    found: &(Account, Record),
    out: &Out,
) -> Result<Exit, Failure> {
    let (account, record) = found;
    let open: Vec<_> = record.halts.iter().map(|halt| halt.id.as_str()).collect();
    out.answer(
        || {
            json!({
                "released": halt, "account": account, "still_open": open,
                "strikes": view::strikes(account, record), "ledger": ledger.place(),
            })
        },
        || {
            let rest = match open[..] {
                [] => "It may send again".to_owned(),
                _ => format!("It stays halted by {}", line(&open.join(", "))),
            };
            let (account, strikes) = (line(account.as_str()), view::strikes(account, record));
            format!("Released {} of {account}. {rest}. Strikes: {strikes}.\n", line(halt))
        },
    )?;
    Ok(Exit::Done)
}
