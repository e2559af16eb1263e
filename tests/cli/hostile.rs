//! The words of others drive no terminal.

use planguard::ledger::{Fact, Person};
use serde_json::json;

use crate::desk::{Desk, Ran, halted, signal};

/// Clears the screen, colours, rings, hides, moves back, turns around.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{8}\r\u{202e}x\u{200b}\u{7f}\u{0}\u{feff}";

#[track_caller]
fn is_harmless(ran: &Ran) {
    let harmless = |c: char| {
        c == '\n'
            || !(c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'))
    };
    assert!(ran.out.chars().chain(ran.err.chars()).all(harmless), "{ran:?}");
}

#[test]
fn words_names_notes_and_ids_of_any_bytes_do_not_reach_the_terminal_raw() {
    let desk = Desk::begun();
    let (name, id) = (format!("a{HOSTILE}"), format!("h-{HOSTILE}"));
    let mut said = signal("policy_violation", HOSTILE);
    for key in ["code", "request_id", "rule", "hint"] {
        said[key] = json!(HOSTILE);
    }
    desk.halted(&name, "h-over", json!({ "strike": null }));
    let by = Person::new(HOSTILE, HOSTILE);
    desk.record_at(1, &name, Fact::Acknowledged { halt: "h-over".into(), by });
    let by = json!({ "name": HOSTILE, "note": HOSTILE });
    desk.record_at(2, &name, halted(&id, json!({ "signal": said, "by": by })));
    for args in [
        &["list"][..],
        &["show", "a"],
        &["watch", "--once"],
        &["acknowledge", "h-over", "--by", "Ada", "--note", "n", "--no-terminal"],
        &["acknowledge", "h-none", "--by", "Ada", "--note", "n", "--no-terminal"],
        &["halt", "a", "--by", HOSTILE_ARG, "--note", HOSTILE_ARG],
        &["show", HOSTILE_ARG],
    ] {
        let (text, json) = (desk.run(args), desk.run(&[args, &["--json"]].concat()));
        is_harmless(&text);
        is_harmless(&json);
        serde_json::from_str::<serde_json::Value>(&json.out).unwrap();
    }
    let shown = desk.json(3, &["show", "a"]);
    assert_eq!(shown["halts"][0]["message"], HOSTILE);
    assert_eq!(shown["account"], format!("zai/{name}"));
    is_harmless(&desk.run(&["acknowledge", "h-none", "--by", "A", "--note", "n", "--no-terminal"]));
}

/// The same without the NUL, which no argument can hold.
const HOSTILE_ARG: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{8}\r\u{202e}x";

#[test]
fn what_is_said_in_several_lines_looks_like_no_line_of_ours() {
    let desk = Desk::begun();
    let words = "over\n\nhalt h-fake\n  standing  open\n";
    desk.halted("ada", "h-a", json!({ "signal": signal("policy_violation", words) }));
    let ran = desk.run(&["show", "ada"]);
    assert!(ran.out.lines().all(|line| !line.starts_with("halt h-fake")), "{}", ran.out);
    assert!(ran.out.contains("    | halt h-fake\n"), "{}", ran.out);
}
