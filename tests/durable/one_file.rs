//! Eight processes of a hundred tasks on one file and one account.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use planguard::{
    PlanGuard,
    ledger::{Fact, FileLedger, Ledger as _, Record},
    sim::{Answer, Mark, Mode, Provider, Script},
};

use crate::{
    crowd,
    desk::{self, file, guard, runtime, tell},
    ledger::{Moody, When},
    process::{Process, say, words},
};

const PROCESSES: usize = 8;
const TASKS: usize = 100;
/// What each process may have handed to its transport: the default.
const UNANSWERED: u64 = 4;
const PROVIDER: &str = "PLANGUARD_TEST_PROVIDER";

struct Crowd {
    /// What arrived at all.
    arrived: u64,
    /// What arrived after the first write of the halt had returned.
    after: u64,
    record: Record,
}

/// All tasks ask until they are refused; then all of them once more, which
/// must bring nothing.
fn crowd(mode: impl Into<Mode>) -> Crowd {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let runtime = runtime();
    let provider = Provider::builder().mode(mode).latency(Duration::from_millis(2)).build();
    let server = runtime.block_on(provider.serve()).unwrap();
    let mut processes: Vec<_> = (0..PROCESSES).map(|_| started(&path, &server.url(""))).collect();
    processes.iter_mut().for_each(|process| assert_eq!(process.hear(), "ready"));
    processes.iter_mut().for_each(|process| process.tell("go"));
    let written: OnceLock<Mark> = OnceLock::new();
    std::thread::scope(|scope| {
        for process in &mut processes {
            scope.spawn(|| {
                loop {
                    match &*process.hear() {
                        "written" => {
                            written.get_or_init(|| provider.mark());
                        }
                        said => {
                            assert_eq!(said, format!("{TASKS} refused"));
                            break;
                        }
                    }
                }
            });
        }
    });
    let arrived = provider.tally("a").total;
    let after = provider.arrivals_since(*written.get().expect("a strike")).len() as u64;
    processes.iter_mut().for_each(|process| process.tell("go"));
    for process in &mut processes {
        assert_eq!(process.hear(), format!("{TASKS} refused"));
    }
    assert_eq!(provider.tally("a").total, arrived, "nothing leaves any more");
    for mut process in processes {
        process.tell("end");
        // What a child still owes the ledger is written when it ends.
        assert_eq!(process.hear(), "end");
        assert!(process.ends());
    }
    let all = runtime.block_on(async { FileLedger::open(&path).unwrap().list().await.unwrap() });
    let [(_, record)] = &all[..] else { panic!("one account: {all:?}") };
    Crowd { arrived, after, record: record.clone() }
}

fn started(path: &Path, provider: &str) -> Process {
    let mut command = desk::child("one file", path);
    command.env(PROVIDER, provider);
    Process::start(command)
}

#[test]
fn where_every_answer_strikes_it_is_one_strike_and_the_rest_are_its_hits() {
    let crowd = crowd(Answer::error(1313));
    let processes = PROCESSES as u64;
    tell(format_args!(
        "{PROCESSES} processes of {TASKS} tasks on one file: {} requests arrived of at most {}, one strike, {} hits",
        crowd.arrived,
        UNANSWERED * processes,
        crowd.record.halts[0].hits
    ));
    assert!((1..=UNANSWERED * processes).contains(&crowd.arrived), "{} arrived", crowd.arrived);
    let (halts, strikes) = (&crowd.record.halts, crowd.record.strikes);
    assert_eq!((halts.len(), strikes.confirmed, strikes.suspected), (1, 1, 0));
    assert_eq!(u64::from(halts[0].hits), crowd.arrived, "every answer is counted once");
}

#[test]
fn after_the_strike_is_written_arrives_only_what_was_handed_over_before() {
    // One answer in the midst of good ones: only the file tells the others.
    let crowd = crowd(Script::default().at(400, Answer::error(1313)));
    let most = UNANSWERED * PROCESSES as u64;
    tell(format_args!(
        "{PROCESSES} processes of {TASKS} tasks on one file, one bad answer among {}: {} arrived after it was written, of at most {most}",
        crowd.arrived, crowd.after
    ));
    assert!(crowd.arrived >= 400 && crowd.after <= most, "{} after", crowd.after);
    let (halts, strikes) = (&crowd.record.halts, crowd.record.strikes);
    assert_eq!((halts.len(), strikes.confirmed, halts[0].hits), (1, 1, 1));
}

pub fn child() {
    let provider = std::env::var(PROVIDER).unwrap();
    let ledger = Moody::around(FileLedger::open(file()).unwrap(), |_, fact, when| {
        if matches!((fact, when), (Fact::Halted { .. }, When::After)) {
            say("written");
        }
        Box::pin(async {})
    });
    let plan: Arc<PlanGuard> = Arc::new(guard(ledger).build().unwrap());
    let runtime = runtime();
    say("ready");
    for word in words() {
        if word != "go" {
            break;
        }
        let refused = runtime.block_on(crowd::refused(&plan, &provider, TASKS, 1_000));
        say(format_args!("{refused} refused"));
    }
    drop(runtime);
    say("end");
}
