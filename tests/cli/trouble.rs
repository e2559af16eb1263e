//! A ledger that cannot be used is exit code 6, with what to do about it.

use std::fs;

use serde_json::json;

use crate::desk::{Desk, Ran};

const COMMANDS: [&[&str]; 5] = [
    &["list"],
    &["show", "ada"],
    &["acknowledge", "h-a", "--by", "Ada", "--note", "n", "--no-terminal"],
    &["halt", "zai/ada", "--by", "Ada", "--note", "n"],
    &["watch", "--once"],
];

/// Every command ends with 6 and says `remedy`; none of them, nor `doctor`,
/// changes what is there.
#[track_caller]
pub fn is_unavailable(desk: &Desk, remedy: &str, run: impl Fn(&[&str]) -> Ran) {
    let before = fs::read(desk.path()).ok();
    for args in COMMANDS {
        run(args).says(6, &[remedy]);
        let ran = run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 6);
        let last: serde_json::Value =
            serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
        assert_eq!(last["error"], "unavailable", "{ran:?}");
    }
    let doctor = run(&["doctor"]);
    doctor.says(6, &[remedy, "broken", "verdict: the ledger cannot be used", "profile   zai"]);
    assert_eq!(fs::read(desk.path()).ok(), before);
}

fn desk_with(text: &str) -> Desk {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    fs::write(desk.path(), text).unwrap();
    desk
}

#[test]
fn a_line_that_cannot_be_read() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let text = fs::read_to_string(desk.path()).unwrap().replace("\"what\"", "\"w\u{1b}[2J\"");
    fs::write(desk.path(), text).unwrap();
    is_unavailable(&desk, "line 2 cannot be read", |args| desk.run(args));
}

#[test]
fn a_schema_of_another_version() {
    let newer = desk_with("{\"planguard_ledger\":2,\"other\":true}\nwhatever\n");
    is_unavailable(&newer, "schema 2 and this planguard reads schema 1: update", |args| {
        newer.run(args)
    });
    let older = desk_with("{\"planguard_ledger\":0}\n");
    is_unavailable(&older, "move the file away", |args| older.run(args));
}

#[test]
fn a_file_that_is_empty_or_something_else() {
    let empty = desk_with("");
    is_unavailable(&empty, "put them back from a backup", |args| empty.run(args));
    let other = desk_with("hello\n");
    is_unavailable(&other, "line 1 cannot be read", |args| other.run(args));
    let folder = Desk::new();
    fs::create_dir_all(folder.path()).unwrap();
    is_unavailable(&folder, "cannot ", |args| folder.run(args));
}

#[test]
fn a_place_where_no_ledger_is_is_no_empty_ledger() {
    let desk = Desk::new();
    for args in [COMMANDS[0], COMMANDS[1], COMMANDS[2], COMMANDS[4]] {
        desk.run(args).says(6, &["there is no ledger at", "another place is meant"]);
    }
    assert!(!desk.path().parent().unwrap().exists(), "nothing is made");
}

#[test]
fn an_address_whose_password_is_never_told() {
    let desk = Desk::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("redis://agent:hunter2@127.0.0.1:{port}/0");
    for args in [&["list"][..], &["doctor"], &["watch", "--once"]] {
        let ran = desk.run(&[args, &["--ledger", &address]].concat());
        #[cfg(feature = "redis")]
        ran.says(6, &["start the server, or correct host and port"]);
        #[cfg(not(feature = "redis"))]
        ran.says(6, &["without the feature `redis`", "--features cli,redis"]);
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
    }
}
