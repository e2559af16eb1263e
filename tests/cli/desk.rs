//! A ledger of a test's own, and the command that looks at it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use planguard::{
    account::Account,
    ledger::{Entry, Fact, FileLedger, Ledger as _},
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub struct Desk {
    pub folder: TempDir,
}

/// How a run of the command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    /// A place without a ledger.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A place with an empty ledger.
    pub fn begun() -> Self {
        let desk = Self::new();
        desk.ledger();
        desk
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("deep").join("ledger.jsonl")
    }

    pub fn ledger(&self) -> FileLedger {
        FileLedger::open(self.path()).unwrap()
    }

    /// Writes `fact` about the account `zai/{name}`.
    pub fn record_at(&self, at: u64, name: &str, fact: Fact) {
        let (ledger, account) = (self.ledger(), Account::named("zai", name));
        now(async {
            let epoch = ledger.open(&account).await.unwrap().record.epoch;
            ledger.record(&account, epoch, Entry::new(at, fact)).await.unwrap();
        });
    }

    /// Halts `zai/{name}` as `changed` says; else with a latch on a 1313.
    pub fn halted(&self, name: &str, id: &str, changed: Value) {
        self.record_at(millis(), name, halted(id, changed));
    }

    /// The command with `args`, on this ledger, without a terminal.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.folder.path(), args);
        command.env("PLANGUARD_LEDGER", self.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args))
    }

    /// What the command tells programs.
    pub fn json(&self, code: i32, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        let ran = self.run(&all);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{ran:?}");
        assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// The ids of the open halts of `zai/{name}`.
    pub fn open_halts(&self, name: &str) -> Vec<String> {
        let ledger = self.ledger();
        let opened = now(async { ledger.open(&Account::named("zai", name)).await.unwrap() });
        opened.record.halts.into_iter().map(|halt| halt.id).collect()
    }
}

impl Ran {
    /// Fails unless it ended with `code`, and said all of `words`.
    #[track_caller]
    pub fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for words in words {
            let told = self.out.contains(words) || self.err.contains(words);
            assert!(told, "no `{words}` in {self:#?}");
        }
    }
}

/// The command in a home of its own, with no ledger named.
pub fn bare(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planguard"));
    command.args(args).env_remove("PLANGUARD_LEDGER").env("HOME", home);
    command.env("XDG_STATE_HOME", home.join("state")).env("LOCALAPPDATA", home);
    command.stdin(Stdio::null());
    command
}

pub fn ran(mut command: Command) -> Ran {
    // A copy of the command is busy while another test's fork still holds the
    // file open that it was written through.
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::yield_now();
            }
            output => break output.unwrap(),
        }
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A latch on a 1313, with whatever `changed` says otherwise.
pub fn halted(id: &str, changed: Value) -> Fact {
    let mut halt = json!({
        "id": id, "kind": "latch", "reach": "plan", "endpoint": 0, "strike": "confirmed",
        "since": millis(), "epoch": 0, "hits": 1, "phase": {"is": "latched"}, "pause_ms": 0,
        "longest_ms": 0,
        "signal": {
            "class": "policy_violation", "certainty": "confirmed", "status": 429, "code": "1313",
            "message": "Fair Usage Policy", "request_id": "req-7", "rule": "fair-usage",
        },
    });
    for (key, value) in changed.as_object().unwrap() {
        halt[key] = value.clone();
    }
    Fact::Halted { halt: serde_json::from_value(halt).unwrap() }
}

/// What the vendor's answer is about, instead of a 1313.
pub fn signal(class: &str, message: &str) -> Value {
    json!({ "class": class, "certainty": "suspected", "status": 429, "message": message })
}

pub fn millis() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
