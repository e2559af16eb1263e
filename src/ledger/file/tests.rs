//! A file keeps what it was told, and says what is wrong with it.

use std::{fs, io::Write as _};

use futures_util::FutureExt as _;
use tempfile::TempDir;

use super::*;
use crate::ledger::{Fact, Person};

fn account(name: &str) -> Account {
    Account::named("zai", name)
}

fn halt(id: &str) -> Entry {
    let latch = serde_json::json!({
        "id": id, "kind": "latch", "reach": "plan", "endpoint": 0, "strike": "confirmed",
        "since": 1, "epoch": 0, "hits": 1, "phase": {"is": "latched"}, "pause_ms": 0,
        "longest_ms": 0
    });
    Entry::new(1, Fact::Halted { halt: serde_json::from_value(latch).unwrap() })
}

/// Without a runtime everything is done at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("it blocks instead")
}

fn record(ledger: &FileLedger, name: &str, entry: Entry) -> Result<Opened, LedgerError> {
    let epoch = now(ledger.open(&account(name)))?.record.epoch;
    now(ledger.record(&account(name), epoch, entry))
}

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("deep").join("ledger.jsonl")
    }

    fn ledger(&self) -> FileLedger {
        FileLedger::open(self.path()).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn append(&self, bytes: &[u8]) {
        fs::OpenOptions::new().append(true).open(self.path()).unwrap().write_all(bytes).unwrap();
    }

    fn trouble(&self) -> String {
        FileLedger::open(self.path()).unwrap_err().to_string()
    }
}

#[test]
fn a_restart_finds_every_halt_and_release() {
    let desk = Desk::new();
    let first = desk.ledger();
    record(&first, "ada", halt("h-a")).unwrap();
    record(&first, "ada", halt("h-b")).unwrap();
    record(&first, "bob", halt("h-c")).unwrap();
    let word = Acknowledgement::new(Person::new("Ada\n", "wrote \"them\""), 9).last_chance();
    now(first.acknowledge("h-a", word)).unwrap();
    let before = now(first.list()).unwrap();
    drop(first);
    assert_eq!(now(desk.ledger().list()).unwrap(), before);
    assert_eq!(before[0].1.halts.len(), 1);
    assert_eq!(before[0].1.strikes.confirmed, 2);
}

#[test]
fn what_another_process_writes_is_seen_at_the_next_look() {
    let desk = Desk::new();
    let (here, there) = (desk.ledger(), desk.ledger());
    let seen = now(here.open(&account("ada"))).unwrap().version;
    assert!(matches!(here.changed(&account("ada"), seen), Changed::No));
    record(&there, "ada", halt("h-a")).unwrap();
    assert!(matches!(here.changed(&account("ada"), seen), Changed::Yes));
    let opened = now(here.open(&account("ada"))).unwrap();
    assert!(opened.record.halt("h-a").is_some());
    assert!(matches!(here.changed(&account("ada"), opened.version), Changed::No));
}

#[test]
fn a_write_against_an_old_epoch_is_a_conflict_with_the_account_as_it_is() {
    let desk = Desk::new();
    let (here, there) = (desk.ledger(), desk.ledger());
    record(&there, "ada", halt("h-a")).unwrap();
    let answer = now(here.record(&account("ada"), 0, halt("h-b")));
    let Err(LedgerError::Conflict(opened)) = answer else { panic!("{answer:?}") };
    assert!(opened.record.halt("h-a").is_some());
    assert_eq!(desk.text().lines().count(), 2);
}

#[test]
fn a_torn_last_line_is_moved_and_told_and_nothing_else_is_lost() {
    let desk = Desk::new();
    record(&desk.ledger(), "ada", halt("h-a")).unwrap();
    let whole = desk.text();
    desk.append(b"{\"account\":\"zai/ada\",\"at\":1,\"wh");
    let ledger = desk.ledger();
    let torn = ledger.torn().unwrap();
    let Torn::Moved { bytes: 31, to } = torn else { panic!("{torn:?}") };
    assert_eq!(fs::read(to).unwrap(), b"{\"account\":\"zai/ada\",\"at\":1,\"wh\n");
    assert_eq!(desk.text(), whole);
    record(&ledger, "ada", halt("h-b")).unwrap();
    assert_eq!(now(desk.ledger().open(&account("ada"))).unwrap().record.halts.len(), 2);
}

#[test]
fn a_torn_line_of_a_running_process_is_mended_by_the_next_writer() {
    let desk = Desk::new();
    let ledger = desk.ledger();
    desk.append(b"{\"acc");
    // A reader leaves it, since its writer may be at it.
    assert!(now(ledger.open(&account("ada"))).unwrap().record.halts.is_empty());
    record(&ledger, "ada", halt("h-a")).unwrap();
    assert!(matches!(ledger.torn(), Some(Torn::Moved { bytes: 5, .. })));
    assert_eq!(desk.text().lines().count(), 2);
}

