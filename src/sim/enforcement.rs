//! Policy enforcement: the modes that count violations.

use std::time::Duration;

use super::{
    account::{Conduct, Restriction},
    answer::Answer,
    mode::{Asked, Memory},
};

/// Policy enforcement as Z.AI's terms describe it: "high-intensity throttling,
/// account suspension, or permanent ban", the ban at the third violation
/// (docs.z.ai/devpack/usage-policy, April 2026; later editions say "more than
/// three", see [`Builder::strike_limit`](super::Builder::strike_limit)).
///
/// At the given request of an account comes the first signal, which is its
/// first violation. From then on **every request that arrives** is one more:
///
/// | violation | the account is | answer |
/// |---|---|---|
/// | 1 | throttled | the first code, 1313 |
/// | 2 | suspended | 1112 |
/// | the limit, 3 | banned, for good | 1121 |
///
/// [`Provider::lift`](super::Provider::lift) ends throttling and suspension but
/// keeps the count: the violation after it stands where the table says.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    first_at: u64,
    again_at: Option<u64>,
    code: u16,
    mid_stream: Option<usize>,
    spare_unanswered: bool,
}

impl Ladder {
    /// The first signal is the answer to request number `request` of each
    /// account, counted from 1.
    pub const fn at_request(request: u64) -> Self {
        Self {
            first_at: request,
            again_at: None,
            code: 1313,
            mid_stream: None,
            spare_unanswered: false,
        }
    }

    /// `code` in place of 1313 while the account is throttled.
    #[must_use]
    pub const fn code(mut self, code: u16) -> Self {
        self.code = code;
        self
    }

    /// After each release the `request`-th request is the next violation,
    /// counted from 1. Without this the ladder rests after a release.
    #[must_use]
    pub const fn again_at_request(mut self, request: u64) -> Self {
        self.again_at = Some(request);
        self
    }

    /// The signal of the throttled account comes inside the stream, after
    /// `deltas` pieces of text, where a stream was asked for.
    #[must_use]
    pub const fn mid_stream(mut self, deltas: usize) -> Self {
        self.mid_stream = Some(deltas);
        self
    }

    /// Requests that arrive before the first signal is sent get it too, but
    /// are no violations: their sender could not know. Without this they
    /// count, so that a burst alone may be banned.
    #[must_use]
    pub const fn spare_unanswered(mut self) -> Self {
        self.spare_unanswered = true;
        self
    }

    pub(super) fn answer(
        &self,
        memory: &mut Memory,
        conduct: &mut Conduct,
        asked: Asked,
    ) -> Option<Answer> {
        if memory.fired && conduct.restriction != Restriction::None {
            if self.spare_unanswered && !conduct.announced {
                return Some(self.answer_to(conduct.restriction));
            }
        } else if asked.number < self.due(conduct)? {
            return None;
        }
        memory.fired = true;
        Some(self.answer_to(conduct.violation()))
    }

    /// The request that is a violation of an account which is free.
    fn due(&self, conduct: &Conduct) -> Option<u64> {
        match conduct.lifts {
            0 => Some(self.first_at),
            _ => Some(conduct.lifted_at.saturating_add(self.again_at?)),
        }
    }

    fn answer_to(&self, restriction: Restriction) -> Answer {
        match (restriction, self.mid_stream) {
            (Restriction::Banned, _) => Answer::error(super::BANNED),
            (Restriction::Suspended, _) => Answer::error(super::SUSPENDED),
            (_, Some(deltas)) => Answer::mid_stream(deltas, self.code),
            (_, None) => Answer::error(self.code),
        }
    }
}

/// The 1302 that a retry seems to cure: works, 1302, works after one second,
/// fails again 10 to 15 seconds later (anomalyco/opencode#14535).
///
/// For each account:
///
/// 1. Its n-th request gets 1302. That is a throttle and no violation.
/// 2. The next request to arrive passes; its arrival starts the time.
/// 3. Requests that arrive sooner than `relapse_after` from then pass.
/// 4. From `relapse_after` on every request gets 1302 again, and **each of
///    these is one violation**. The one that reaches the limit bans the
///    account: it and all later ones get 1121.
///
/// [`Provider::lift`](super::Provider::lift) ends it for the account, unless
/// it is banned.
#[derive(Clone, Copy, Debug)]
pub struct Oscillation {
    first_at: u64,
    relapse_after: Duration,
    code: u16,
}

impl Oscillation {
    /// The first 1302 answers request number `request` of each account,
    /// counted from 1; relapses come from `relapse_after` on.
    pub const fn at_request(request: u64, relapse_after: Duration) -> Self {
        Self { first_at: request, relapse_after, code: 1302 }
    }

    /// `code` in place of 1302.
    #[must_use]
    pub const fn code(mut self, code: u16) -> Self {
        self.code = code;
        self
    }

    pub(super) fn answer(
        &self,
        memory: &mut Memory,
        conduct: &mut Conduct,
        asked: Asked,
    ) -> Option<Answer> {
        if conduct.lifts > 0 || asked.number < self.first_at {
            return None;
        }
        if !memory.fired {
            memory.fired = true;
            conduct.throttle();
            return Some(Answer::error(self.code));
        }
        let passed_at = *memory.passed_at.get_or_insert(asked.now);
        if asked.now.saturating_duration_since(passed_at) < self.relapse_after
            || passed_at == asked.now
        {
            return None;
        }
        Some(Answer::error(match conduct.violation() {
            Restriction::Banned => super::BANNED,
            _ => self.code,
        }))
    }
}
