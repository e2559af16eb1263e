//! Once one process's write has returned, no other one admits anything.

use std::time::Instant;

use planguard::{ledger::FileLedger, sim::Answer};

use crate::{
    desk::{self, Brought, ask, file, guard, provider, rounds, runtime, striking, tell},
    process::{Process, say, words},
};

#[test]
fn another_process_refuses_as_soon_as_the_write_has_returned() {
    let rounds = rounds(10_000, 1_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let mut here = Process::start(desk::child("strikes", &file));
    let mut there = Process::start(desk::child("asks", &file));
    let (mut admitted, began) = (0, Instant::now());
    for round in 0..rounds {
        // It has admitted a call before, so its own state says go.
        there.tell(round);
        assert_eq!(there.hear(), "Good");
        here.tell(round);
        assert_eq!(here.hear(), "Strike");
        there.tell(round);
        admitted += usize::from(there.hear() != "Refusal");
    }
    tell(format_args!(
        "{rounds} rounds in {:.1} s: {admitted} admissions after another process's write had returned",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(admitted, 0);
}

/// Strikes each account that it is told, in a response or in a frame.
pub fn striker() {
    answers(striking());
}

/// Asks for each account that it is told.
pub fn asker() {
    answers(provider(Answer::completion()));
}

fn answers(provider: planguard::sim::Provider) {
    let plan = guard(FileLedger::open(file()).unwrap()).build().unwrap();
    let runtime = runtime();
    for id in words() {
        let stream = id.parse::<usize>().unwrap() % 2 == 1;
        // The caller hears of a strike when its write has returned.
        let brought: Brought = runtime.block_on(ask(&plan, &provider, &id, stream));
        say(format_args!("{brought:?}"));
    }
}
