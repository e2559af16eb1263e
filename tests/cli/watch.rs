//! `watch` tells each change once.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Stdio},
};

use planguard::ledger::{Fact, Person, Phase};
use serde_json::{Value, json};

use crate::desk::{Desk, signal};

/// A watch under way; killed when it is dropped. It ends by itself in a minute,
/// so that a line that never comes is a failure and no hanging test.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn on(desk: &Desk, more: &[&str]) -> Self {
        let mut command = desk.command(&["watch", "--interval", "0.02", "--for", "60"]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").unwrap()
    }

    fn json(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_change_is_one_line() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let mut watch = Watch::on(&desk, &[]);
    let first = watch.line();
    assert!(first.contains("zai/ada  halted  h-a  latch (policy_violation)"), "{first}");
    let probation = json!({
        "kind": "probation", "strike": "suspected", "signal": signal("policy_throttle", ""),
        "phase": {"is": "cooling", "until": 1},
    });
    desk.halted("bob", "h-b", probation);
    let line = watch.line();
    assert!(
        line.contains("zai/bob  halted  h-b  cooling") && line.contains("1 suspected"),
        "{line}"
    );
    let by = Person::new("Ada", "stopped the job");
    desk.record_at(3, "ada", Fact::Acknowledged { halt: "h-a".into(), by });
    let line = watch.line();
    assert!(line.contains("zai/ada  released  h-a  by Ada: stopped the job"), "{line}");
}

#[test]
fn programs_get_one_object_a_line() {
    let desk = Desk::begun();
    let mut watch = Watch::on(&desk, &["--json"]);
    let probation = json!({
        "kind": "probation", "strike": "suspected", "signal": signal("policy_throttle", ""),
        "phase": {"is": "cooling", "until": 1},
    });
    desk.halted("ada", "h-a", probation);
    let told = watch.json();
    assert_eq!((&told["what"], &told["halt"]["standing"]), (&json!("halted"), &json!("cooling")));
    let phase = Phase::Watching { since: 2 };
    let moved = Fact::Moved { halt: "h-a".into(), phase, pause_ms: 1, dead_leases: 0 };
    desk.record_at(2, "ada", moved);
    let told = watch.json();
    assert_eq!((&told["what"], &told["halt"]["standing"]), (&json!("moved"), &json!("watching")));
    desk.record_at(3, "ada", Fact::Hit { halt: "h-a".into() });
    let told = watch.json();
    assert_eq!((&told["what"], &told["halt"]["answers"]), (&json!("answered"), &json!(2)));
    let ended = Fact::Ended { halt: "h-a".into(), how: planguard::ledger::Ended::Passed };
    desk.record_at(4, "ada", ended);
    let told = watch.json();
    assert_eq!((&told["what"], &told["over"]["id"]), (&json!("ended"), &json!("h-a")));
    assert_eq!(told["strikes"], json!({"confirmed": 0, "suspected": 1, "limit": 3}));
}

#[test]
fn once_tells_what_is_halted_and_ends() {
    let desk = Desk::begun();
    assert_eq!(desk.run(&["watch", "--once"]).out, "");
    desk.halted("ada", "h-a", json!({}));
    desk.run(&["watch", "--once"]).says(0, &["zai/ada  halted  h-a"]);
    desk.run(&["watch", "--for", "0.02"]).says(0, &["zai/ada  halted  h-a"]);
}

#[test]
fn a_ledger_that_breaks_meanwhile_is_told_and_waited_for() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let mut watch = Watch::on(&desk, &[]);
    watch.line();
    let away = desk.folder.path().join("away");
    std::fs::rename(desk.path(), &away).unwrap();
    let line = watch.line();
    assert!(line.contains("ledger_unavailable: ") && line.contains("the file is gone"), "{line}");
    std::fs::rename(&away, desk.path()).unwrap();
    assert!(watch.line().contains("ledger_back: "));
}
