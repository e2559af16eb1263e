//! What time does to a standing: who may ask, and what has run out.

use super::{Admit, Ask, Outcome, Standing, Trial, WATCH_MS, Writes, covers};
use crate::{
    clock::Millis,
    ledger::{Ended, Fact, Halt, HaltKind, Phase},
};

/// What one halt says to one call.
enum Says {
    No { not_before: Option<Millis> },
    Test,
    Yes,
}

impl Standing {
    /// Ends what time alone ends: a hold without a test, a watch that has
    /// seen its pass, a lease whose holder is dead.
    pub fn settle(&mut self, now: Millis, writes: &mut Writes) {
        let due: Vec<Fact> = self.record().halts.iter().filter_map(|h| self.due(h, now)).collect();
        for fact in due {
            self.write(fact, now, writes);
        }
    }

    fn due(&self, halt: &Halt, now: Millis) -> Option<Fact> {
        match halt.phase {
            Phase::Held { until, test: false } if until <= now => {
                Some(Fact::Ended { halt: halt.id.clone(), how: Ended::Expired })
            }
            Phase::Watching { since } => {
                let passed = self.watched_passed.as_deref() == Some(&halt.id)
                    && now >= since.saturating_add(WATCH_MS);
                passed.then(|| Fact::Ended { halt: halt.id.clone(), how: Ended::Passed })
            }
            Phase::Trial { until, .. } if until <= now => Some(lease_died(halt, now)),
            _ => None,
        }
    }

    /// Whether a call that was to leave may not: no wait, no test changes that.
    pub fn forbids(&self, ask: Ask, now: Millis) -> bool {
        !self.record().halts.is_empty() && self.stopped(ask, now).is_some()
    }

    /// Why a call may not simply leave: refused, or only as a test.
    pub(super) fn stopped(&self, ask: Ask, now: Millis) -> Option<Admit> {
        let mut gravest: Option<(&Halt, Option<Millis>)> = None;
        let mut test: Option<&Halt> = None;
        for halt in self.record().halts.iter().filter(|halt| covers(halt, ask)) {
            match says(halt, now) {
                Says::No { not_before } => {
                    let graver = match gravest {
                        Some((other, until)) => (halt.kind, not_before) > (other.kind, until),
                        None => true,
                    };
                    if graver {
                        gravest = Some((halt, not_before));
                    }
                }
                Says::Test => {
                    // Of two the wider one: its trial stops the calls that
                    // would test the other.
                    let rank = |halt: &Halt| (halt.kind, halt.reach);
                    if test.is_none_or(|other| rank(halt) > rank(other)) {
                        test = Some(halt);
                    }
                }
                Says::Yes => {}
            }
        }
        if let Some((halt, not_before)) = gravest {
            return Some(Admit::Refuse { halt: halt.id.clone(), not_before });
        }
        let halt = test?;
        // What the terms forbid on a plan is any customer's right where the
        // balance pays: such a call may test a bill, never a probation.
        let may_test = ask.may_test || !ask.plan && halt.kind == HaltKind::Hold;
        let halt = halt.id.clone();
        if may_test && self.watched.is_some() && self.is_watched(ask) {
            Some(Admit::Wait)
        } else if may_test && !self.claiming {
            Some(Admit::Lease(halt))
        } else {
            Some(Admit::Refuse { halt, not_before: None })
        }
    }

    /// The call of `trial` is over.
    pub fn trial_ended(
        &mut self,
        trial: &Trial,
        outcome: Outcome,
        now: Millis,
        writes: &mut Writes,
    ) {
        // A lease that died, or a halt that a signal moved on, is not this
        // call's to judge any more.
        let lent = |halt: &&Halt| halt.is_lent(&trial.halt, &trial.holder);
        let Some(halt) = self.record().halts.iter().find(lent) else { return };
        let fact = match (outcome, halt.kind) {
            (Outcome::Passed, HaltKind::Probation) => {
                halt.moved(Phase::Watching { since: now }, halt.pause_ms)
            }
            (Outcome::Passed, _) => Fact::Ended { halt: halt.id.clone(), how: Ended::Passed },
            (Outcome::NeverSent, _) => {
                Fact::GivenBack { halt: halt.id.clone(), holder: trial.holder.clone() }
            }
            (Outcome::Other, _) => again(halt, doubled(halt), now),
        };
        self.watched = None;
        self.write(fact, now, writes);
    }
}

fn says(halt: &Halt, now: Millis) -> Says {
    match halt.phase {
        Phase::Latched | Phase::Trial { .. } => Says::No { not_before: None },
        Phase::Cooling { until } | Phase::Held { until, .. } if now < until => {
            Says::No { not_before: Some(until) }
        }
        Phase::Cooling { .. } | Phase::Held { test: true, .. } => Says::Test,
        // A hold without a test has been settled when its time came.
        Phase::Held { .. } | Phase::Watching { .. } => Says::Yes,
    }
}

/// Whether no call at all may leave under this halt.
pub(super) fn forbids(halt: &Halt, now: Millis) -> bool {
    matches!(says(halt, now), Says::No { .. })
}

/// The halt waits again, `pause` long.
pub(super) fn again(halt: &Halt, pause: Millis, now: Millis) -> Fact {
    halt.moved(halt.waiting(now.saturating_add(pause)), pause)
}

/// Twice the present wait, at most the longest.
pub(super) fn doubled(halt: &Halt) -> Millis {
    halt.pause_ms.saturating_mul(2).min(halt.longest_ms)
}

/// The first dead lease sends the halt back to waiting; the second one waits
/// for a person, because something dies of the trial.
fn lease_died(halt: &Halt, now: Millis) -> Fact {
    let mut halt = halt.clone();
    halt.dead_leases = halt.dead_leases.saturating_add(1);
    if halt.dead_leases >= 2 {
        halt.kind = HaltKind::Latch;
        halt.phase = Phase::Latched;
        return Fact::Raised { halt: Box::new(halt) };
    }
    again(&halt, doubled(&halt), now)
}
