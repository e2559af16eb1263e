//! One test for each promise of the tables in the crate's design.

mod holds;
mod latches;
mod probation;
mod shared;
mod siblings;
mod slots;
mod trials;

use std::time::Duration;

use super::*;
use crate::{
    breaker::{Disposition, Dispositions, Posture},
    clock::from_millis,
    ledger::{HaltKind, Lease, Person, lease},
    signal::{Certainty, Class, Reset, ResetSource, Signal},
};

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const LEASE: Millis = 30 * MINUTE;

/// A coding call on the plan.
const CODING: Ask = Ask { endpoint: 0, plan: true, may_test: true };
/// A call on the plan that is not coding.
const OTHER_WORK: Ask = Ask { endpoint: 0, plan: true, may_test: false };
/// A call where the balance pays.
const METERED: Ask = Ask { endpoint: 1, plan: false, may_test: true };

/// One account, and the time.
#[derive(Clone)]
struct Desk {
    standing: Standing,
    limits: Limits,
    table: Dispositions,
    now: Millis,
    ids: u32,
}

impl Desk {
    fn new() -> Self {
        Self {
            standing: Standing::default(),
            limits: Limits::default(),
            table: Dispositions::default(),
            now: 1_000 * HOUR,
            ids: 0,
        }
    }

    fn strict() -> Self {
        Self { table: Dispositions::new(Posture::Strict), ..Self::new() }
    }

    fn wait(&mut self, time: Millis) -> &mut Self {
        self.now += time;
        self
    }

    fn ask(&mut self, ask: Ask) -> Admit {
        self.standing.admit(ask, &self.limits, false, self.now, &mut Writes::new())
    }

    #[track_caller]
    fn go(&mut self, ask: Ask) -> Pass {
        match self.ask(ask) {
            Admit::Go(pass) => pass,
            other => panic!("not admitted: {other:?}"),
        }
    }

    /// The halt's id, if a call may test it and nothing else.
    fn lease(&mut self, ask: Ask) -> Option<String> {
        match self.ask(ask) {
            Admit::Lease(halt) => Some(halt),
            _ => None,
        }
    }

    fn is_stopped(&mut self, ask: Ask) -> bool {
        matches!(self.ask(ask), Admit::Refuse { .. })
    }

    fn is_open(&mut self, ask: Ask) -> bool {
        match self.ask(ask) {
            Admit::Go(pass) => {
                self.end(pass, Outcome::NeverSent);
                true
            }
            _ => false,
        }
    }

    /// Has the ledger lend the trial that is due, and begins it.
    #[track_caller]
    fn trial(&mut self, ask: Ask) -> Pass {
        let halt = self.lease(ask).expect("a trial is due");
        self.ids += 1;
        let holder = format!("here-{}", self.ids);
        let lease = Lease::new(holder.clone(), self.now, self.now + LEASE);
        let entry = lease::claim(self.standing.record(), &halt, &lease).expect("nobody has it");
        self.hear(&entry);
        let trial = Trial { halt, holder };
        self.standing.begin_trial(trial, ask, self.now).expect("it is lent to us")
    }

    /// Takes over what another one had written.
    fn hear(&mut self, entry: &Entry) {
        let mut record = self.standing.record().clone();
        record.fold(entry);
        self.standing.adopt(&Opened::new(record, 0));
    }

    fn end(&mut self, pass: Pass, outcome: Outcome) {
        self.standing.ended(pass, outcome, self.now, &mut Writes::new());
    }

    fn answered(&mut self, pass: &Pass, signal: Signal) -> Option<String> {
        self.ids += 1;
        let struck = Struck {
            ticket: pass.ticket,
            endpoint: pass.ask.endpoint,
            plan: pass.ask.plan,
            disposition: self.table.get(signal.class),
            signal,
            id: format!("h-{}", self.ids),
            evidence: None,
        };
        self.standing.signal(&struck, self.now, &mut Writes::new())
    }

    /// The call of `pass` is answered with `class`, and over.
    fn struck(&mut self, pass: Pass, class: Class) -> Option<String> {
        let halt = self.answered(&pass, signal(class));
        self.end(pass, Outcome::Other);
        halt
    }

    /// A lone call, answered with `class`.
    #[track_caller]
    fn strike(&mut self, class: Class) -> String {
        let pass = self.go(CODING);
        self.struck(pass, class).expect("it halts")
    }

    /// A throttle that two calls at once explain.
    #[track_caller]
    fn throttled(&mut self) -> String {
        let (one, two) = (self.go(CODING), self.go(CODING));
        let halt = self.struck(one, Class::PolicyThrottle).expect("it halts");
        self.end(two, Outcome::Passed);
        halt
    }

    fn acknowledge(&mut self, halt: &str) {
        let by = Person::new("Ada", "read it");
        let fact = Fact::Acknowledged { halt: halt.to_owned(), by };
        let entry = Entry::new(self.now, fact);
        self.hear(&entry);
    }

    #[track_caller]
    fn halt(&self, id: &str) -> &Halt {
        self.standing.record().halt(id).expect("the halt is open")
    }

    #[track_caller]
    fn only(&self) -> &Halt {
        match self.standing.record().halts.as_slice() {
            [halt] => halt,
            halts => panic!("not one halt: {halts:?}"),
        }
    }

    fn strikes(&self) -> (u32, u32) {
        let strikes = self.standing.record().strikes;
        (strikes.confirmed, strikes.suspected)
    }
}

fn signal(class: Class) -> Signal {
    Signal::new(class, Certainty::Confirmed, 429)
}

/// A quota wall that comes down at `at`.
fn quota_until(at: Millis) -> Signal {
    let mut signal = signal(Class::QuotaExhausted);
    signal.reset = Some(Reset::new(from_millis(at), ResetSource::Body));
    signal
}
