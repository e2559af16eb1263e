//! What a caller was told before its process was killed is in the file.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use planguard::{
    PlanGuard,
    ledger::{Fact, FileLedger},
    sim::{Answer, Provider},
};

use crate::{
    desk::{self, Brought, Dice, ask, file, guard, provider, rounds, runtime, striking, tell},
    ledger::{Moody, When},
    process::{Process, say, words},
};

/// The halt whose write is held open, counted from 1, and where.
const HOLD: &str = "PLANGUARD_TEST_HOLD";
/// An answer waits this long for its strike to be written, and no longer.
const DEADLINE: Duration = Duration::from_secs(2);
/// One file for so many children: each of them reads all of it.
const CHILDREN_A_FILE: usize = 50;

#[derive(Debug, Default)]
struct Counts {
    kills: usize,
    held: usize,
    buffered: usize,
    streamed: usize,
    late: usize,
    halted: usize,
}

#[test]
fn whoever_was_told_of_a_strike_finds_the_account_halted_after_a_kill() {
    let kills = rounds(1_000, 100);
    let (mut dice, mut counts) = (Dice::new(), Counts::default());
    while counts.kills < kills {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.jsonl");
        let mut told = Vec::new();
        for _ in 0..CHILDREN_A_FILE.min(kills - counts.kills) {
            told = one_life(&file, &told, &mut dice, &mut counts);
        }
        // The last one's callers were told too.
        drop(begun(desk::child("killed", &file), &told, &mut counts));
    }
    tell(format_args!(
        "{} kills, {} of them between recognition and the end of the write; {} struck responses and {} struck frames were told, and {} accounts found halted by a new process ({} answers came 2 s late, unwritten)",
        counts.kills, counts.held, counts.buffered, counts.streamed, counts.halted, counts.late,
    ));
    assert!(counts.held * 5 >= kills, "{counts:?}");
    assert!(counts.buffered > 0 && counts.streamed > 0, "{counts:?}");
    assert_eq!(counts.halted, counts.buffered + counts.streamed, "{counts:?}");
}

/// Starts a child that looks after the accounts in `told`, and kills it at a
/// random moment. Answers with those of which it has told meanwhile.
fn one_life(file: &Path, told: &[String], dice: &mut Dice, counts: &mut Counts) -> Vec<String> {
    let mut child = desk::child("killed", file);
    let hold = counts.kills % 4 == 0;
    if hold {
        let at = if dice.roll(2) == 0 { "before" } else { "after" };
        child.env(HOLD, format!("{} {at}", 1 + dice.roll(4)));
    }
    let mut child = begun(child, told, counts);
    child.tell(format_args!("serve {}", counts.kills));
    let mut told = Vec::new();
    let mut kill_at = 1 + dice.roll(6);
    let mut holds = false;
    while kill_at > 0 && !holds {
        let said = child.hear();
        holds = said == "holds";
        kill_at -= u64::from(!hold);
        note(&said, &mut told, counts);
    }
    // Any moment of what it does next.
    let (began, pause) = (Instant::now(), Duration::from_micros(dice.roll(3_000)));
    while !holds && began.elapsed() < pause {
        std::hint::spin_loop();
    }
    child.kill();
    counts.kills += 1;
    while let Some(said) = child.heard() {
        holds |= said == "holds";
        note(&said, &mut told, counts);
    }
    counts.held += usize::from(holds);
    told
}

/// A new process, which has found every account in `told` halted.
fn begun(child: std::process::Command, told: &[String], counts: &mut Counts) -> Process {
    let mut child = Process::start(child);
    child.tell(told.join(" "));
    assert_eq!(child.hear(), format!("{} halted", told.len()), "of {told:?}");
    counts.halted += told.len();
    child
}

fn note(said: &str, told: &mut Vec<String>, counts: &mut Counts) {
    match said.split_once(' ') {
        Some(("response", id)) => {
            counts.buffered += 1;
            told.push(id.to_owned());
        }
        Some(("frame", id)) => {
            counts.streamed += 1;
            told.push(id.to_owned());
        }
        Some(("late", _)) => counts.late += 1,
        _ => assert_eq!(said, "holds"),
    }
}

pub fn child() {
    let hold = std::env::var(HOLD).ok().map(|hold| {
        let (number, at) = hold.split_once(' ').unwrap();
        let at = if at == "before" { When::Before } else { When::After };
        (number.parse::<usize>().unwrap(), at)
    });
    let halts = AtomicUsize::new(0);
    let ledger = Moody::around(FileLedger::open(file()).unwrap(), move |_, fact, when| {
        let halted = matches!(fact, Fact::Halted { .. });
        if halted && hold.is_some_and(|(_, at)| at == when) {
            let number = 1 + halts.fetch_add(1, Ordering::SeqCst);
            if hold.is_some_and(|(held, _)| held == number) {
                say("holds");
                return Box::pin(std::future::pending());
            }
        }
        Box::pin(async {})
    });
    let plan = guard(ledger).build().unwrap();
    let mut words = words();
    runtime().block_on(async {
        let told = words.next().unwrap();
        let kind = provider(Answer::completion());
        let mut halted = 0;
        for id in told.split_whitespace() {
            halted += usize::from(ask(&plan, &kind, id, false).await == Brought::Refusal);
        }
        say(format_args!("{halted} halted"));
        assert_eq!(kind.total().total, 0, "nothing was sent");
        // Without a word it was only to look.
        let Some(life) = words.next() else { return };
        let life = life.strip_prefix("serve ").unwrap().to_owned();
        let bad = striking();
        let other = tokio::spawn(serve(plan.clone(), bad.clone(), format!("{life}b")));
        serve(plan, bad, format!("{life}a")).await;
        other.await.unwrap();
    });
}

/// Strikes one account after the other, and tells in the moment in which the
/// caller hears of it.
async fn serve(plan: PlanGuard, bad: Provider, name: String) {
    for number in 0.. {
        let (id, stream) = (format!("{name}{number}"), number % 2 == 1);
        let began = Instant::now();
        assert_eq!(ask(&plan, &bad, &id, stream).await, Brought::Strike);
        let what = if stream { "frame" } else { "response" };
        say(format_args!("{} {id}", if began.elapsed() < DEADLINE { what } else { "late" }));
    }
}
