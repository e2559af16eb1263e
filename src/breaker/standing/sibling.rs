//! Which halt a signal belongs to: one that is open, one that was lately
//! released, or one of its own.

use super::{
    Standing,
    struck::{Struck, Wanted},
};
use crate::{
    breaker::disposition::Action,
    clock::{Millis, to_millis},
    ledger::{Halt, HaltKind},
    signal::{Class, Reach},
};

/// How long a released halt covers its late siblings.
const SIBLINGS_MS: Millis = 10 * 60_000;

impl Standing {
    /// The halt, open or lately released, that this answer is only one more
    /// of: its call was admitted before the halt began, and the halt is at
    /// least as grave and reaches at least as far.
    pub(super) fn sibling(
        &self,
        struck: &Struck,
        wanted: &Wanted,
        reach: Reach,
        now: Millis,
    ) -> Option<String> {
        // A throttle that would latch for want of load is still the sibling
        // of the probation that its own burst began.
        let throttle = struck.disposition.action == Action::Probation;
        let covers = |kind: HaltKind| {
            kind >= wanted.kind && !(kind == HaltKind::Probation && wanted.kind == HaltKind::Hold)
                || throttle && kind == HaltKind::Probation
        };
        let before = |epoch: u64| struck.ticket.epoch < epoch;
        // Who released a halt has read of that signal, not of a graver one.
        let graver =
            |known: Option<Class>| severity(struck.signal.class) > known.map_or(0, severity);
        let open = self.record().halts.iter().find(|halt| {
            let place = Place { reach: halt.reach, endpoint: halt.endpoint };
            let counted = halt.strike >= struck.disposition.strike;
            before(halt.epoch)
                && covers(halt.kind)
                && place.holds(reach, struck)
                && (halt.kind != HaltKind::Hold || place.is(reach, struck))
                && counted
                && !graver(halt.class())
                && !(halt.kind == HaltKind::Hold && outlasts(struck, halt, now))
        });
        let over = || {
            self.record().released.iter().rev().find(|over| {
                let place = Place { reach: over.reach, endpoint: over.endpoint };
                let lately = now.saturating_sub(over.at) < SIBLINGS_MS;
                before(over.epoch)
                    && covers(over.kind)
                    && lately
                    && place.holds(reach, struck)
                    && !graver(over.class)
            })
        };
        open.map(|halt| &halt.id).or_else(|| over().map(|over| &over.id)).cloned()
    }
}

/// What a halt reaches: [`Reach::Endpoint`] is one endpoint, of the plan or not.
struct Place {
    reach: Reach,
    endpoint: u16,
}

impl Place {
    /// Whether it is exactly what a signal would halt.
    fn is(&self, reach: Reach, struck: &Struck) -> bool {
        self.reach == reach && (reach != Reach::Endpoint || self.endpoint == struck.endpoint)
    }

    /// Whether all that a signal would halt is within it.
    fn holds(&self, reach: Reach, struck: &Struck) -> bool {
        match self.reach {
            Reach::Profile => true,
            Reach::Plan => reach == Reach::Plan || reach == Reach::Endpoint && struck.plan,
            Reach::Endpoint => self.is(reach, struck),
        }
    }
}

/// Whether an open halt takes this signal in instead of a halt of its own. A
/// halt of one endpoint stays one: made to reach the plan it would let go of
/// an endpoint that the plan does not have.
pub(super) fn belongs(halt: &Halt, wanted: &Wanted, reach: Reach, struck: &Struck) -> bool {
    let place = Place { reach: halt.reach, endpoint: halt.endpoint };
    let wide = halt.reach != Reach::Endpoint && reach != Reach::Endpoint;
    match wanted.kind {
        HaltKind::Hold => halt.kind == HaltKind::Hold && place.is(reach, struck),
        HaltKind::Probation | HaltKind::Latch => {
            halt.kind != HaltKind::Hold && (wide || place.is(reach, struck))
        }
    }
}

/// Whether the provider names a reset that is later than the end of `hold`.
fn outlasts(struck: &Struck, hold: &Halt, now: Millis) -> bool {
    let at = struck.signal.reset.map(|reset| to_millis(reset.at)).filter(|at| *at > now);
    let resets = matches!(struck.disposition.action, Action::HoldUntilReset { .. });
    resets && at > hold.ends()
}

/// Which of two signals a person should read.
pub(super) fn severity(class: Class) -> u8 {
    match class {
        Class::AccountLocked => 3,
        Class::PolicyViolation | Class::ClientRefused | Class::Challenge => 2,
        Class::PolicyThrottle => 1,
        _ => 0,
    }
}
