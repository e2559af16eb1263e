//! One trial of an account at a time, across processes that die with it.

use std::{
    collections::HashMap,
    convert::Infallible,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use parking_lot::Mutex;
use planguard::{
    PlanGuard,
    clock::ManualClock,
    ledger::{Entry, Fact, FileLedger, Ledger as _, Phase},
    profile::zai,
    refusal::Refused,
};
use tokio::{runtime::Runtime, sync::oneshot};
use tower::{Layer as _, ServiceExt as _};

use crate::{
    desk::{self, Dice, file, guard, rounds, runtime, tell},
    process::{Process, say, words},
};

const PROCESSES: usize = 8;
const START_SECS: u64 = 1_780_000_000;
/// Longer than a lease lives, and than any wait that follows.
const LONG_SECS: u64 = 45 * 60;

struct Crowd<'a> {
    file: &'a Path,
    processes: Vec<Process>,
}

impl Crowd<'_> {
    /// All of them ask for `id` at once. Answers with those whose request is out.
    fn ask(&mut self, id: usize, secs: u64, but: Option<usize>) -> Vec<usize> {
        let asked: Vec<_> = (0..PROCESSES).filter(|number| Some(*number) != but).collect();
        asked.iter().for_each(|n| self.processes[*n].tell(format_args!("ask {id} {secs}")));
        let out = |number: &usize| match &*self.processes[*number].hear() {
            "out" => true,
            said => {
                assert_eq!(said, "refused");
                false
            }
        };
        asked.into_iter().filter(out).collect()
    }

    fn restart(&mut self, number: usize) {
        self.processes[number] = Process::start(desk::child("trials", self.file));
    }
}

#[test]
fn no_two_trials_of_one_account_are_out_at_once() {
    let rounds = rounds(1_000, 100);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let (runtime, ledger) = (runtime(), FileLedger::open(&file).unwrap());
    let processes = (0..PROCESSES).map(|_| Process::start(desk::child("trials", &file)));
    let mut crowd = Crowd { file: &file, processes: processes.collect() };
    let (mut dice, mut killed, mut trials, mut again) = (Dice::new(), 0, 0, 0);
    for round in 0..rounds {
        let mut now = START_SECS + 60;
        probation(&runtime, &ledger, round);
        let out = crowd.ask(round, now, None);
        let [holder] = out[..] else { panic!("round {round}: trials of {out:?}") };
        trials += 1;
        if dice.roll(10) == 0 {
            crowd.processes[holder].kill();
            killed += 1;
            // Its request may be at the provider all the same.
            assert!(crowd.ask(round, now, Some(holder)).is_empty(), "round {round}");
            crowd.restart(holder);
            now += LONG_SECS;
            // The lease has died, which is found out, and there is a wait.
            assert!(crowd.ask(round, now, None).is_empty(), "round {round}");
            until(&runtime, &ledger, round, |phase| matches!(phase, Phase::Cooling { .. }));
            now += LONG_SECS;
            // A process that still owes the file what time brought about gives
            // the trial back unused, each once: then the next request has it.
            let mut out = Vec::new();
            for _ in 0..PROCESSES {
                out = crowd.ask(round, now, None);
                if !out.is_empty() {
                    break;
                }
                again += 1;
                until(&runtime, &ledger, round, |phase| matches!(phase, Phase::Cooling { .. }));
            }
            let [holder] = out[..] else { panic!("round {round}: later trials of {out:?}") };
            trials += 1;
            finish(&mut crowd, holder, round);
        } else {
            assert!(crowd.ask(round, now, Some(holder)).is_empty(), "round {round}");
            finish(&mut crowd, holder, round);
        }
        until(&runtime, &ledger, round, |phase| matches!(phase, Phase::Watching { .. }));
    }
    tell(format_args!(
        "{rounds} probations among {PROCESSES} processes, {killed} holders killed: {trials} trials, never two at once, {again} given back and asked for again"
    ));
}

/// The trial of `holder` is answered well.
fn finish(crowd: &mut Crowd<'_>, holder: usize, round: usize) {
    crowd.processes[holder].tell(format_args!("answer {round}"));
    assert_eq!(crowd.processes[holder].hear(), "passed");
}

/// An account whose probation may be tested a minute after the start.
fn probation(runtime: &Runtime, ledger: &FileLedger, round: usize) {
    let start = START_SECS * 1_000;
    let halt = serde_json::json!({
        "id": format!("h-{round}"), "kind": "probation", "reach": "plan", "endpoint": 0,
        "strike": "suspected", "since": start, "epoch": 0, "hits": 1, "in_flight": 2,
        "phase": {"is": "cooling", "until": start + 60_000},
        "pause_ms": 60_000, "longest_ms": 900_000,
    });
    let halt = Box::new(serde_json::from_value(halt).unwrap());
    let entry = Entry::new(start, Fact::Halted { halt });
    runtime.block_on(ledger.record(&account(round), 0, entry)).unwrap();
}

/// Waits for a process to have written what it knows already.
fn until(runtime: &Runtime, ledger: &FileLedger, round: usize, is: impl Fn(&Phase) -> bool) {
    let began = Instant::now();
    loop {
        let opened = runtime.block_on(ledger.open(&account(round))).unwrap();
        let phase = &opened.record.halts[0].phase;
        if is(phase) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "round {round}: {phase:?}");
        std::thread::yield_now();
    }
}

fn account(round: usize) -> planguard::account::Account {
    planguard::account::Account::from_credential("zai", round.to_string().as_bytes())
}

/// The trials that are out, by the account's id.
type Out = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

pub fn child() {
    let clock = ManualClock::new(UNIX_EPOCH);
    let ledger = FileLedger::open(file()).unwrap();
    let plan = guard(ledger).clock(clock.clone()).build().unwrap();
    // That the tests name the account as the guard does.
    assert_eq!(plan.account_of(&zai(), "7.secret"), account(7));
    let (runtime, out) = (runtime(), Out::default());
    for word in words() {
        match &word.split(' ').collect::<Vec<_>>()[..] {
            ["ask", id, secs] => {
                clock.set(UNIX_EPOCH + Duration::from_secs(secs.parse().unwrap()));
                runtime.spawn(ask(plan.clone(), out.clone(), (*id).to_owned()));
            }
            ["answer", id] => out.lock().remove(*id).unwrap().send(()).unwrap(),
            _ => panic!("{word}"),
        }
    }
}

/// One request, which says when it is out and waits for its answer.
async fn ask(plan: PlanGuard, out: Out, id: String) {
    let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
        .header("authorization", format!("Bearer {id}.secret"))
        .header("user-agent", "planguard-tests/1")
        .body(Full::<Bytes>::from("{}"))
        .unwrap();
    let transport = tower::service_fn(move |_: Request<Full<Bytes>>| {
        let (answer, answered) = oneshot::channel();
        assert!(out.lock().insert(id.clone(), answer).is_none());
        say("out");
        async move {
            answered.await.unwrap();
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(r#"{"choices":[]}"#)))
        }
    });
    match plan.layer().layer(transport).oneshot(request).await {
        Ok(response) => {
            let (_, body) = Response::into_parts(response);
            body.collect().await.unwrap();
            say("passed");
        }
        Err(error) => {
            Refused::find(error.as_ref()).unwrap_or_else(|| panic!("{error}"));
            say("refused");
        }
    }
}