#[test]
fn a_last_line_that_lacks_only_its_end_counts() {
    let desk = Desk::new();
    record(&desk.ledger(), "ada", halt("h-a")).unwrap();
    let text = desk.text();
    fs::write(desk.path(), text.trim_end()).unwrap();
    let ledger = desk.ledger();
    assert_eq!(ledger.torn(), Some(Torn::Completed));
    assert!(now(ledger.open(&account("ada"))).unwrap().record.halt("h-a").is_some());
    assert_eq!(desk.text(), text);
}

#[test]
fn a_line_in_the_middle_that_cannot_be_read_stops_everything_and_changes_nothing() {
    for garbage in [
        "not json",
        r#"{"at":1,"what":"notice_shown"}"#,
        r#"{"account":"ada","at":1,"what":"notice_shown"}"#,
        "\u{0}\u{0}",
    ] {
        let desk = Desk::new();
        let ledger = desk.ledger();
        record(&ledger, "ada", halt("h-a")).unwrap();
        desk.append(format!("{garbage}\n").as_bytes());
        let text = desk.text();
        assert!(desk.trouble().contains("line 3 cannot be read"), "{}", desk.trouble());
        assert!(now(ledger.open(&account("ada"))).is_err());
        assert!(record(&ledger, "ada", halt("h-b")).is_err());
        assert_eq!(desk.text(), text);
        // Once it is corrected, all goes on.
        fs::write(desk.path(), text.replace(&format!("{garbage}\n"), "")).unwrap();
        assert!(now(ledger.open(&account("ada"))).unwrap().record.halt("h-a").is_some());
    }
}

#[test]
fn an_entry_that_cannot_be_read_stops_its_account_and_no_other() {
    let desk = Desk::new();
    let ledger = desk.ledger();
    record(&ledger, "ada", halt("h-a")).unwrap();
    let garbage = r#"{"account":"zai/ada","at":1,"what":"paused"}"#;
    desk.append(format!("{garbage}\n").as_bytes());
    record(&ledger, "bob", halt("h-b")).unwrap();
    for ledger in [&ledger, &desk.ledger()] {
        assert!(now(ledger.open(&account("bob"))).unwrap().record.halt("h-b").is_some());
        for _ in 0..2 {
            let trouble = now(ledger.open(&account("ada"))).unwrap_err().to_string();
            assert!(trouble.contains("line 3 cannot be read"), "{trouble}");
            assert!(record(ledger, "ada", halt("h-c")).is_err());
            assert!(now(ledger.list()).is_err());
        }
    }
    let text = desk.text();
    assert_eq!(text.lines().count(), 4);
    fs::write(desk.path(), text.replace(&format!("{garbage}\n"), "")).unwrap();
    assert!(now(ledger.open(&account("ada"))).unwrap().record.halt("h-a").is_some());
}

#[test]
fn bytes_that_are_no_text_are_a_trouble_too() {
    let desk = Desk::new();
    drop(desk.ledger());
    desk.append(b"{\"account\":\"zai/\xff\",\"at\":1,\"what\":\"notice_shown\"}\n");
    assert!(desk.trouble().contains("line 2 cannot be read"), "{}", desk.trouble());
}

#[test]
fn another_schema_is_left_alone_and_named() {
    for (schema, way_out) in [(0, "move the file away"), (2, "update this program")] {
        let desk = Desk::new();
        let ledger = desk.ledger();
        record(&ledger, "ada", halt("h-a")).unwrap();
        // A newer planguard has written the file anew beside this process.
        let text = desk.text().replacen(":1,", &format!(":{schema},"), 1);
        fs::remove_file(desk.path()).unwrap();
        fs::write(desk.path(), &text).unwrap();
        let trouble = now(ledger.open(&account("ada"))).unwrap_err().to_string();
        assert!(trouble.contains(&format!("has schema {schema}")), "{trouble}");
        assert!(trouble.contains(way_out), "{trouble}");
        assert_eq!(desk.trouble(), trouble);
        assert!(record(&ledger, "ada", halt("h-b")).is_err());
        assert_eq!(desk.text(), text);
    }
}

#[test]
fn a_file_that_is_no_ledger_or_empty_is_left_alone() {
    for (bytes, why) in [("", "is empty"), ("hello\n", "line 1"), (&"x".repeat(4_000), "line 1")] {
        let desk = Desk::new();
        drop(desk.ledger());
        fs::write(desk.path(), bytes).unwrap();
        assert!(desk.trouble().contains(why), "{}", desk.trouble());
        assert_eq!(desk.text(), bytes);
    }
}

