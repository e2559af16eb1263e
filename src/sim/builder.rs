//! How a provider is described.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::{mode::Mode, provider::Provider};

/// What a key of the plan gets on the metered endpoint,
/// `/api/paas/v4/chat/completions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metered {
    /// What the modes say, as everywhere.
    #[default]
    SameAsPlan,
    /// Completions: the account has a balance. Its requests are none that the
    /// modes count. A ban holds here too.
    Paid,
    /// 1113, as Z.AI answers a plan key here (zai-org/GLM-5#49). A ban holds
    /// here too.
    Unfunded,
}

/// Describes a [`Provider`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    options: Options,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    modes: Vec<Mode>,
    modes_by_account: HashMap<String, Vec<Mode>>,
    pub(super) latency: Duration,
    pub(super) pace: Duration,
    pub(super) deltas: usize,
    pub(super) strike_limit: u32,
    pub(super) metered: Metered,
    pub(super) anonymous: bool,
    pub(super) log_capacity: usize,
    pub(super) wall: Option<SystemTime>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            modes: Vec::new(),
            modes_by_account: HashMap::new(),
            latency: Duration::from_millis(200),
            pace: Duration::from_millis(20),
            deltas: 8,
            strike_limit: 3,
            metered: Metered::default(),
            anonymous: false,
            log_capacity: 1 << 20,
            wall: None,
        }
    }
}

impl Options {
    pub(super) fn modes_of(&self, account: &str) -> &[Mode] {
        self.modes_by_account.get(account).unwrap_or(&self.modes)
    }
}

impl Builder {
    /// Adds a mode. The provider asks them in the order in which they were
    /// added.
    pub fn mode(mut self, mode: impl Into<Mode>) -> Self {
        self.options.modes.push(mode.into());
        self
    }

    /// Adds a mode for `account` alone (the id before the dot of its key),
    /// whose modes are then these and no others.
    pub fn mode_for(mut self, account: impl Into<String>, mode: impl Into<Mode>) -> Self {
        self.options.modes_by_account.entry(account.into()).or_default().push(mode.into());
        self
    }

    /// The time from a request's arrival to the head of its answer: 200 ms
    /// unless said here.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.options.latency = latency;
        self
    }

    /// The time between two events of a stream: 20 ms unless said here. The
    /// first one comes with the head.
    pub fn pace(mut self, pace: Duration) -> Self {
        self.options.pace = pace;
        self
    }

    /// How many pieces of text a stream tells: 8 unless said here.
    pub fn deltas(mut self, deltas: usize) -> Self {
        self.options.deltas = deltas;
        self
    }

    /// The violation that bans: the third unless said here (at least 1).
    pub fn strike_limit(mut self, violations: u32) -> Self {
        self.options.strike_limit = violations.max(1);
        self
    }

    /// What the metered endpoint answers.
    pub fn metered(mut self, metered: Metered) -> Self {
        self.options.metered = metered;
        self
    }

    /// Serves requests without a credential too, as account `unidentified`.
    /// Without this they get 401 and 1001 and the modes are not asked.
    pub fn allow_anonymous(mut self) -> Self {
        self.options.anonymous = true;
        self
    }

    /// How many arrivals the log keeps: 1,048,576 unless said here, at about
    /// 200 bytes each. Tallies count on.
    pub fn log_capacity(mut self, arrivals: usize) -> Self {
        self.options.log_capacity = arrivals;
        self
    }

    /// The provider's date at the moment of [`build`](Self::build), which its
    /// stamps and request ids show: the system's unless said here. From then
    /// on it follows tokio's clock.
    pub fn starting_at(mut self, date: SystemTime) -> Self {
        self.options.wall = Some(date);
        self
    }

    /// The provider. Its time starts here: with a paused clock, build it
    /// inside the runtime.
    pub fn build(self) -> Provider {
        Provider::from_options(self.options)
    }
}
