//! One account as the provider sees it: what arrived, and how it stands.

use tokio::time::Instant;

use super::mode::Memory;

/// What the provider counted for one account, or for all of them.
///
/// A **signal** is an answer that tells a client to stop and not only to wait
/// a moment: codes 1112, 1113, 1121, 1300, 1302 to 1304, 1308 to 1310, 1313,
/// 1314, 1316 to 1321. It counts when it is *sent*: with the head where the
/// status is an error, else with the piece of the body that completes it. What
/// arrives between the decision and that moment could not know of it, so it
/// counts as *before*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Requests that arrived.
    pub total: u64,
    /// Of these, how many before the account's first signal was sent, the one
    /// that got it included.
    pub before_first_signal: u64,
    /// Of these, how many later.
    pub after_first_signal: u64,
    /// Signals sent.
    pub signals: u64,
    /// Violations counted; none after the ban.
    pub strikes: u32,
    /// Whether the account is banned; in a sum, whether any is.
    pub banned: bool,
    /// Served requests whose body has not ended. Requests that get an error
    /// status are not served.
    pub open: usize,
}

impl Tally {
    /// The sum of two accounts.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            before_first_signal: self.before_first_signal + other.before_first_signal,
            after_first_signal: self.after_first_signal + other.after_first_signal,
            signals: self.signals + other.signals,
            strikes: self.strikes + other.strikes,
            banned: self.banned || other.banned,
            open: self.open + other.open,
        }
    }
}

/// What the provider allows an account, from free to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Restriction {
    /// Everything.
    #[default]
    None,
    /// Restricted in its rate: a person may ask for a release.
    Throttled,
    /// Locked: a person may ask for a release.
    Suspended,
    /// Locked for good.
    Banned,
}

/// How an account stands with the provider's rules. All modes of a provider
/// share it.
#[derive(Clone, Debug)]
pub(super) struct Conduct {
    pub(super) restriction: Restriction,
    pub(super) strikes: u32,
    pub(super) lifts: u32,
    /// The number of the last request before the last release.
    pub(super) lifted_at: u64,
    /// Whether a signal of the present restriction was sent.
    pub(super) announced: bool,
    strike_limit: u32,
}

impl Conduct {
    /// One more violation, and the restriction that follows from it.
    pub(super) fn violation(&mut self) -> Restriction {
        if self.restriction == Restriction::None {
            self.announced = false;
        }
        if self.restriction != Restriction::Banned {
            self.strikes += 1;
            self.restriction = match self.strikes {
                strikes if strikes >= self.strike_limit => Restriction::Banned,
                1 => Restriction::Throttled,
                _ => Restriction::Suspended,
            };
        }
        self.restriction
    }

    /// A throttle that is no violation.
    pub(super) fn throttle(&mut self) {
        if self.restriction == Restriction::None {
            self.announced = false;
            self.restriction = Restriction::Throttled;
        }
    }
}

/// All that the provider keeps about one account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) conduct: Conduct,
    /// Requests that the modes were asked about.
    pub(super) requests: u64,
    /// One for each mode, in their order.
    pub(super) memories: Vec<Memory>,
    total: u64,
    before: u64,
    signals: u64,
    first_signal: Option<Instant>,
    open: usize,
}

impl Account {
    pub(super) fn new(modes: usize, strike_limit: u32) -> Self {
        Self {
            conduct: Conduct {
                restriction: Restriction::None,
                strikes: 0,
                lifts: 0,
                lifted_at: 0,
                announced: false,
                strike_limit,
            },
            requests: 0,
            memories: vec![Memory::default(); modes],
            total: 0,
            before: 0,
            signals: 0,
            first_signal: None,
            open: 0,
        }
    }

    pub(super) fn arrived(&mut self) {
        self.total += 1;
        if self.first_signal.is_none() {
            self.before += 1;
        }
    }

    pub(super) fn signal_sent(&mut self, now: Instant) {
        self.signals += 1;
        self.conduct.announced = true;
        self.first_signal.get_or_insert(now);
    }

    pub(super) fn opened(&mut self) {
        self.open += 1;
    }

    pub(super) fn closed(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    pub(super) fn open(&self) -> usize {
        self.open
    }

    pub(super) fn first_signal(&self) -> Option<Instant> {
        self.first_signal
    }

    /// A person's release; false if there is nothing that one can release.
    pub(super) fn lift(&mut self) -> bool {
        let conduct = &mut self.conduct;
        if matches!(conduct.restriction, Restriction::None | Restriction::Banned) {
            return false;
        }
        conduct.restriction = Restriction::None;
        conduct.lifts += 1;
        conduct.lifted_at = self.requests;
        true
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            total: self.total,
            before_first_signal: self.before,
            after_first_signal: self.total - self.before,
            signals: self.signals,
            strikes: self.conduct.strikes,
            banned: self.conduct.restriction == Restriction::Banned,
            open: self.open,
        }
    }
}
