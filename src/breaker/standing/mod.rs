//! The state machine of one account: pure, without I/O, timers or tasks.
//! Everything is computed from `now` when a call asks.
//!
//! | phase | slots | leaves it |
//! |---|---|---|
//! | open | [`Limits::unanswered`] | a signal |
//! | latched | 0 | a person |
//! | held | 0, then one test where the row says so | its time, a passed test, a person |
//! | cooling | 0 | one trial, of a caller that is not `non_coding` |
//! | trial | 1, until its body ends | passed → watching; policy → latch; else → cooling, doubled |
//! | watching | 1, until its body ends | 60 s and one more pass → open; policy → latch |

mod call;
mod settle;
mod sibling;
mod struck;

pub use call::{Admit, Ask, Limits, Outcome, Pass, Role, Trial};
pub use struck::Struck;

use settle::forbids;

use crate::{
    clock::Millis,
    exchange::Ticket,
    ledger::{Entry, Fact, Halt, Opened, Phase, Record},
    signal::Reach,
};

/// The load that a probation takes as an explanation: more than this many
/// admissions within [`EXPLAINING_MS`].
const EXPLAINING_CALLS: usize = 10;
const EXPLAINING_MS: Millis = 60_000;
/// How long an account is watched after a passed trial.
pub(super) const WATCH_MS: Millis = 60_000;

/// What the machine wants written, each against the epoch that it saw.
pub type Writes = Vec<(u64, Entry)>;

/// One account's state in this process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Standing {
    record: Record,
    unanswered: u32,
    in_flight: u32,
    /// When the last calls were admitted, in a ring.
    recent: [Millis; EXPLAINING_CALLS + 1],
    next_recent: usize,
    /// The watched call that is out.
    watched: Option<u64>,
    /// The halt whose watched call has passed.
    watched_passed: Option<String>,
    /// A claim for the trial lease is under way.
    claiming: bool,
    /// When an unknown failure was last seen.
    unknown_at: Option<Millis>,
    serial: u64,
}

impl Standing {
    /// What the ledger knows, with what this process has added.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Calls on plan endpoints between admission and answer.
    pub fn unanswered(&self) -> u32 {
        self.unanswered
    }

