//! `planguard list`.

use comfy_table::{Table, presets::ASCII_MARKDOWN};
use planguard::{
    account::Account,
    clock::Millis,
    ledger::{Ledger, Record},
};
use serde_json::json;

use crate::{
    account,
    failure::{Exit, Failure},
    out::Out,
    text::line,
    time::{now, with_distance},
    view,
};

pub async fn run(ledger: &dyn Ledger, out: &Out) -> Result<Exit, Failure> {
    let mut all = account::all(ledger).await?;
    all.sort_by_key(|(_, record)| record.halts.is_empty());
    let now = now();
    let halted = all.iter().filter(|(_, record)| !record.halts.is_empty()).count();
    out.answer(
        || {
            let accounts: Vec<_> =
                all.iter().map(|one| view::account_json(ledger, one, now)).collect();
            json!({ "ledger": ledger.place(), "halted": halted, "accounts": accounts })
        },
        || told(ledger, &all, halted, now),
    )?;
    Ok(if halted == 0 { Exit::Done } else { Exit::Halted })
}

fn told(ledger: &dyn Ledger, all: &[(Account, Record)], halted: usize, now: Millis) -> String {
    let place = line(&ledger.place());
    if all.is_empty() {
        return format!("No account was ever halted or struck ({place}).\n");
    }
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["account", "standing", "halt", "strikes", "since", "ended by"]);
    let mut next = String::new();
    for (account, record) in all {
        let (name, strikes) = (line(account.as_str()), view::strikes(account, record).to_string());
        if record.halts.is_empty() {
            table.add_row([&name, "open", "", &strikes, "", ""]);
        }
        for halt in &record.halts {
            table.add_row([
                &name,
                halt.phase.as_str(),
                &line(&halt.id),
                &strikes,
                &with_distance(halt.since, now),
                &view::end(halt, now),
            ]);
            let command = ledger.release_command(&halt.id);
            next += &format!("\n{}: {}.\n  {}\n", line(&halt.id), view::next(halt), line(&command));
        }
    }
    let number = all.len();
    format!("{table}\n{number} known, {halted} halted ({place}).\n{next}")
}
