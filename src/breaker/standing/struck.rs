//! What a signal does to a standing.

use std::sync::Arc;

use super::{
    Standing, Writes,
    settle::{again, doubled},
    sibling::{belongs, severity},
};
use crate::{
    breaker::disposition::{Action, Disposition},
    clock::{Millis, to_millis},
    exchange::Ticket,
    ledger::{
        Evidence, Fact, Halt, HaltKind, KeptEvidence, KeptSignal, Person, Phase, Strike, latch,
    },
    signal::{Reach, Signal},
};

/// The wait before a probation's trial, and the longest that it becomes.
const COOLING_MS: Millis = 60_000;
const LONGEST_COOLING_MS: Millis = 15 * 60_000;
/// How long a probation is remembered.
const PROBATION_MS: Millis = 24 * 60 * 60_000;
/// The wait where the provider's reset is already over.
const PAST_RESET_MS: Millis = 60_000;

/// A signal, what is to be done about it, and where it came from.
#[derive(Clone, Debug)]
pub struct Struck {
    /// The call that got it.
    pub ticket: Ticket,
    /// Its endpoint, as the place in the profile's list.
    pub endpoint: u16,
    /// Whether that is a plan endpoint.
    pub plan: bool,
    /// What the provider said.
    pub signal: Signal,
    /// What the table says.
    pub disposition: Disposition,
    /// An id for the halt that may begin.
    pub id: String,
    /// What will be kept of it if it strikes.
    pub evidence: Option<Arc<Evidence>>,
}

/// What a disposition wants of an account at this moment.
pub(super) struct Wanted {
    pub(super) kind: HaltKind,
    phase: Phase,
    pause_ms: Millis,
    longest_ms: Millis,
    strike: Option<Strike>,
}

impl Standing {
    /// Takes a signal in. Answers with the id of the halt that it began,
    /// raised or belongs to; none if the account is not halted by it.
    pub fn signal(&mut self, struck: &Struck, now: Millis, writes: &mut Writes) -> Option<String> {
        self.settle(now, writes);
        let mut wanted = self.wanted(struck, now)?;
        let reach = struck.reach();
        if let Some(known) = self.sibling(struck, &wanted, reach, now) {
            self.write(Fact::Hit { halt: known.clone() }, now, writes);
            return self.record().halt(&known).map(|halt| halt.id.clone());
        }
        let open = self.record().halts.iter().find(|halt| belongs(halt, &wanted, reach, struck));
        match open.cloned() {
            Some(halt) if wanted.kind == HaltKind::Hold => {
                let fact = held_again(&halt, struck, wanted, now);
                self.write(fact, now, writes);
                Some(halt.id)
            }
            Some(halt) => {
                let relapse = halt.kind == HaltKind::Probation
                    && halt.epoch <= struck.ticket.epoch
                    && struck.signal.class.is_policy();
                if relapse {
                    wanted.strike = Some(Strike::Confirmed);
                }
                let id = halt.id.clone();
                self.write(raised(halt, wanted, reach, struck), now, writes);
                Some(id)
            }
            None => {
                let halt = self.begun(struck, wanted, reach, now);
                self.write(Fact::Halted { halt: Box::new(halt) }, now, writes);
                Some(struck.id.clone())
            }
        }
    }

    /// A person halts the account, on every endpoint, until a person
    /// acknowledges. Answers with the id of the latch: `id`, or that of the
    /// one that was open.
    pub fn halt_by(&mut self, id: &str, by: Person, now: Millis, writes: &mut Writes) -> String {
        let (id, fact) = latch::by_person(self.record(), id, by, now, self.in_flight());
        self.write(fact, now, writes);
        id
    }

