//! What must hold in every state, and after every step.

use super::{
    Step,
    world::{Holder, LEASE, LIMITS, Out, World},
};
use crate::{
    breaker::standing::{Admit, Ask, Millis, Outcome, Pass, Role, covers},
    ledger::{Halt, HaltKind, Phase, Record},
};

type Promise = Result<(), String>;

fn demand(holds: bool, else_: impl FnOnce() -> String) -> Promise {
    if holds { Ok(()) } else { Err(else_()) }
}

/// A call leaves the process `holder`, which has just read `ledger`.
pub(super) fn may_leave(ledger: &Record, holder: &Holder, pass: &Pass, now: Millis) -> Promise {
    let is_test = matches!(pass.role, Role::Trial(_));
    let stops = |halt: &&Halt| {
        let waits = match halt.phase {
            Phase::Latched => true,
            // The test of one halt tests all that are due.
            Phase::Held { until, test } => now < until || test && !is_test,
            Phase::Cooling { until } => now < until || !is_test,
            Phase::Trial { .. } => true,
            Phase::Watching { .. } => pass.role == Role::Plain && pass.ask.plan,
        };
        waits && covers(halt, pass.ask)
    };
    let tested = |halt: &&Halt| match &pass.role {
        Role::Trial(trial) => halt.is_lent(&trial.halt, &trial.holder),
        _ => false,
    };
    let here = &holder.standing.record().halts;
    let stop = here.iter().filter(stops).find(|halt| !tested(halt));
    demand(stop.is_none(), || format!("a call left under {stop:?}"))?;
    let latch = |halt: &&Halt| halt.kind == HaltKind::Latch && covers(halt, pass.ask);
    let written = ledger.halts.iter().find(latch);
    demand(written.is_none(), || format!("a call left under the ledger's {written:?}"))?;
    demand(!(holder.violated && pass.ask.plan), || "a call left after a violation".into())?;
    demand(pass.ask.may_test || !is_test, || "work that is not coding carried a test".into())
}

/// `step` led from `before` to `after`.
pub(super) fn holds(before: &World, step: Step, after: &World) -> Promise {
    one_trial(after)?;
    for holder in &after.holders {
        slots(holder)?;
    }
    strikes(&before.ledger, &after.ledger)?;
    at_most_one_of_a_kind(&after.ledger)?;
    if let Step::End(h, c, Outcome::Passed) = step {
        old_success(before, h, c, after)?;
    }
    Ok(())
}

fn one_trial(world: &World) -> Promise {
    let calls = world.holders.iter().flat_map(|holder| &holder.calls);
    let released =
        |id: &str| world.ledger.released.iter().any(|over| over.id == id && over.by.is_some());
    let live = |ask_plan: bool| {
        let on_trial = |out: &&Out| match &out.pass.role {
            // Whose halt a person has released, tests nothing any longer.
            Role::Trial(trial) => !released(&trial.halt) && world.now < out.since + LEASE,
            _ => false,
        };
        calls.clone().filter(|out| out.pass.ask.plan == ask_plan).filter(on_trial).count()
    };
    demand(live(true) <= 1 && live(false) <= 1, || "two trials are out".into())
}

fn slots(holder: &Holder) -> Promise {
    let plan = || holder.calls.iter().filter(|out| out.pass.ask.plan);
    let unanswered = plan().filter(|out| !out.pass.answered).count();
    let standing = &holder.standing;
    demand(standing.unanswered() as usize == unanswered, || "unanswered is miscounted".into())?;
    demand(standing.in_flight() as usize == plan().count(), || "in flight is miscounted".into())?;
    let plain = plan().filter(|out| out.pass.role == Role::Plain && !out.pass.answered).count();
    demand(plain <= LIMITS.unanswered as usize, || "more calls than slots".into())?;
    let watched = holder.calls.iter().filter(|out| out.pass.role == Role::Watched).count();
    demand(watched <= 1, || "two watched calls are out".into())
}

fn strikes(before: &Record, after: &Record) -> Promise {
    let all = |record: &Record| record.strikes.confirmed + record.strikes.suspected;
    let fewer = after.strikes.confirmed < before.strikes.confirmed || all(after) < all(before);
    demand(!fewer, || format!("strikes fell from {:?} to {:?}", before.strikes, after.strikes))
}

fn at_most_one_of_a_kind(ledger: &Record) -> Promise {
    let place = |halt: &Halt| (halt.kind, halt.reach, halt.endpoint);
    let halts = &ledger.halts;
    let twice = (0..halts.len()).any(|i| halts[..i].iter().any(|h| place(h) == place(&halts[i])));
    demand(!twice, || format!("two halts of one kind: {halts:?}"))
}

/// The success of the call in place `c` opened nothing that it did not test.
fn old_success(before: &World, h: usize, c: usize, after: &World) -> Promise {
    let (mine, after) = (&before.holders[h], &after.holders[h]);
    let pass = &mine.calls[c].pass;
    let tested = |halt: &Halt| match &pass.role {
        Role::Plain => false,
        Role::Trial(trial) => halt.is_lent(&trial.halt, &trial.holder),
        Role::Watched => {
            matches!(halt.phase, Phase::Watching { .. }) && halt.epoch <= pass.ticket.epoch
        }
    };
    for halt in mine.standing.record().halts.iter().filter(|halt| !tested(halt)) {
        // Time ends these in any step; and what others did may be heard now.
        let due = matches!(halt.phase, Phase::Held { test: false, .. } | Phase::Trial { .. });
        let phase = after.standing.record().halt(&halt.id).map(|halt| &halt.phase);
        let heard = before.ledger.halt(&halt.id).map(|halt| &halt.phase);
        let same = phase == Some(&halt.phase) || phase == heard;
        demand(same || due, || format!("the success of {pass:?} moved {halt:?}"))?;
    }
    Ok(())
}

/// Once every call is over, time and a person open the account again, in
/// both processes; then nothing is owed and nothing is out.
pub(super) fn is_no_dead_end(world: &World) -> Promise {
    let mut world = world.clone();
    world.end_all();
    world.write_all()?;
    world.now += super::HOUR;
    while !world.ledger.halts.is_empty() {
        world.acknowledge(0);
    }
    for h in [0, 1] {
        let now = world.now;
        world.read(h);
        let standing = &mut world.holders[h].standing;
        demand(standing.unanswered() == 0 && standing.in_flight() == 0, || "not idle".into())?;
        for (plan, endpoint) in [(true, 0), (false, 1)] {
            let ask = Ask { endpoint, plan, may_test: false };
            let answer = standing.admit(ask, &LIMITS, false, now, &mut Vec::new());
            demand(matches!(answer, Admit::Go(_)), || {
                format!("{answer:?} although nothing is halted: {:?}", standing.record())
            })?;
        }
    }
    Ok(())
}
