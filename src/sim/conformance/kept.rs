//! What was said is kept, by the time at which it is answered.

use std::time::Duration;

use serde_json::json;

use super::desk::{
    AT, Checked, Desk, cooling, done, halt, halted, hit, holds, latch, lease, read, said, same,
    word, write,
};
use crate::ledger::{Ended, Entry, Fact, Halt, HaltKind, Ledger, Person, Phase, Record};

/// How long what was answered may take to show up after a restart. A ledger
/// that writes before it answers needs none of it.
const PATIENCE: u32 = 1_000;
/// How often an answer is compared with what others find at once.
const ROUNDS: usize = 16;

pub(super) async fn place<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let ledger = desk.ledger().await;
    holds("`place` says where it is", !ledger.place().trim().is_empty(), ledger.place())?;
    let command = ledger.release_command("h-named");
    holds("`release_command` names the halt", command.contains("h-named"), command)
}

pub(super) async fn folded<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let (ledger, account) = (desk.ledger().await, desk.account("folded"));
    let mut expected = Record::default();
    let unknown = read(&ledger, &account).await?;
    same("an account that nobody has recorded has the default record", &expected, &unknown)?;
    for entry in one_of_each(&desk.id("a"), &desk.id("b")) {
        expected.fold(&entry);
        let answered = write(&ledger, &account, entry).await?.record;
        same("the answer is the record with the entry folded in", &expected, &answered)?;
        let found = read(&ledger, &account).await?;
        same("what is read is what was answered", &expected, &found)?;
    }
    Ok(())
}

/// Every kind of entry, on two halts.
fn one_of_each(a: &str, b: &str) -> Vec<Entry> {
    let at = |fact| Entry::new(AT, fact);
    let graver = halt(b, "latch", json!({"is": "latched"}));
    let by = Person::new("Ada", "stopped the job");
    let mut by_a_person = Halt { signal: None, by: Some(by.clone()), ..graver.clone() };
    by_a_person.id = format!("{a}-by-a-person");
    let moved = |phase| Fact::Moved { halt: b.to_owned(), phase, pause_ms: 7, dead_leases: 1 };
    vec![
        latch(a),
        cooling(b, AT),
        hit(a),
        at(moved(Phase::Trial { holder: "p".to_owned(), until: AT + 9 })),
        at(Fact::GivenBack { halt: b.to_owned(), holder: "q".to_owned() }),
        at(Fact::GivenBack { halt: b.to_owned(), holder: "p".to_owned() }),
        at(moved(Phase::Watching { since: AT })),
        at(Fact::Ended { halt: b.to_owned(), how: Ended::Passed }),
        hit(b),
        halted(halt(&format!("{b}-held"), "hold", json!({"is": "held", "until": 5, "test": true}))),
        at(Fact::Raised { halt: Box::new(Halt { kind: HaltKind::Latch, ..graver }) }),
        halted(by_a_person),
        at(Fact::Acknowledged { halt: a.to_owned(), by }),
        at(Fact::Observed { signal: Box::new(said("seen")) }),
        at(Fact::NoticeShown),
        hit("h-unheard-of"),
    ]
}

pub(super) async fn reopened<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("reopened");
    let first = desk.ledger().await;
    let expected = write(&first, &account, latch(&desk.id("r"))).await?.record;
    drop(first);
    let mut found = desk.reopened(&account).await?;
    // Late is another check's.
    for _ in 0..PATIENCE {
        if found == expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        found = desk.reopened(&account).await?;
    }
    same("what was answered with `Ok` is there after a restart", &expected, &found)
}

pub(super) async fn written<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("written");
    let (here, there) = (desk.ledger().await, desk.ledger().await);
    let expected = "what was answered with `Ok` is there for others at once";
    for round in 0..ROUNDS {
        let id = desk.id(&format!("w{round}"));
        let answered = write(&here, &account, latch(&id)).await?.record;
        same(expected, &answered, &read(&there, &account).await?)?;
        same(expected, &answered, &desk.reopened(&account).await?)?;
        let released =
            done("a person releases the account's halt", here.acknowledge(&id, word(AT)).await)?;
        same(expected, &released.1.record, &read(&there, &account).await?)?;
    }
    let id = desk.id("w-trial");
    write(&here, &account, cooling(&id, AT)).await?;
    let due = "the trial of a halt that is due is lent";
    let lent = done(due, here.claim(&account, &id, lease("p", AT)).await)?;
    same(expected, &lent.record, &read(&there, &account).await?)?;
    let back = "the holder gives the trial back";
    let back = done(back, here.release(&account, &id, lease("p", AT)).await)?;
    same(expected, &back.record, &read(&there, &account).await?)
}

pub(super) async fn opened<L: Ledger>(desk: &Desk<'_, impl AsyncFn() -> L>) -> Checked {
    let account = desk.account("opened");
    let first = desk.ledger().await;
    // All of these are over, if time alone counted.
    for (name, kind, phase) in [
        ("latched", "latch", json!({"is": "latched"})),
        ("held", "hold", json!({"is": "held", "until": 1, "test": false})),
        ("tested", "hold", json!({"is": "held", "until": 1, "test": true})),
        ("cooling", "probation", json!({"is": "cooling", "until": 1})),
        ("lent", "probation", json!({"is": "trial", "holder": "dead", "until": 1})),
        ("watched", "probation", json!({"is": "watching", "since": 1})),
    ] {
        write(&first, &account, halted(halt(&desk.id(name), kind, phase))).await?;
    }
    let expected = read(&first, &account).await?;
    drop(first);
    for _ in 0..3 {
        let found = desk.reopened(&account).await?;
        same("opening changes no record", &expected, &found)?;
    }
    Ok(())
}
