//! `planguard show`.

use std::fmt::Write as _;

use planguard::{
    account::Account,
    clock::Millis,
    ledger::{Acknowledgement, Halt, Ledger, LedgerError, Person, Record, Strike},
    signal::Signal,
};
use serde_json::{Value, json};

use crate::{
    account,
    failure::{Exit, Failure},
    out::Out,
    text::{block, line},
    time::{now, with_distance},
    view,
};

#[derive(clap::Args)]
pub struct Show {
    /// The account: `profile/name`, the name alone, or how one of them begins.
    account: String,
}

pub async fn run(ledger: &dyn Ledger, asked: &Show, out: &Out) -> Result<Exit, Failure> {
    let all = account::all(ledger).await?;
    let found = account::find(&all, &asked.account, &ledger.place())?;
    let now = now();
    out.answer(|| all_of(ledger, found, now), || told(ledger, found, now))?;
    Ok(if found.1.halts.is_empty() { Exit::Done } else { Exit::Halted })
}

/// What `list` says, what is over, and the record itself.
fn all_of(ledger: &dyn Ledger, found: &(Account, Record), now: Millis) -> Value {
    let mut value = view::account_json(ledger, found, now);
    value["ledger"] = json!(ledger.place());
    value["released"] = found.1.released.iter().map(view::released_json).collect();
    value["record"] = json!(found.1);
    value
}

fn told(ledger: &dyn Ledger, (account, record): &(Account, Record), now: Millis) -> String {
    let mut page = format!(
        "account   {}\nstanding  {}\nstrikes   {}\n",
        line(account.as_str()),
        if record.halts.is_empty() { "open" } else { "halted" },
        view::strikes(account, record)
    );
    if let Some(slots) = record.reduced_slots {
        let _ = writeln!(
            page,
            "slots     at most {slots} since a probation passed, until a person acknowledges a halt"
        );
    }
    for halt in &record.halts {
        page += &told_halt(ledger, account, halt, now);
    }
    if is_last_chance(record, now) {
        page += "\nThe next confirmed strike may end the account: whoever releases it adds --last-chance.\n";
    }
    if !record.evidence.is_empty() {
        page += "\nEvidence, as a page for an appeal:\n";
    }
    for piece in &record.evidence {
        let (at, id) = (with_distance(piece.evidence.at, now), line(&piece.halt));
        let strike = match piece.strike {
            Strike::Confirmed => "confirmed",
            _ => "suspected",
        };
        let what = what(&piece.evidence.signal);
        let _ = writeln!(page, "  {at}  {strike}  {what}\n    planguard export {id}");
    }
    if !record.released.is_empty() {
        page += "\nOver:\n";
    }
    for over in record.released.iter().rev() {
        let why = over.class.map_or("halted by hand", |class| class.as_str());
        let how = match &over.by {
            Some(by) => format!("released by {}", view::person(by)),
            None => "ended by itself".to_owned(),
        };
        let _ = writeln!(
            page,
            "  {}  {} ({why}), {}, {how}",
            line(&over.id),
            over.kind.as_str(),
            with_distance(over.at, now)
        );
    }
    page
}

/// Whether a release has to say that the next strike may end the account.
fn is_last_chance(record: &Record, now: Millis) -> bool {
    let word = Acknowledgement::new(Person::new("", ""), now);
    let refused = record.halts.first().map(|halt| word.decide(record, &halt.id));
    matches!(refused, Some(Err(LedgerError::LastChance { .. })))
}

fn told_halt(ledger: &dyn Ledger, account: &Account, halt: &Halt, now: Millis) -> String {
    let mut part = format!("\nhalt {}\n", line(&halt.id));
    let mut row = |name: &str, text: &str| {
        let _ = writeln!(part, "  {name:<9} {text}");
    };
    row("standing", halt.phase.as_str());
    row("since", &with_distance(halt.since, now));
    row("ended by", &view::end(halt, now));
    row("reaches", view::reach(halt));
    if let Some(by) = &halt.by {
        row("halted by", &line(&by.name));
        row("", &line(&by.note));
    }
    if let Some(kept) = &halt.signal {
        let signal = &kept.0;
        row("what", &what(signal));
        if let Some(endpoint) = view::endpoint(account, halt) {
            row("endpoint", &endpoint);
        }
        if let Some(id) = &signal.request_id {
            row("request", &line(id));
        }
        row("answers", &halt.hits.to_string());
        if let Some(hint) = &signal.hint {
            row("hint", &line(hint));
        }
        if signal.message.is_empty() {
            row("words", "the provider gave none");
        } else {
            row("words", "the provider's own:");
            part += &block(&signal.message, "    ");
        }
    }
    let next = view::next(halt);
    let command = ledger.release_command(&halt.id);
    let _ = writeln!(part, "  next      {next}:\n    {}", line(&command));
    part
}

/// As in `policy_violation, code 1313, status 429 (rule fair-usage)`.
pub fn what(signal: &Signal) -> String {
    let code = signal.code.as_deref().map(|code| format!(", code {}", line(code)));
    let rule = signal.rule.as_deref().map(|rule| format!(" (rule {})", line(rule)));
    format!(
        "{}{}, status {}{}",
        signal.class,
        code.unwrap_or_default(),
        signal.status,
        rule.unwrap_or_default()
    )
}
