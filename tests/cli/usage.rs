//! The command line itself.

use crate::desk::{Desk, bare, ran};

#[test]
fn help_documents_every_exit_code_and_each_command() {
    let desk = Desk::new();
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, 0);
    let codes = help.out.split("Exit codes:").nth(1).unwrap();
    for code in 0..=6 {
        assert!(codes.contains(&format!("\n  {code}  ")), "{code}: {codes}");
    }
    for command in ["list", "show", "acknowledge", "halt", "export", "watch", "doctor"] {
        let usage = format!("Usage: planguard {command}");
        desk.run(&[command, "--help"]).says(0, &[&usage, "--json", "--ledger"]);
    }
}

#[test]
fn a_wrong_command_line_is_2() {
    let desk = Desk::begun();
    for args in [
        &[][..],
        &["release"],
        &["show"],
        &["acknowledge", "h-a"],
        &["acknowledge", "h-a", "--by", "Ada"],
        &["watch", "--interval", "0"],
        &["watch", "--interval", "soon"],
        &["watch", "--once", "--for", "1"],
        &["list", "--prefix", "other"],
        &["halt", "zai/a", "--by", " ", "--note", "n"],
        &["halt", "zai/a", "--by", "Ada", "--note", "\n"],
    ] {
        assert_eq!(desk.run(args).code, 2, "{args:?}");
    }
}

#[test]
fn names_and_notes_are_bounded_here_as_in_the_library() {
    let desk = Desk::begun();
    let (longest, longer) = ("é".repeat(4 * 1024), format!("{}é", "é".repeat(4 * 1024)));
    desk.run(&["halt", "zai/a", "--by", "Ada", "--note", &longer])
        .says(2, &["the note has 8194 bytes, and at most 8192 are kept: shorten it"]);
    desk.run(&["halt", "zai/a", "--by", &longer, "--note", "n"])
        .says(2, &["the person's name has"]);
    assert!(desk.open_halts("a").is_empty());
    let halt = desk.json(0, &["halt", "zai/a", "--by", "Ada", "--note", &longest]);
    assert_eq!(halt["halt"]["by"]["note"], longest);
    let id = halt["halt"]["id"].as_str().unwrap();
    desk.run(&["acknowledge", id, "--by", "Ada", "--note", &longer, "--no-terminal"])
        .says(2, &["the note has 8194 bytes"]);
}

#[test]
fn the_ledger_is_the_option_s_then_the_variable_s_then_that_of_the_login() {
    let (one, other) = (Desk::begun(), Desk::begun());
    let place = other.path();
    let option = ["list", "--json", "--ledger", place.to_str().unwrap()];
    let list: serde_json::Value = serde_json::from_str(&one.run(&option).out).unwrap();
    assert_eq!(list["ledger"], serde_json::json!(place));
    assert_eq!(one.json(0, &["list"])["ledger"], serde_json::json!(one.path()));
    let home = one.folder.path();
    let ran = ran(bare(home, &["list"]));
    ran.says(6, &["there is no ledger at", "planguard", "another place is meant"]);
    assert!(ran.err.contains(home.to_str().unwrap()), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn who_stops_reading_ends_it_without_a_panic() {
    let desk = Desk::begun();
    desk.halted("a", "h-a", serde_json::json!({}));
    let mut command = std::process::Command::new("sh");
    let planguard = env!("CARGO_BIN_EXE_planguard");
    command.arg("-c").arg(format!("'{planguard}' list | true"));
    command.env("PLANGUARD_LEDGER", desk.path());
    let ran = ran(command);
    assert_eq!(ran.err, "");
}
