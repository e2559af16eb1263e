//! Every short sequence of what can happen to one account in two processes
//! that share a ledger, and what must hold after each step.

mod key;
mod promise;
mod world;

use std::collections::HashMap;

use super::{Millis, Outcome};
use crate::signal::Class;
use world::World;

/// Something that happens. The first number is the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A coding call on the plan wants to leave.
    Coding(usize),
    /// Another call on the plan.
    OtherWork(usize),
    /// A call where the balance pays.
    Metered(usize),
    /// A call may test a halt, and goes away before the ledger's answer.
    LostClaim(usize),
    /// The response of the call in that place is resolved.
    Answered(usize, usize),
    /// The call in that place is over.
    End(usize, usize, Outcome),
    /// It is answered with a signal, and over.
    Signal(usize, usize, Word),
    /// The ledger hears the next entry.
    Write(usize),
    /// The ledger hears it, and its answer gets lost.
    LostWrite(usize),
    /// A person releases the open halt in that place.
    Acknowledge(usize),
    /// Time goes by.
    Wait(Millis),
}

/// What the provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Of(Class),
    QuotaWithReset,
}

const WORDS: [Word; 7] = [
    Word::Of(Class::PolicyThrottle),
    Word::Of(Class::PolicyViolation),
    Word::Of(Class::Billing),
    Word::Of(Class::QuotaExhausted),
    Word::QuotaWithReset,
    Word::Of(Class::Unknown),
    Word::Of(Class::RateLimited),
];

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const WAITS: [Millis; 5] = [SECOND, MINUTE, 10 * MINUTE, HOUR, 24 * HOUR];

/// When the ledger hears what a process has to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// In the same step.
    AtOnce,
    /// In a step of its own, or never.
    Late,
}

/// Where a search begins: the steps that lead there.
const OPEN: &[Step] = &[];
const UNDER_LOAD: &[Step] = &[Step::Coding(0), Step::Coding(0), Step::Coding(1)];
const COOLED: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::Write(0),
    Step::Wait(MINUTE),
];
const ON_TRIAL: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::Write(0),
    Step::Wait(MINUTE),
    Step::Coding(1),
];
const WATCHED: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::Write(0),
    Step::Wait(MINUTE),
    Step::Coding(1),
    Step::End(1, 0, Outcome::Passed),
    Step::Write(1),
];
const QUOTA_DUE: &[Step] = &[
    Step::Coding(0),
    Step::Coding(1),
    Step::Signal(0, 0, Word::Of(Class::QuotaExhausted)),
    Step::Write(0),
    Step::Wait(HOUR),
];
const BILL_AND_PROBATION_DUE: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Coding(1),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::Write(0),
    Step::Signal(1, 0, Word::Of(Class::Billing)),
    Step::Write(1),
    Step::Write(1),
    Step::Wait(HOUR),
];

/// One process has not written a bill yet, the other one carries the watch.
const DIVIDED: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::Write(0),
    Step::Wait(MINUTE),
    Step::Coding(1),
    Step::End(1, 0, Outcome::Passed),
    Step::Write(1),
    Step::Coding(1),
    Step::Metered(0),
    Step::Signal(0, 1, Word::Of(Class::Billing)),
];
/// One process has ended the watch, and not written it yet.
const ENDED_HERE: &[Step] = &[
    Step::Coding(0),
    Step::Coding(0),
    Step::Signal(0, 0, Word::Of(Class::PolicyThrottle)),
    Step::End(0, 0, Outcome::Passed),
    Step::Write(0),
    Step::Wait(MINUTE),
    Step::Coding(1),
    Step::End(1, 0, Outcome::Passed),
    Step::Write(1),
    Step::Coding(0),
    Step::End(0, 0, Outcome::Passed),
    Step::Coding(1),
    Step::Wait(MINUTE),
    Step::Metered(0),
];

/// What one search has seen.
#[derive(Default)]
struct Search {
    /// The steps that were left where a state was met.
    seen: HashMap<u64, usize>,
    steps: usize,
    path: Vec<Step>,
}

impl Search {
    /// Takes every step that is possible in `world`, `left` deep.
    fn explore(&mut self, world: &World, left: usize) {
        let before = self.seen.insert(world.key(), left);
        if let Some(before) = before.filter(|before| *before >= left) {
            self.seen.insert(world.key(), before);
            return;
        }
        if left == 0 {
            return;
        }
        if before.is_none_or(|before| before == 0) {
            self.check(promise::is_no_dead_end(world));
        }
        for step in world.steps() {
            let mut next = world.clone();
            self.path.push(step);
            self.steps += 1;
            let taken = next.take(step);
            self.check(taken);
            self.check(promise::holds(world, step, &next));
            self.explore(&next, left - 1);
            self.path.pop();
        }
    }

    #[track_caller]
    fn check(&self, promise: Result<(), String>) {
        if let Err(broken) = promise {
            panic!("{broken}\nafter {:?}", self.path);
        }
    }
}

#[track_caller]
fn search(start: &[Step], writes: Writes, depth: usize) -> Search {
    let mut world = World::new(writes);
    let mut search = Search::default();
    for step in start {
        search.path.push(*step);
        if writes == Writes::Late || !matches!(step, Step::Write(_)) {
            search.check(world.take(*step));
        }
    }
    search.explore(&world, depth);
    println!("{} states, {} steps", search.seen.len(), search.steps);
    search
}

/// Each with its depth, and with the least number of states that it must see:
/// all together they see some 900,000 by 2,200,000 steps, within a minute.
macro_rules! searches {
    ($($name:ident: $start:ident, $writes:ident, $depth:literal, $least:literal;)*) => {$(
        #[test]
        fn $name() {
            let search = search($start, Writes::$writes, $depth);
            assert!(search.seen.len() > $least, "{} states", search.seen.len());
        }
    )*};
}

searches! {
    nothing_goes_wrong_from_open: OPEN, AtOnce, 6, 150_000;
    nothing_goes_wrong_under_load: UNDER_LOAD, AtOnce, 4, 45_000;
    nothing_goes_wrong_after_cooling: COOLED, AtOnce, 4, 30_000;
    nothing_goes_wrong_on_trial: ON_TRIAL, AtOnce, 4, 55_000;
    nothing_goes_wrong_while_watched: WATCHED, AtOnce, 4, 30_000;
    nothing_goes_wrong_when_a_quota_may_be_tested: QUOTA_DUE, AtOnce, 4, 15_000;
    nothing_goes_wrong_when_two_halts_may_be_tested: BILL_AND_PROBATION_DUE, AtOnce, 4, 40_000;
    late_writes_open_nothing_from_open: OPEN, Late, 5, 20_000;
    late_writes_open_nothing_under_load: UNDER_LOAD, Late, 4, 45_000;
    late_writes_open_nothing_after_cooling: COOLED, Late, 4, 35_000;
    late_writes_open_nothing_on_trial: ON_TRIAL, Late, 4, 50_000;
    late_writes_open_nothing_while_watched: WATCHED, Late, 4, 30_000;
    late_writes_open_nothing_when_a_quota_may_be_tested: QUOTA_DUE, Late, 4, 20_000;
    late_writes_open_nothing_when_two_halts_may_be_tested: BILL_AND_PROBATION_DUE, Late, 4, 50_000;
    a_divided_account_opens_nothing: DIVIDED, Late, 4, 45_000;
    an_end_that_is_not_written_opens_nothing: ENDED_HERE, Late, 4, 30_000;
}