    /// Calls on plan endpoints whose bodies have not ended.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether nothing would be lost if this were forgotten.
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0 && !self.claiming && self.record.halts.is_empty()
    }

    /// Takes over what the ledger says, unless this process knows more.
    pub fn adopt(&mut self, opened: &Opened) {
        if opened.record.revision >= self.record.revision {
            self.overrule(opened);
        }
    }

    /// Takes over what the ledger says, whatever this process believed.
    pub fn overrule(&mut self, opened: &Opened) {
        self.record = opened.record.clone();
    }

    /// Takes over the halts of others, and what they made graver, while
    /// entries of this process are still on their way.
    pub fn merge(&mut self, opened: &Opened) {
        for halt in &opened.record.halts {
            let grave = |kind, reach| (halt.kind, halt.reach) > (kind, reach);
            if let Some(open) = self.record.halts.iter_mut().find(|open| open.id == halt.id) {
                if grave(open.kind, open.reach) {
                    *open = halt.clone();
                }
                continue;
            }
            // What has ended here, and is not written yet, may have become a
            // latch in the meantime.
            let over = self.record.released.iter().find(|over| over.id == halt.id);
            if over.is_none_or(|over| grave(over.kind, over.reach)) {
                self.record.halts.push(halt.clone());
            }
        }
    }

    /// Has `halt` written once more, unless the record has it.
    pub fn restate(&mut self, halt: Halt, now: Millis, writes: &mut Writes) {
        if !self.record.knows(&halt.id) {
            self.write(Fact::Halted { halt: Box::new(halt) }, now, writes);
        }
    }

    /// Has it written that `trial` is given back, whether or not this process
    /// has heard that it was lent.
    pub fn give_back(&mut self, trial: &Trial, now: Millis, writes: &mut Writes) {
        let Trial { halt, holder } = trial.clone();
        self.write(Fact::GivenBack { halt, holder }, now, writes);
    }

    /// Lets a call leave where nothing is halted and a slot is free: the
    /// short way of [`admit`](Self::admit), which gives the same answer.
    #[inline]
    pub fn admit_open(
        &mut self,
        ask: Ask,
        limits: &Limits,
        queued: bool,
        now: Millis,
    ) -> Option<Pass> {
        let free = !ask.plan || !queued && self.has_slot(limits);
        (free && self.record.halts.is_empty()).then(|| self.go(ask, Role::Plain, now))
    }

    /// May a call leave? `queued` says that others stand before it.
    pub fn admit(
        &mut self,
        ask: Ask,
        limits: &Limits,
        queued: bool,
        now: Millis,
        writes: &mut Writes,
    ) -> Admit {
        if !self.record.halts.is_empty() {
            self.settle(now, writes);
            if let Some(stop) = self.stopped(ask, now) {
                return stop;
            }
            if self.is_watched(ask) {
                return match self.watched {
                    None if !queued => {
                        let pass = self.go(ask, Role::Watched, now);
                        self.watched = Some(pass.ticket.serial);
                        Admit::Go(pass)
                    }
                    _ => Admit::Wait,
                };
            }
        }
        if ask.plan && (queued || !self.has_slot(limits)) {
            return Admit::Wait;
        }
        Admit::Go(self.go(ask, Role::Plain, now))
    }

    /// Lets a call leave whatever the standing is: for `Posture::Report`.
    pub fn admit_anyway(&mut self, ask: Ask, now: Millis) -> Pass {
        self.go(ask, Role::Plain, now)
    }

    /// A claim for a lease begins; false if one is under way.
    pub fn claim_begins(&mut self) -> bool {
        !std::mem::replace(&mut self.claiming, true)
    }

    /// The claim is over, won or lost.
    pub fn claim_ended(&mut self) {
        self.claiming = false;
    }

    /// The ledger lent `trial` to this process: the call leaves. None if the
    /// lease is over, or another halt has come over it.
    pub fn begin_trial(&mut self, trial: Trial, ask: Ask, now: Millis) -> Option<Pass> {
        let halts = &self.record.halts;
        let lent = halts.iter().any(|halt| halt.is_lent(&trial.halt, &trial.holder));
        let stops = |halt: &Halt| halt.id != trial.halt && covers(halt, ask) && forbids(halt, now);
        let free = lent && !halts.iter().any(stops);
        free.then(|| self.go(ask, Role::Trial(Box::new(trial)), now))
    }

    /// The response of `pass` is resolved.
    #[inline]
    pub fn answered(&mut self, pass: &mut Pass) {
        if matches!(pass.role, Role::Plain) && !pass.answered {
            pass.answered = true;
            if pass.ask.plan {
                self.unanswered = self.unanswered.saturating_sub(1);
            }
        }
    }

    /// The call of `pass` is out no longer.
    #[inline]
    pub fn over(&mut self, pass: &Pass) {
        if pass.ask.plan {
            self.in_flight = self.in_flight.saturating_sub(1);
            if !pass.answered {
                self.unanswered = self.unanswered.saturating_sub(1);
            }
        }
    }

    /// The call of `pass` is out no longer, and ended so.
    pub fn ended(&mut self, pass: Pass, outcome: Outcome, now: Millis, writes: &mut Writes) {
        self.over(&pass);
        match pass.role {
            Role::Plain => {}
            Role::Watched => {
                if self.watched == Some(pass.ticket.serial) {
                    self.watched = None;
                }
                let watching = self.record.halts.iter().find(|halt| {
                    matches!(halt.phase, Phase::Watching { .. })
                        && halt.epoch <= pass.ticket.epoch
                        && covers(halt, pass.ask)
                });
                if let (Outcome::Passed, Some(halt)) = (outcome, watching) {
                    self.watched_passed = Some(halt.id.clone());
                    self.settle(now, writes);
                }
            }
            Role::Trial(trial) => self.trial_ended(&trial, outcome, now, writes),
        }
    }

    /// Whether more calls are out or recent than a lone caller makes: what
    /// explains a throttle.
    fn load_explains(&self, now: Millis) -> bool {
        let oldest = self.recent[self.next_recent];
        self.in_flight >= 2 || (oldest != 0 && now.saturating_sub(oldest) <= EXPLAINING_MS)
    }

    #[inline]
    fn has_slot(&self, limits: &Limits) -> bool {
        let slots = match self.record.reduced_slots {
            Some(reduced) => reduced.max(limits.after_probation).clamp(1, limits.unanswered.max(1)),
            None => limits.unanswered,
        };
        self.unanswered < slots && limits.in_flight.is_none_or(|most| self.in_flight < most)
    }

    #[inline]
    fn go(&mut self, ask: Ask, role: Role, now: Millis) -> Pass {
        self.serial += 1;
        if ask.plan {
            self.unanswered += 1;
            self.in_flight += 1;
            if let Some(oldest) = self.recent.get_mut(self.next_recent) {
                *oldest = now;
            }
            self.next_recent += 1;
            if self.next_recent == self.recent.len() {
                self.next_recent = 0;
            }
        }
        let ticket = Ticket { epoch: self.record.epoch, serial: self.serial };
        Pass { ticket, role, ask, answered: false }
    }

    fn is_watched(&self, ask: Ask) -> bool {
        let watched = |halt: &&Halt| matches!(halt.phase, Phase::Watching { .. });
        self.record.halts.iter().filter(watched).any(|halt| covers(halt, ask))
    }

    /// Folds `fact` in and has it written.
    fn write(&mut self, fact: Fact, now: Millis, writes: &mut Writes) {
        let (epoch, entry) = (self.record.epoch, Entry::new(now, fact));
        self.record.fold(&entry);
        writes.push((epoch, entry));
    }
}

/// Whether `halt` reaches the endpoint that `ask` is for.
fn covers(halt: &Halt, ask: Ask) -> bool {
    match halt.reach {
        Reach::Profile => true,
        Reach::Plan => ask.plan,
        Reach::Endpoint => halt.endpoint == ask.endpoint,
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