    fn wanted(&mut self, struck: &Struck, now: Millis) -> Option<Wanted> {
        let strike = struck.disposition.strike;
        let hold = |until, test, pause_ms, longest_ms| Wanted {
            kind: HaltKind::Hold,
            phase: Phase::Held { until, test },
            pause_ms,
            longest_ms,
            strike,
        };
        let latch = |strike| Wanted {
            kind: HaltKind::Latch,
            phase: Phase::Latched,
            pause_ms: 0,
            longest_ms: 0,
            strike,
        };
        match struck.disposition.action {
            Action::Pass => None,
            Action::PassOnce { within, hold: length } => {
                if !struck.plan {
                    return None;
                }
                let before = self.unknown_at.replace(now);
                let soon = before.is_some_and(|at| now.saturating_sub(at) <= millis(within));
                let length = millis(length);
                soon.then(|| hold(now.saturating_add(length), false, length, length))
            }
            Action::Hold { length } => {
                let length = millis(length);
                Some(hold(now.saturating_add(length), false, length, length))
            }
            Action::HoldUntilReset { otherwise } => {
                let otherwise = millis(otherwise);
                Some(match struck.signal.reset.map(|reset| to_millis(reset.at)) {
                    Some(at) if at > now => hold(at, false, otherwise, otherwise),
                    Some(_) => hold(now.saturating_add(PAST_RESET_MS), true, otherwise, otherwise),
                    None => hold(now.saturating_add(otherwise), true, otherwise, otherwise),
                })
            }
            Action::HoldDoubling { first, longest } => {
                let first = millis(first);
                Some(hold(now.saturating_add(first), true, first, millis(longest)))
            }
            Action::Latch => Some(latch(strike)),
            Action::Probation => {
                let began = self.record().probation_began;
                if began.is_some_and(|at| now.saturating_sub(at) < PROBATION_MS)
                    && !self.record().halts.iter().any(|halt| halt.kind == HaltKind::Probation)
                {
                    return Some(latch(Some(Strike::Confirmed)));
                }
                if !self.load_explains(now) {
                    return Some(latch(strike));
                }
                Some(Wanted {
                    kind: HaltKind::Probation,
                    phase: Phase::Cooling { until: now.saturating_add(COOLING_MS) },
                    pause_ms: COOLING_MS,
                    longest_ms: LONGEST_COOLING_MS,
                    strike,
                })
            }
        }
    }

    fn begun(&self, struck: &Struck, wanted: Wanted, reach: Reach, now: Millis) -> Halt {
        let Wanted { kind, phase, pause_ms, longest_ms, strike } = wanted;
        Halt {
            id: struck.id.clone(),
            kind,
            reach,
            endpoint: struck.endpoint,
            signal: Some(KeptSignal(Box::new(struck.signal.clone()))),
            by: None,
            strike,
            since: now,
            epoch: 0,
            hits: 1,
            phase,
            pause_ms,
            longest_ms,
            dead_leases: 0,
            in_flight: self.in_flight(),
            evidence: struck.kept(&struck.id, strike),
        }
    }
}

impl Struck {
    /// How far a halt reaches: as the rule says, but never less than the
    /// table where the provider enforces its terms.
    fn reach(&self) -> Reach {
        let row = self.disposition.reach;
        match self.signal.reach {
            Some(rule) if self.signal.class.is_policy() => rule.max(row),
            Some(rule) => rule,
            None => row,
        }
    }

    /// What is kept of this signal, as the strike that marks `halt`.
    fn kept(&self, halt: &str, strike: Option<Strike>) -> Vec<KeptEvidence> {
        let kept = self.evidence.clone().zip(strike);
        kept.map(|(evidence, strike)| KeptEvidence::new(halt, strike, evidence))
            .into_iter()
            .collect()
    }
}

/// A hold got one more answer, as a rule to its test: an unpaid bill waits
/// twice as long, a quota until the reset that the provider names by now. An
/// answer about something else makes the wait no shorter, nor its end open to
/// all without a test.
fn held_again(halt: &Halt, struck: &Struck, wanted: Wanted, now: Millis) -> Fact {
    if halt.class() != Some(struck.signal.class) {
        let own = halt.ends().unwrap_or(now.saturating_add(halt.pause_ms));
        let other = match wanted.phase {
            Phase::Held { until, .. } => until,
            _ => own,
        };
        return halt.moved(halt.waiting(own.max(other)), halt.pause_ms);
    }
    match struck.disposition.action {
        Action::HoldDoubling { .. } => again(halt, doubled(halt), now),
        _ => halt.moved(wanted.phase, wanted.pause_ms),
    }
}

/// An open probation or latch becomes graver; it never becomes milder.
fn raised(mut halt: Halt, wanted: Wanted, reach: Reach, struck: &Struck) -> Fact {
    halt.hits = halt.hits.saturating_add(1);
    halt.reach = halt.reach.max(reach);
    halt.strike = halt.strike.max(wanted.strike);
    // A throttle within an open probation is its relapse, and any policy
    // signal beside it ends the way out.
    if halt.kind == HaltKind::Probation {
        halt.kind = HaltKind::Latch;
        halt.phase = Phase::Latched;
    }
    let known = halt.class();
    if known.is_none_or(|known| severity(struck.signal.class) >= severity(known)) {
        halt.signal = Some(KeptSignal(Box::new(struck.signal.clone())));
    }
    halt.evidence = struck.kept(&halt.id, halt.strike);
    Fact::Raised { halt: Box::new(halt) }
}

fn millis(length: std::time::Duration) -> Millis {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
