//! What is kept is kept as it was said.

use super::desk::{
    AT, Checked, Desk, done, halt, halted, latch, lease, read, said, same, word, write,
};
use crate::ledger::{
    Acknowledgement, Entry, Fact, Halt, HaltKind, KeptSignal, Ledger, Person, Phase,
};

/// What a store that quotes by hand, or that splits by lines, gets wrong.
const TEXTS: [&str; 8] = [
    "two\nlines\r\n",
    "nul \u{0} and \u{7f}",
    "\"quoted\" 'twice' \\ and `back`",
    "{tag} * ? [a-z] : % $1 ; --",
    "\u{2028} \u{feff} \u{202e}",
    "é e\u{301} \u{1f600} 违规",
    " spaces ",
    "a/b//c",
];
const LONG_BYTES: usize = 1024 * 1024;

pub(super) async fn any<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let ledger = desk.ledger().await;
    let long = "wörter ".repeat(LONG_BYTES / 8);
    for (number, text) in TEXTS.into_iter().chain([&*long]).enumerate() {
        // Nobody names an account by a whole message.
        let name: String = text.chars().take(200).collect();
        let (account, id) = (desk.account(&name), desk.id(&format!("t{number}{name}")));
        let by = Person::new(text, text);
        let signal = Some(KeptSignal(Box::new(said(text))));
        let struck = halt(&id, "latch", serde_json::json!({"is": "latched"}));
        write(&ledger, &account, halted(Halt { signal, ..struck })).await?;
        let mut expected = read(&ledger, &account).await?;
        let message = expected.halt(&id).and_then(|halt| halt.signal.as_ref());
        same("the provider's words are kept", &Some(text), &message.map(|s| &*s.0.message))?;
        let answer = ledger.acknowledge(&id, Acknowledgement::new(by.clone(), AT)).await;
        let (whose, opened) = done("a halt of any id is released", answer)?;
        same("and its account is named", &account, &whose)?;
        expected.fold(&Entry::new(AT, Fact::Acknowledged { halt: id, by }));
        same("names and notes are kept", &expected, &opened.record)?;
        same("also after a restart", &expected, &desk.reopened(&account).await?)?;
    }
    // Accounts that only look alike.
    let alike = ["alike", "Alike", "alike ", "alike\u{0}", "al\u{456}ke", "alike/"];
    for (number, name) in alike.into_iter().enumerate() {
        let id = desk.id(&format!("alike{number}"));
        let record = write(&ledger, &desk.account(name), latch(&id)).await?.record;
        same("accounts that only look alike are two", &1, &record.halts.len())?;
    }
    Ok(())
}

pub(super) async fn numbers<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("numbers"));
    // What a double holds no longer, what a signed number does not, the largest.
    for (step, number) in [(1 << 53) + 1, (1 << 63) + 1, u64::MAX, 0].into_iter().enumerate() {
        let id = desk.id(&format!("number{step}"));
        let phase = Phase::Cooling { until: number };
        let halt = Halt {
            kind: HaltKind::Probation,
            since: number,
            hits: u32::MAX,
            dead_leases: u32::MAX,
            in_flight: u32::MAX,
            pause_ms: number,
            longest_ms: number,
            phase,
            ..halt(&id, "latch", serde_json::json!({"is": "latched"}))
        };
        let mut expected = read(&ledger, &account).await?;
        // The last one is long before the others: a clock was set back.
        let entry = Entry::new(number, Fact::Halted { halt: Box::new(halt) });
        expected.fold(&entry);
        write(&ledger, &account, entry).await?;
        let found = desk.reopened(&account).await?;
        same("numbers of any size are kept", &expected, &found)?;
        let answer = ledger.claim(&account, &id, lease("p", number)).await;
        let opened = done("a trial is lent by them", answer)?;
        let until = number.saturating_add(1_800_000);
        let lent = Phase::Trial { holder: "p".to_owned(), until };
        let phase = opened.record.halt(&id).map(|halt| halt.phase.clone());
        same("and dies by them", &Some(lent), &phase)?;
        let released = ledger.acknowledge(&id, word(number)).await;
        done("a person releases by them", released)?;
    }
    Ok(())
}
