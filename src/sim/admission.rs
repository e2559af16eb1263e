//! A request comes in: it is counted, its answer decided, its place kept.

use std::{sync::Arc, time::SystemTime};

use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use tokio::time::Instant;

use super::{
    account::Account,
    answer::{Answer, Content, Form},
    arrival::Arrival,
    builder::Metered,
    dialect::Surface,
    mode::{self, Asked},
    provider::{Provider, State},
};
use crate::clock::Clock;

/// Accounts that are told apart; further ones count as `(others)`, so that a
/// client with a new key each time does not fill the memory.
const MAX_ACCOUNTS: usize = 10_000;

/// The account of requests that show no credential.
const UNIDENTIFIED: &str = "unidentified";

impl Provider {
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
