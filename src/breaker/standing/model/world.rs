//! Two processes, one ledger, and a clock.

use super::{HOUR, MINUTE, Step, WAITS, WORDS, Word, Writes};
use crate::{
    breaker::{
        disposition::Dispositions,
        outbox::{Outbox, Said},
        standing::{Admit, Ask, Limits, Millis, Outcome, Pass, Role, Standing, Struck, Trial},
    },
    clock::from_millis,
    ledger::{Entry, Fact, Lease, Opened, Person, Record, Released, lease},
    signal::{Certainty, Class, Reset, ResetSource, Signal},
};

pub(super) const LEASE: Millis = 30 * MINUTE;
pub(super) const LIMITS: Limits = Limits { unanswered: 2, in_flight: None, after_probation: 1 };
const CODING: Ask = Ask { endpoint: 0, plan: true, may_test: true };
const OTHER_WORK: Ask = Ask { endpoint: 0, plan: true, may_test: false };
const METERED: Ask = Ask { endpoint: 1, plan: false, may_test: true };

/// A call that is out, and when it left.
#[derive(Clone, Debug)]
pub(super) struct Out {
    pub(super) pass: Pass,
    pub(super) since: Millis,
}

/// One process.
#[derive(Clone, Debug, Default)]
pub(super) struct Holder {
    pub(super) standing: Standing,
    pub(super) outbox: Outbox,
    pub(super) calls: Vec<Out>,
    /// A violation was heard here, and nobody has released a latch since.
    pub(super) violated: bool,
}

#[derive(Clone)]
pub(super) struct World {
    writes: Writes,
    pub(super) now: Millis,
    pub(super) ledger: Record,
    pub(super) holders: [Holder; 2],
    /// Halts and leases so far: each has a name of its own.
    names: u32,
}

impl World {
    pub(super) fn new(writes: Writes) -> Self {
        let (ledger, holders) = (Record::default(), Default::default());
        Self { writes, now: 1_000 * HOUR, ledger, holders, names: 0 }
    }

