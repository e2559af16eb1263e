//! `doctor` says what is so, and changes nothing.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::json;

use crate::desk::Desk;

/// Every file below the desk's folder.
fn files(desk: &Desk) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut folders = vec![desk.folder.path().to_owned()];
    let mut files = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path.clone()),
                false => {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

#[test]
fn a_ledger_that_is_well() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let before = files(&desk);
    desk.run(&["doctor"]).says(
        0,
        &[
            &format!("ledger: {}", desk.path().display()),
            "ok       folder",
            "ok       file",
            "ledger.jsonl.lock can be had",
            "schema 1, ",
            "1, with 1 open halts",
            "profile   zai: the vendor's documents were read on 20",
            "verdict: ",
        ],
    );
    let told = desk.json(0, &["doctor"]);
    assert_ne!(told["grade"], "broken");
    let finding = |about: &str| {
        let all = told["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["about"] == about).unwrap()["more"].clone()
    };
    assert_eq!(finding("accounts"), json!({"accounts": 1, "open_halts": 1}));
    assert_eq!(finding("profile")["id"], "zai");
    assert!(finding("profile")["age_days"].is_number());
    assert_eq!(files(&desk), before);
}

#[test]
fn a_place_where_none_is_yet() {
    let desk = Desk::new();
    desk.run(&["doctor"]).says(0, &["would be made in it", "there is none yet"]);
    assert!(files(&desk).is_empty());
    assert_eq!(fs::read_dir(desk.folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn what_is_open_to_others_left_over_or_torn_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", desk.path().display()));
    fs::write(beside(".new"), "x").unwrap();
    fs::write(beside(".torn"), "x").unwrap();
    let mut text = fs::read_to_string(desk.path()).unwrap();
    text.push_str("{\"account\":\"zai/a");
    fs::write(desk.path(), text).unwrap();
    let set = |path: PathBuf, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(desk.path(), 0o644);
    set(desk.path().parent().unwrap().to_owned(), 0o777);
    let before = files(&desk);
    desk.run(&["doctor"]).says(
        0,
        &[
            "warning  folder",
            "chmod go-w",
            "warning  file",
            "chmod 600",
            "ledger.jsonl.torn holds the bytes",
            "ledger.jsonl.new is left of a writing anew",
            "the last line (17 bytes) has no end",
            "1, with 1 open halts",
            "verdict: it works; see the warnings",
        ],
    );
    assert_eq!(desk.json(0, &["doctor"])["grade"], "warning");
    assert_eq!(files(&desk), before, "nothing is mended");
}

#[test]
fn a_lock_that_another_process_has() {
    let desk = Desk::begun();
    let lock = format!("{}.lock", desk.path().display());
    let held = fs::OpenOptions::new().read(true).write(true).open(&lock).unwrap();
    // Not at once: a process that another test starts has, until it runs, all
    // that this one has open.
    fs4::FileExt::lock(&held).unwrap();
    desk.run(&["doctor"]).says(0, &["warning  lock", "is held by another process"]);
    drop(held);
    desk.run(&["doctor"]).says(0, &["ok       lock"]);
}
