//! `planguard watch`.

use std::{collections::BTreeMap, time::Duration};

use planguard::{
    account::Account,
    ledger::{Halt, Ledger, Record, Released},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    account,
    failure::{Exit, Failure},
    out::Out,
    text::line,
    time::{now, rfc3339},
    view,
};

#[derive(clap::Args)]
pub struct Watch {
    /// How often to look, in seconds.
    #[arg(long, value_name = "SECS", default_value = "1", value_parser = secs)]
    interval: Duration,
    /// Look once, and end.
    #[arg(long)]
    once: bool,
    /// End after so many seconds.
    #[arg(long = "for", value_name = "SECS", value_parser = secs, conflicts_with = "once")]
    length: Option<Duration>,
}

fn secs(text: &str) -> Result<Duration, String> {
    let secs = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    let length = Duration::try_from_secs_f64(secs).map_err(|error| error.to_string())?;
    match length < Duration::from_millis(10) {
        true => Err("at least 0.01".to_owned()),
        false => Ok(length),
    }
}

impl Watch {
    pub async fn run(&self, ledger: &dyn Ledger, out: &Out) -> Result<Exit, Failure> {
        let began = Instant::now();
        let mut known = BTreeMap::new();
        let mut trouble: Option<Failure> = None;
        // At the first look all that is halted is told; later, what is new.
        let mut unseen: Option<Record> = None;
        loop {
            match account::all(ledger).await {
                Ok(all) => {
                    if trouble.take().is_some() {
                        tell_store(ledger, "ledger_back", "it can be read again", out)?;
                    }
                    for (account, record) in all {
                        let before = known.insert(account.clone(), record.clone());
                        for change in changes(before.as_ref().or(unseen.as_ref()), &record) {
                            change.tell(ledger, &account, &record, out)?;
                        }
                    }
                    unseen = Some(Record::default());
                }
                // Told once: whoever watches waits for it to come back.
                Err(failure) => {
                    if trouble.is_none() {
                        tell_store(ledger, "ledger_unavailable", &failure.message, out)?;
                    }
                    trouble = Some(failure);
                }
            }
            let left = self.length.map(|length| length.saturating_sub(began.elapsed()));
            if self.once || left == Some(Duration::ZERO) {
                return trouble.map_or(Ok(Exit::Done), Err);
            }
            tokio::time::sleep(left.map_or(self.interval, |left| left.min(self.interval))).await;
        }
    }
}

/// One thing that became of an account since it was looked at last.
struct Change<'a> {
    what: &'static str,
    halt: Option<&'a Halt>,
    over: Option<&'a Released>,
}

/// What has changed. At the first look: what is halted.
fn changes<'a>(before: Option<&Record>, record: &'a Record) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let mut halted = |what, halt| changes.push(Change { what, halt: Some(halt), over: None });
    let Some(before) = before else {
        record.halts.iter().for_each(|halt| halted("halted", halt));
        return changes;
    };
    if before.revision == record.revision {
        return changes;
    }
    for halt in &record.halts {
        match before.halt(&halt.id) {
            None => halted("halted", halt),
            Some(old) if (old.kind, old.strike) != (halt.kind, halt.strike) => {
                halted("raised", halt)
            }
            Some(old) if old.phase != halt.phase => halted("moved", halt),
            Some(old) if old.hits != halt.hits => halted("answered", halt),
            Some(_) => {}
        }
    }
    let is_new = |over: &&Released| !before.released.iter().any(|old| old.id == over.id);
    for over in record.released.iter().filter(is_new) {
        let what = if over.by.is_some() { "released" } else { "ended" };
        changes.push(Change { what, halt: None, over: Some(over) });
    }
    if changes.is_empty() {
        changes.push(Change { what: "noted", halt: None, over: None });
    }
    changes
}

impl Change<'_> {
    fn tell(
        &self,
        ledger: &dyn Ledger,
        account: &Account,
        record: &Record,
        out: &Out,
    ) -> Result<(), Failure> {
        let now = now();
        out.answer(
            || {
                json!({
                    "at": rfc3339(now), "what": self.what, "account": account,
                    "halt": self.halt.map(|halt| view::halt_json(ledger, account, halt, now)),
                    "over": self.over.map(view::released_json),
                    "strikes": view::strikes(account, record),
                })
            },
            || {
                let about = match (self.halt, self.over) {
                    (Some(halt), _) => {
                        let class = halt.class().map_or("by hand", |class| class.as_str());
                        let (id, standing) = (line(&halt.id), halt.phase.as_str());
                        format!("  {id}  {standing} ({class}), ended by {}", view::end(halt, now))
                    }
                    (None, Some(over)) => {
                        let by = over.by.as_ref().map(|by| format!("  by {}", view::person(by)));
                        format!("  {}{}", line(&over.id), by.unwrap_or_default())
                    }
                    (None, None) => String::new(),
                };
                let (name, strikes) = (line(account.as_str()), view::strikes(account, record));
                format!("{}  {name}  {}{about}; {strikes}", rfc3339(now), self.what)
            },
        )?;
        Ok(())
    }
}

fn tell_store(ledger: &dyn Ledger, what: &str, message: &str, out: &Out) -> Result<(), Failure> {
    let at = rfc3339(now());
    let value = || -> Value {
        json!({ "at": at, "what": what, "ledger": ledger.place(), "message": message })
    };
    out.answer(value, || format!("{at}  {what}: {}", line(message)))?;
    Ok(())
}
