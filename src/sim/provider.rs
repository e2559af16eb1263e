//! The provider: what arrives, what it decides, what it counted.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::SystemTime,
};

use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    account::{Account, Restriction, Tally},
    answer::{Answer, Content, Form},
    arrival::{Arrival, Mark},
    builder::{Builder, Metered, Options},
    dialect::Surface,
    mode::{self, Asked},
    service::Service,
};
use crate::clock::{Clock, TokioClock};

/// Accounts that are told apart; further ones count as `(others)`, so that a
/// client with a new key each time does not fill the memory.
const MAX_ACCOUNTS: usize = 10_000;

/// The account of requests that show no credential.
const UNIDENTIFIED: &str = "unidentified";

/// A provider that behaves as reported. Clones are the same provider.
///
/// See the [module](super) for what it does, with an example.
#[derive(Clone)]
pub struct Provider {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) options: Options,
    clock: TokioClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    accounts: HashMap<Arc<str>, Account>,
    log: VecDeque<Arrival>,
    arrivals: u64,
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

    /// Counts a request that arrives at this moment and decides its answer.
    pub(super) fn arrive(&self, path: &str, headers: &HeaderMap) -> Admission {
        let shared = &self.shared;
        let (now, wall) = (Instant::now(), shared.clock.now());
        let surface = Surface::at(path);
        let credential = account_of(headers);

        let mut state = shared.state.lock();
        let State { accounts, log, arrivals } = &mut *state;
        let key: Arc<str> = credential.unwrap_or(UNIDENTIFIED).into();
        let known = accounts.len() < MAX_ACCOUNTS || accounts.contains_key(&key);
        let key = if known { key } else { "(others)".into() };
        let modes = shared.options.modes_of(&key);
        let account = accounts
            .entry(Arc::clone(&key))
            .or_insert_with(|| Account::new(modes.len(), shared.options.strike_limit));

        account.arrived();
        let strikes = account.conduct.strikes;
        let answer = match surface {
            None => not_found(),
            Some(_) if credential.is_none() && !shared.options.anonymous => Answer::error(1001),
            Some(surface) => decide(account, modes, surface, shared.options.metered, now, wall),
        };
        let served = is_served(&answer);
        if served {
            account.opened();
        }

        let seq = *arrivals;
        *arrivals += 1;
        if log.len() >= shared.options.log_capacity {
            log.pop_front();
        }
        if shared.options.log_capacity > 0 {
            log.push_back(Arrival {
                seq,
                at: now,
                account: Arc::clone(&key),
                path: prefix(path, 256).into(),
                status: None,
                code: answer.code(),
                strike: account.conduct.strikes > strikes,
            });
        }
        drop(state);
        let presence = Presence { provider: self.clone(), account: key, seq, served };
        Admission { answer, surface, arrived: now, wall, presence }
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }
}

/// A request that arrived, with the answer that was decided for it.
pub(super) struct Admission {
    pub(super) answer: Answer,
    pub(super) surface: Option<Surface>,
    pub(super) arrived: Instant,
    pub(super) wall: SystemTime,
    pub(super) presence: Presence,
}

/// A request's place with the provider, given back when it is dropped.
pub(super) struct Presence {
    provider: Provider,
    account: Arc<str>,
    seq: u64,
    served: bool,
}

impl Presence {
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// The answer's head goes out.
    pub(super) fn answered(&self, status: StatusCode) {
        let mut state = self.provider.shared.state.lock();
        // The log is consecutive, so its first number tells the place.
        let place = state.log.front().and_then(|first| self.seq.checked_sub(first.seq));
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(arrival) = place.and_then(|place| state.log.get_mut(place)) {
            arrival.status = Some(status);
        }
    }

    /// The signal is complete on the caller's side.
    pub(super) fn signal_sent(&self) {
        let mut state = self.provider.shared.state.lock();
        if let Some(account) = state.accounts.get_mut(&self.account) {
            account.signal_sent(Instant::now());
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if self.served {
            let mut state = self.provider.shared.state.lock();
            if let Some(account) = state.accounts.get_mut(&self.account) {
                account.closed();
            }
        }
    }
}

fn decide(
    account: &mut Account,
    modes: &[mode::Mode],
    surface: Surface,
    metered: Metered,
    now: Instant,
    wall: SystemTime,
) -> Answer {
    if let Some(answer) = mode::banned(&account.conduct) {
        return answer;
    }
    match (surface.metered, metered) {
        (true, Metered::Paid) => return Answer::completion(),
        (true, Metered::Unfunded) => return Answer::error(1113),
        (true, Metered::SameAsPlan) | (false, _) => {}
    }
    account.requests += 1;
    let asked = Asked { number: account.requests, open: account.open(), now, wall };
    let Account { memories, conduct, .. } = account;
    modes
        .iter()
        .zip(memories)
        .find_map(|(mode, memory)| mode.answer(memory, conduct, asked))
        .unwrap_or_else(Answer::completion)
}

/// The stable part of the credential: `id` of `id.secret`.
fn account_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION).or_else(|| headers.get("x-api-key"))?.to_str().ok()?;
    let key = match value.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key,
        _ => value,
    };
    let id = key.trim().split('.').next().unwrap_or_default();
    (!id.is_empty()).then(|| prefix(id, 128))
}

/// The first `limit` bytes of `text`, or a few less.
fn prefix(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Whether the answer occupies one of the account's places until its body
/// ends.
fn is_served(answer: &Answer) -> bool {
    match &answer.content {
        Content::Error { form, .. } => *form != Form::Status,
        Content::Raw { .. } => answer.status.is_none_or(|status| status.is_success()),
        Content::Completion { .. } | Content::Endless => true,
        Content::Reset => false,
    }
}

/// What Z.AI's gateway says for a path that it does not have.
fn not_found() -> Answer {
    let body = r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#;
    Answer::raw(StatusCode::NOT_FOUND, body).header("content-type", "application/json")
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
