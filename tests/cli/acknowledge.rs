//! A halt ends by a person's word, and by nothing less.

use planguard::ledger::{Fact, Person};
use serde_json::json;

use crate::desk::{Desk, millis};

fn word<'a>(halt: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["acknowledge", halt, "--by", "Ada", "--note", "stopped the job"];
    args.extend(more);
    args
}

#[test]
fn a_script_releases_a_halt_and_says_that_it_is_one() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    desk.halted("ada", "h-b", json!({ "reach": "endpoint" }));
    // A confirmed strike each: the second makes it the last chance.
    let told = desk.json(0, &word("h-a", &["--no-terminal", "--last-chance"]));
    assert_eq!((&told["released"], &told["account"]), (&json!("h-a"), &json!("zai/ada")));
    assert_eq!(told["still_open"], json!(["h-b"]));
    assert_eq!(desk.open_halts("ada"), ["h-b"]);
    desk.halted("bob", "h-c", json!({}));
    desk.run(&word("h-c", &["--no-terminal"]))
        .says(0, &["Released h-c of zai/bob. It may send again. Strikes: 1 confirmed"]);
}

#[test]
fn without_a_terminal_nothing_is_released_unless_the_script_says_so() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    desk.run(&word("h-a", &[])).says(5, &["nobody sits at a terminal", "--no-terminal"]);
    assert_eq!(desk.json(5, &word("h-a", &[]))["error"], "refused");
    assert_eq!(desk.open_halts("ada"), ["h-a"]);
}

#[test]
fn an_id_that_is_over_or_unknown_is_refused_with_the_reason_and_the_current_one() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    desk.run(&word("h-a", &["--no-terminal"])).says(0, &[]);
    desk.halted("ada", "h-b", json!({}));
    desk.run(&word("h-a", &["--no-terminal", "--last-chance"]))
        .says(4, &["no open halt `h-a`: Ada released it at 20", "open now: h-b"]);
    desk.run(&word("h-none", &["--no-terminal"]))
        .says(4, &["no open halt `h-none`; open now: h-b"]);
    let error = desk.json(4, &word("h-none", &["--no-terminal"]));
    assert_eq!((&error["error"], &error["exit"]), (&json!("unknown"), &json!(4)));
    assert_eq!(desk.open_halts("ada"), ["h-b"]);
}

#[test]
fn after_the_second_confirmed_strike_a_release_says_that_it_knows() {
    let desk = Desk::begun();
    let by = Person::new("Ada", "before");
    desk.halted("ada", "h-a", json!({}));
    desk.record_at(1, "ada", Fact::Acknowledged { halt: "h-a".into(), by });
    desk.halted("ada", "h-b", json!({}));
    let ran = desk.run(&word("h-b", &["--no-terminal"]));
    ran.says(5, &["has 2 confirmed strikes", "--last-chance"]);
    assert_eq!(desk.open_halts("ada"), ["h-b"]);
    desk.run(&word("h-b", &["--no-terminal", "--last-chance"])).says(0, &["2 confirmed"]);
}

#[test]
fn a_script_releases_an_account_once_in_10_minutes() {
    let desk = Desk::begun();
    let suspected = json!({ "strike": "suspected" });
    let released = |id: &str, minutes: u64| {
        desk.halted("ada", id, suspected.clone());
        let by = Person::new("Ada", "a person");
        let at = millis() - minutes * 60_000;
        desk.record_at(at, "ada", Fact::Acknowledged { halt: id.into(), by });
    };
    released("h-old", 9);
    desk.halted("ada", "h-b", suspected.clone());
    desk.run(&word("h-b", &["--no-terminal"])).says(5, &["`h-old` was released at", "10 minutes"]);
    assert_eq!(desk.open_halts("ada"), ["h-b"]);

    let later = Desk::begun();
    later.halted("ada", "h-old", suspected.clone());
    let by = Person::new("Ada", "a person");
    let at = millis() - 11 * 60_000;
    later.record_at(at, "ada", Fact::Acknowledged { halt: "h-old".into(), by });
    later.halted("ada", "h-b", suspected);
    later.run(&word("h-b", &["--no-terminal"])).says(0, &[]);
}