#[test]
fn a_file_that_vanishes_is_not_begun_anew_by_those_who_had_it_open() {
    let desk = Desk::new();
    let ledger = desk.ledger();
    record(&ledger, "ada", halt("h-a")).unwrap();
    fs::remove_file(desk.path()).unwrap();
    let error = now(ledger.open(&account("ada"))).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
    assert!(record(&ledger, "ada", halt("h-b")).is_err());
    assert!(!desk.path().exists());
}

#[test]
fn a_long_file_is_written_anew_and_keeps_every_account() {
    let desk = Desk::new();
    let (here, there) = (desk.ledger(), desk.ledger());
    record(&here, "ada", halt("h-a")).unwrap();
    let note = "n".repeat(64 * 1024);
    let mut longest = 0;
    for round in 0..40 {
        record(&here, "bob", halt(&format!("h-{round}"))).unwrap();
        let by = Person::new("Bob", note.as_str());
        now(here.acknowledge(&format!("h-{round}"), Acknowledgement::new(by, 9).last_chance()))
            .unwrap();
        longest = longest.max(fs::metadata(desk.path()).unwrap().len());
    }
    let len = fs::metadata(desk.path()).unwrap().len();
    assert!(longest > 1024 * 1024 && len < longest, "{longest} {len}");
    let all = now(here.list()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].1.strikes.confirmed, 40);
    assert_eq!(now(there.list()).unwrap(), all);
    assert_eq!(now(desk.ledger().list()).unwrap(), all);
    // Both go on writing the same file.
    record(&there, "ada", halt("h-there")).unwrap();
    assert_eq!(now(here.open(&account("ada"))).unwrap().record.halts.len(), 2);
}

#[test]
fn a_rewriting_that_fails_loses_nothing() {
    let desk = Desk::new();
    let ledger = desk.ledger();
    // A folder stands where the new file would be written.
    fs::create_dir(write::beside(&desk.path(), ".new")).unwrap();
    let big = "n".repeat(1_100_000);
    record(&ledger, "ada", halt("h-a")).unwrap();
    let word = Acknowledgement::new(Person::new("Ada", big), 9);
    now(ledger.acknowledge("h-a", word)).unwrap();
    record(&ledger, "ada", halt("h-b")).unwrap();
    assert!(now(desk.ledger().open(&account("ada"))).unwrap().record.halt("h-b").is_some());
}

#[cfg(unix)]
#[test]
fn the_file_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    record(&desk.ledger(), "ada", halt("h-a")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.path()), 0o600);
    assert_eq!(mode(&write::beside(&desk.path(), ".lock")), 0o600);
    assert_eq!(mode(desk.path().parent().unwrap()), 0o700);
}

#[test]
fn a_place_that_cannot_be_a_file_is_named() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path()).unwrap();
    let error = desk.trouble();
    assert!(error.contains(&desk.path().display().to_string()), "{error}");
}

#[test]
fn a_lock_that_another_process_keeps_is_a_trouble_that_says_whom_to_look_for() {
    let desk = Desk::new();
    drop(desk.ledger());
    let lock = write::beside(&desk.path(), ".lock");
    let kept = Lock::take(&lock).unwrap();
    let late = Lock::take_within(&lock, std::time::Duration::from_millis(1));
    let Err(trouble @ FileTrouble::Locked { .. }) = late else { panic!("it is taken twice") };
    let trouble = trouble.to_string();
    assert!(trouble.contains("find who has the `.lock` file beside it open"), "{trouble}");
    // Who stops, or is killed, leaves nothing behind that has to be removed.
    drop(kept);
    assert!(Lock::take(&lock).is_ok());
}

#[test]
fn the_release_command_names_the_place_if_it_is_not_the_usual_one() {
    let desk = Desk::new();
    let command = desk.ledger().release_command("h-a");
    let expected = format!(
        "planguard acknowledge h-a --by NAME --note TEXT --ledger '{}'",
        desk.path().display()
    );
    assert_eq!(command, expected);
}

#[test]
fn account_names_and_words_of_any_bytes_come_back() {
    let desk = Desk::new();
    let name = "a/b\n\u{0}\"\u{2028}é\u{1f600}";
    record(&desk.ledger(), name, halt("h-\n")).unwrap();
    let all = now(desk.ledger().list()).unwrap();
    assert_eq!(all[0].0, account(name));
    assert_eq!(all[0].1.halts[0].id, "h-\n");
    assert_eq!(desk.text().lines().count(), 2);
}
