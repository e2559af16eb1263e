//! On a terminal a person reads the provider's words and types the halt's id.

use planguard::ledger::{Fact, Person};
use rexpect::session::{PtySession, spawn_command};
use serde_json::json;

use crate::desk::{Desk, millis, signal};

/// Longer than any busy machine takes; a question that never comes fails.
const PATIENCE_MS: u64 = 60_000;
const QUESTION: &str = "Type the halt's id to release it: ";

fn acknowledge(desk: &Desk, halt: &str, more: &[&str]) -> PtySession {
    let mut args = vec!["acknowledge", halt, "--by", "Ada", "--note", "stopped the job"];
    args.extend(more);
    let mut command = desk.command(&args);
    // The test's own may be none.
    command.env("TERM", "xterm").stdin(std::process::Stdio::inherit());
    spawn_command(command, Some(PATIENCE_MS)).unwrap()
}

#[track_caller]
fn ends_with(session: &mut PtySession, code: i32) -> String {
    let rest = session.exp_eof().unwrap();
    let ended = format!("{:?}", session.process().wait().unwrap());
    let exited = ended.starts_with("Exited(") && ended.ends_with(&format!(", {code})"));
    assert!(exited, "{ended}: {rest}");
    rest
}

#[test]
fn the_words_are_shown_and_the_id_is_asked_for() {
    let desk = Desk::begun();
    let words = "You break the Fair Usage Policy.\u{1b}[2J\u{9b}31m\nWrite to support.";
    desk.halted("ada", "h-a", json!({ "signal": signal("policy_violation", words) }));
    let mut session = acknowledge(&desk, "h-a", &[]);
    let asked = session.exp_string(QUESTION).unwrap();
    for told in [
        "zai/ada: halt h-a, latch.",
        "    | You break the Fair Usage Policy.\\u{1b}[2J\\u{9b}31m\r\n    | Write to support.",
        "Strikes: 1 confirmed, 0 suspected, limit 3.",
    ] {
        assert!(asked.contains(told), "{told}: {asked}");
    }
    assert!(!asked.contains(['\u{1b}', '\u{9b}']), "{asked:?}");
    assert_eq!(desk.open_halts("ada"), ["h-a"], "nothing is released before the answer");
    session.send_line("h-a").unwrap();
    let rest = ends_with(&mut session, 0);
    assert!(rest.contains("Released h-a of zai/ada. It may send again."), "{rest}");
    assert!(desk.open_halts("ada").is_empty());
}

#[test]
fn another_id_or_none_releases_nothing() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    for typed in ["h-b", "", "y"] {
        let mut session = acknowledge(&desk, "h-a", &[]);
        session.exp_string(QUESTION).unwrap();
        session.send_line(typed).unwrap();
        let rest = ends_with(&mut session, 5);
        assert!(rest.contains("that is not the halt's id: nothing is released"), "{rest}");
    }
    let mut session = acknowledge(&desk, "h-a", &[]);
    session.exp_string(QUESTION).unwrap();
    session.send_control('d').unwrap();
    ends_with(&mut session, 5);
    assert_eq!(desk.open_halts("ada"), ["h-a"]);
}

#[test]
fn what_is_refused_anyway_is_not_asked() {
    let desk = Desk::begun();
    for n in 0..2 {
        desk.halted("ada", &format!("h-{n}"), json!({ "reach": "endpoint", "endpoint": n }));
    }
    let rest = ends_with(&mut acknowledge(&desk, "h-1", &[]), 5);
    assert!(rest.contains("--last-chance") && !rest.contains(QUESTION), "{rest}");
    let rest = ends_with(&mut acknowledge(&desk, "h-none", &[]), 4);
    assert!(rest.contains("open now: h-0, h-1") && !rest.contains(QUESTION), "{rest}");
    let mut session = acknowledge(&desk, "h-1", &["--last-chance"]);
    session.exp_string(QUESTION).unwrap();
    session.send_line(" h-1 ").unwrap();
    ends_with(&mut session, 0);
    assert_eq!(desk.open_halts("ada"), ["h-0"]);
}

#[test]
fn a_person_may_release_an_account_again_at_once_and_a_script_on_a_terminal_may_not() {
    let desk = Desk::begun();
    let suspected = json!({ "strike": "suspected" });
    desk.halted("ada", "h-old", suspected.clone());
    let by = Person::new("Bob", "a moment ago");
    desk.record_at(millis(), "ada", Fact::Acknowledged { halt: "h-old".into(), by });
    desk.halted("ada", "h-a", suspected);
    let rest = ends_with(&mut acknowledge(&desk, "h-a", &["--no-terminal"]), 5);
    assert!(rest.contains("within 10 minutes") && !rest.contains(QUESTION), "{rest}");
    let mut session = acknowledge(&desk, "h-a", &[]);
    session.exp_string(QUESTION).unwrap();
    session.send_line("h-a").unwrap();
    ends_with(&mut session, 0);
}

#[test]
fn a_halt_by_hand_shows_who_and_why() {
    let desk = Desk::begun();
    let halt = desk.json(0, &["halt", "zai/ada", "--by", "Bob", "--note", "holiday"]);
    let id = halt["halt"]["id"].as_str().unwrap();
    let mut session = acknowledge(&desk, id, &[]);
    let asked = session.exp_string(QUESTION).unwrap();
    assert!(asked.contains("It was halted by Bob: holiday"), "{asked}");
}
