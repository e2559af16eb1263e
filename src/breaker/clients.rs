//! Who uses an account, as far as a User-Agent tells.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use crate::{clock::Millis, exchange::Agent, ledger::USER_AGENT_BYTES};

/// How many are told apart. `Pace::clients` says so.
const CLIENTS: usize = 16;
const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// The User-Agents of one account: the last one as text, the others as a hash.
///
/// Texts that differ beyond their first 256 bytes only count as the same.
#[derive(Debug, Default)]
pub(super) struct Clients {
    last: Option<Agent>,
    known: Vec<Client>,
    /// When the last change was seen.
    at: Millis,
    hasher: RandomState,
}

#[derive(Debug)]
struct Client {
    hash: u64,
    seen: Millis,
}

impl Clients {
    /// A request of `agent`. One comparison where it is the last one again.
    #[inline]
    pub(super) fn see(&mut self, agent: &[u8], now: impl FnOnce() -> Millis) -> Agent {
        let agent = agent.get(..USER_AGENT_BYTES).unwrap_or(agent);
        match &self.last {
            Some(last) if ***last == *agent => last.clone(),
            _ => self.change(agent, now()),
        }
    }

    #[cold]
    fn change(&mut self, agent: &[u8], now: Millis) -> Agent {
        let last = self.last.insert(Arc::new(agent.into())).clone();
        self.touch(now);
        last
    }

    /// The last one is still here. Said once a minute, so that nobody has to
    /// read the clock for each request.
    pub(super) fn touch(&mut self, now: Millis) {
        self.settle(now);
        let Some(last) = &self.last else { return };
        let hash = self.hasher.hash_one(&***last);
        if let Some(client) = self.known.iter_mut().find(|client| client.hash == hash) {
            client.seen = now;
        } else if self.known.len() < CLIENTS {
            self.known.push(Client { hash, seen: now });
        }
    }

    /// Forgets who was not here within 24 hours. A clock that was set back
    /// changes nobody's age.
    fn settle(&mut self, now: Millis) {
        let back = self.at.saturating_sub(now);
        self.at = now;
        self.known.iter_mut().for_each(|client| client.seen = client.seen.saturating_sub(back));
        self.known.retain(|client| now.saturating_sub(client.seen) < DAY_MS);
    }

    /// How many were here within 24 hours.
    pub(super) fn count(&mut self, now: Millis) -> u8 {
        self.settle(now);
        self.known.len() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = DAY_MS / 24;
    const START: Millis = 1_800_000_000_000;

    #[test]
    fn each_client_counts_once() {
        let mut clients = Clients::default();
        for _ in 0..3 {
            for agent in ["a/1", "b/1", "b/1", "c/1"] {
                assert_eq!(&**clients.see(agent.as_bytes(), || START), agent.as_bytes());
            }
        }
        assert_eq!(clients.count(START), 3);
    }

    #[test]
    fn the_clock_is_not_read_for_the_same_client() {
        let mut clients = Clients::default();
        clients.see(b"a/1", || START);
        clients.see(b"a/1", || panic!("the clock is read"));
    }

    #[test]
    fn a_flood_of_clients_stays_within_the_bound() {
        let mut clients = Clients::default();
        for n in 0..10_000 {
            let agent = format!("{n}/{}", "x".repeat(10_000));
            assert_eq!(clients.see(agent.as_bytes(), || START).len(), USER_AGENT_BYTES);
        }
        assert_eq!(clients.count(START), 16);
        assert_eq!(clients.known.capacity(), 16);
    }

    #[test]
    fn who_was_not_here_for_a_day_is_forgotten() {
        let mut clients = Clients::default();
        clients.see(b"a/1", || START);
        clients.touch(START + HOUR);
        clients.see(b"b/1", || START + 2 * HOUR);
        assert_eq!(clients.count(START + 24 * HOUR), 2);
        assert_eq!(clients.count(START + 25 * HOUR), 1);
        assert_eq!(clients.count(START + 26 * HOUR), 0);
        // Who stays is counted again, whatever the last text is.
        clients.touch(START + 26 * HOUR);
        clients.see(b"a/1", || START + 26 * HOUR);
        assert_eq!(clients.count(START + 26 * HOUR), 2);
    }

    #[test]
    fn a_clock_set_back_or_a_year_ahead_makes_nobody_up() {
        const YEAR: Millis = 365 * DAY_MS;
        let mut clients = Clients::default();
        clients.see(b"a/1", || START);
        clients.see(b"b/1", || START - YEAR);
        assert_eq!(clients.count(START - YEAR), 2);
        assert_eq!(clients.count(START - YEAR + 23 * HOUR), 2);
        assert_eq!(clients.count(START - YEAR + 24 * HOUR), 0);
        clients.see(b"c/1", || START + YEAR);
        assert_eq!(clients.count(START + YEAR), 1);
        assert_eq!(clients.count(0), 1);
        assert_eq!(clients.count(u64::MAX), 0);
    }
}
