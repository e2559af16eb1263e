//! The provider: what it is asked about itself.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::SystemTime,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    account::{Account, Restriction, Tally},
    arrival::{Arrival, Mark},
    builder::{Builder, Options},
    service::Service,
};
use crate::clock::{Clock, TokioClock};

/// A provider that behaves as reported. Clones are the same provider.
///
/// See the [module](super) for what it does, with an example.
#[derive(Clone)]
pub struct Provider {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) clock: TokioClock,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: HashMap<Arc<str>, Account>,
    pub(super) log: VecDeque<Arrival>,
    pub(super) arrivals: u64,
}

impl Provider {
    /// A provider that answers every request with a completion.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins to describe a provider.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn from_options(options: Options) -> Self {
        let clock = TokioClock::starting_at(options.wall.unwrap_or_else(SystemTime::now));
        let shared = Shared { options, clock, state: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// The provider in process.
    pub fn service(&self) -> Service {
        Service::new(self.clone())
    }

    /// What was counted for `account`; zeros for one that never asked.
    pub fn tally(&self, account: &str) -> Tally {
        let state = self.shared.state.lock();
        state.accounts.get(account).map_or_else(Tally::default, Account::tally)
    }

    /// What was counted for all accounts together. *Before* and *after* are
    /// sums too: each account's own first signal divides them.
    pub fn total(&self) -> Tally {
        let state = self.shared.state.lock();
        state.accounts.values().map(Account::tally).fold(Tally::default(), Tally::plus)
    }

    /// The accounts that asked, in no order.
    pub fn accounts(&self) -> Vec<Arc<str>> {
        self.shared.state.lock().accounts.keys().cloned().collect()
    }

    /// What the provider allows `account`.
    pub fn restriction(&self, account: &str) -> Restriction {
        let state = self.shared.state.lock();
        state.accounts.get(account).map_or(Restriction::None, |known| known.conduct.restriction)
    }

    /// When `account`'s first signal was sent.
    pub fn first_signal_at(&self, account: &str) -> Option<Instant> {
        self.shared.state.lock().accounts.get(account)?.first_signal()
    }

    /// A person at the provider releases `account`: its restriction ends, its
    /// strikes stay. False if it was not restricted, or is banned.
    pub fn lift(&self, account: &str) -> bool {
        self.shared.state.lock().accounts.get_mut(account).is_some_and(Account::lift)
    }

    /// This moment, to count from: at the recognition of a signal, say.
    pub fn mark(&self) -> Mark {
        let state = self.shared.state.lock();
        Mark { seq: state.arrivals, at: Instant::now() }
    }

    /// The log: the last arrivals, oldest first, as many as
    /// [`Builder::log_capacity`] keeps.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.shared.state.lock().log.iter().cloned().collect()
    }

    /// The part of the log that arrived after `mark`.
    pub fn arrivals_since(&self, mark: Mark) -> Vec<Arrival> {
        let state = self.shared.state.lock();
        state.log.iter().filter(|arrival| arrival.seq >= mark.seq).cloned().collect()
    }

    /// The provider's time, which its stamps and request ids show.
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("total", &self.total()).finish_non_exhaustive()
    }
}