    /// All that can happen next.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (h, holder) in self.holders.iter().enumerate() {
            if holder.calls.len() < 3 {
                steps.extend([Step::Coding(h), Step::Metered(h), Step::LostClaim(h)]);
                // It differs from coding where a test is due, and only there.
                if !holder.standing.record().halts.is_empty() {
                    steps.push(Step::OtherWork(h));
                }
            }
            for (c, out) in holder.calls.iter().enumerate() {
                let twin = holder.calls[..c].iter().any(|o| {
                    o.pass.role == out.pass.role
                        && o.pass.ask == out.pass.ask
                        && o.pass.answered == out.pass.answered
                        && o.pass.ticket.epoch == out.pass.ticket.epoch
                });
                if twin {
                    continue;
                }
                let outcomes = [Outcome::Passed, Outcome::Other, Outcome::NeverSent];
                steps.extend(outcomes.map(|outcome| Step::End(h, c, outcome)));
                // What is nothing but another outcome is told to a test only,
                // and a balance knows no quota and no throttle.
                let test = matches!(out.pass.role, Role::Trial(_));
                let plan = out.pass.ask.plan;
                let says = |word: &Word| match word {
                    Word::Of(Class::PolicyViolation | Class::Billing) => true,
                    Word::Of(Class::RateLimited) => test,
                    _ => plan,
                };
                let words = WORDS.into_iter().filter(says);
                steps.extend(words.map(|word| Step::Signal(h, c, word)));
                if plan && !out.pass.answered {
                    steps.push(Step::Answered(h, c));
                }
            }
            if !holder.outbox.is_empty() {
                steps.extend([Step::Write(h), Step::LostWrite(h)]);
            }
        }
        steps.extend((0..self.ledger.halts.len()).map(Step::Acknowledge));
        steps.extend(WAITS.map(Step::Wait));
        steps
    }

    /// Takes a step; an error names a promise that it broke.
    pub(super) fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Coding(h) => self.ask(h, CODING)?,
            Step::OtherWork(h) => self.ask(h, OTHER_WORK)?,
            Step::Metered(h) => self.ask(h, METERED)?,
            Step::LostClaim(h) => self.lose_claim(h),
            Step::Answered(h, c) => {
                let holder = &mut self.holders[h];
                holder.standing.answered(&mut holder.calls[c].pass);
            }
            Step::End(h, c, outcome) => self.end(h, c, outcome),
            Step::Signal(h, c, word) => self.signal(h, c, word),
            Step::Write(h) => self.write(h),
            Step::LostWrite(h) => {
                let before = self.holders[h].clone();
                self.write(h);
                self.holders[h] = before;
            }
            Step::Acknowledge(place) => self.acknowledge(place),
            Step::Wait(time) => self.now += time,
        }
        if self.writes == Writes::AtOnce {
            self.write_all()?;
        }
        Ok(())
    }

    fn ask(&mut self, h: usize, ask: Ask) -> Result<(), String> {
        self.read(h);
        let before = self.ledger.clone();
        let (now, mut news) = (self.now, Vec::new());
        let holder = &mut self.holders[h];
        // As the gate does it.
        let answer = match holder.standing.admit_open(ask, &LIMITS, false, now) {
            Some(pass) => Admit::Go(pass),
            None => holder.standing.admit(ask, &LIMITS, false, now, &mut news),
        };
        holder.outbox.owe(&news, None);
        let pass = match answer {
            Admit::Go(pass) => Some(pass),
            Admit::Lease(halt) => self.claim(h, halt, ask),
            Admit::Wait | Admit::Refuse { .. } => None,
        };
        let Some(pass) = pass else { return Ok(()) };
        super::promise::may_leave(&before, &self.holders[h], &pass, now)?;
        self.holders[h].calls.push(Out { pass, since: now });
        Ok(())
    }

    fn claim(&mut self, h: usize, halt: String, ask: Ask) -> Option<Pass> {
        let (trial, lent) = self.lend(halt);
        self.read(h);
        if !lent {
            return None;
        }
        let holder = &mut self.holders[h];
        let pass = holder.standing.begin_trial(trial.clone(), ask, self.now);
        if pass.is_none() {
            self.give_back(h, trial);
        }
        pass
    }

    fn lend(&mut self, halt: String) -> (Trial, bool) {
        self.names += 1;
        let trial = Trial { halt, holder: format!("l{}", self.names) };
        let lease = Lease::new(trial.holder.clone(), self.now, self.now + LEASE);
        let entry = lease::claim(&self.ledger, &trial.halt, &lease);
        if let Some(entry) = &entry {
            self.ledger.fold(entry);
        }
        (trial, entry.is_some())
    }

    fn lose_claim(&mut self, h: usize) {
        self.read(h);
        let mut news = Vec::new();
        let holder = &mut self.holders[h];
        let answer = holder.standing.admit(CODING, &LIMITS, false, self.now, &mut news);
        holder.outbox.owe(&news, None);
        match answer {
            Admit::Lease(halt) => {
                let (trial, _) = self.lend(halt);
                self.give_back(h, trial);
            }
            // A call that goes away right after its admission.
            Admit::Go(pass) => holder.standing.ended(pass, Outcome::NeverSent, self.now, &mut news),
            Admit::Wait | Admit::Refuse { .. } => {}
        }
    }

    fn give_back(&mut self, h: usize, trial: Trial) {
        let (now, mut news) = (self.now, Vec::new());
        let holder = &mut self.holders[h];
        holder.standing.give_back(&trial, now, &mut news);
        holder.outbox.owe(&news, Some(Said::Trial(trial, Outcome::NeverSent)));
    }

    fn end(&mut self, h: usize, c: usize, outcome: Outcome) {
        let (now, mut news) = (self.now, Vec::new());
        let holder = &mut self.holders[h];
        let pass = holder.calls.remove(c).pass;
        let said = match &pass.role {
            Role::Trial(trial) => Some(Said::Trial((**trial).clone(), outcome)),
            _ => None,
        };
        holder.standing.ended(pass, outcome, now, &mut news);
        holder.outbox.owe(&news, said);
    }

    fn signal(&mut self, h: usize, c: usize, word: Word) {
        self.names += 1;
        let mut signal = match word {
            Word::Of(class) => Signal::new(class, Certainty::Confirmed, 429),
            Word::QuotaWithReset => Signal::new(Class::QuotaExhausted, Certainty::Confirmed, 429),
        };
        if word == Word::QuotaWithReset {
            signal.reset = Some(Reset::new(from_millis(self.now + HOUR), ResetSource::Body));
        }
        let (now, mut news) = (self.now, Vec::new());
        let holder = &mut self.holders[h];
        let pass = &holder.calls[c].pass;
        let struck = Struck {
            ticket: pass.ticket,
            endpoint: pass.ask.endpoint,
            plan: pass.ask.plan,
            disposition: Dispositions::default().get(signal.class),
            signal,
            id: format!("h{}", self.names),
            evidence: None,
        };
        let halt = holder.standing.signal(&struck, now, &mut news);
        // One more answer of a burst whose latch a person has released halts
        // nothing, once this process has heard of that.
        let late = |over: &Released| over.by.is_some() && struck.ticket.epoch < over.epoch;
        let counts = halt.is_some() && !self.ledger.released.iter().any(late);
        if counts && word == Word::Of(Class::PolicyViolation) {
            holder.violated = true;
        }
        holder.outbox.owe(&news, Some(Said::Signal(Box::new(struck))));
        self.end(h, c, Outcome::Other);
    }

    fn opened(&self) -> Opened {
        Opened::new(self.ledger.clone(), 0)
    }

    pub(super) fn read(&mut self, h: usize) {
        let opened = self.opened();
        let holder = &mut self.holders[h];
        holder.outbox.read(&mut holder.standing, &opened);
    }

    fn write(&mut self, h: usize) {
        let Some((epoch, entry)) = self.holders[h].outbox.next() else { return };
        let entry = match &entry.fact {
            Fact::GivenBack { halt, holder } => {
                let lease = Lease::new(holder.clone(), entry.at, entry.at);
                lease::release(&self.ledger, halt, &lease)
            }
            fact => (self.ledger.epoch == epoch || !fact.needs_epoch()).then_some(entry),
        };
        if let Some(entry) = &entry {
            self.ledger.fold(entry);
        }
        let (now, opened) = (self.now, self.opened());
        let holder = &mut self.holders[h];
        if entry.is_some() {
            holder.outbox.recorded(&mut holder.standing, &opened);
        } else {
            holder.outbox.overruled(&mut holder.standing, &opened, now, &mut Vec::new());
        }
    }

    /// Lets the ledger hear everything; it comes to an end.
    pub(super) fn write_all(&mut self) -> Result<(), String> {
        for h in [0, 1] {
            let mut left = 50;
            while !self.holders[h].outbox.is_empty() {
                self.write(h);
                left -= 1;
                if left == 0 {
                    return Err("the ledger and a process contradict each other for ever".into());
                }
            }
        }
        Ok(())
    }

    pub(super) fn acknowledge(&mut self, place: usize) {
        let halt = &self.ledger.halts[place];
        let id = halt.id.clone();
        let by = Person::new("Ada", "read it");
        if halt.kind == crate::ledger::HaltKind::Latch {
            self.holders.iter_mut().for_each(|holder| holder.violated = false);
        }
        self.ledger.fold(&Entry::new(self.now, Fact::Acknowledged { halt: id, by }));
    }

    /// All calls come to an end.
    pub(super) fn end_all(&mut self) {
        for h in [0, 1] {
            while !self.holders[h].calls.is_empty() {
                self.end(h, 0, Outcome::Other);
            }
        }
    }
}
