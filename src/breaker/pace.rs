//! How fast an account is used: counted by the minute, in bounded memory.

use crate::{
    clock::Millis,
    ledger::{Pace, Share},
};

const MINUTE_MS: Millis = 60_000;
/// The present minute, and the ten before it.
const MINUTES: usize = 11;
/// The bits of the hours that are looked at.
const HOURS: u32 = (1 << 24) - 1;
/// How many system prompts are remembered, one for each request.
const SYSTEMS: usize = 64;

/// Counts the requests of one account.
///
/// What was counted keeps its age when the clock is set back, and grows old
/// when it jumps ahead: requests are never moved to another time, and none is
/// counted twice.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// The minute of the clock that is counted at present.
    minute: u64,
    /// Requests by minute, the present one first.
    counts: [u32; MINUTES],
    /// The hours with a request, one bit each, the present one lowest.
    hours: u32,
    /// Hashes of the last system prompts, in a ring.
    systems: Vec<u64>,
    next_system: usize,
}

impl Meter {
    /// One request was admitted.
    #[inline]
    pub fn count(&mut self, now: Millis) {
        let minute = now / MINUTE_MS;
        if minute != self.minute {
            self.begin(minute);
        }
        self.counts[0] = self.counts[0].saturating_add(1);
    }

    /// One admitted request was never sent.
    pub fn take_back(&mut self) {
        self.counts[0] = self.counts[0].saturating_sub(1);
    }

    #[cold]
    fn begin(&mut self, minute: u64) {
        self.roll(minute);
        self.hours |= 1;
    }

    fn roll(&mut self, minute: u64) {
        if let Some(passed) = minute.checked_sub(self.minute) {
            let kept = MINUTES - usize::try_from(passed).unwrap_or(MINUTES).min(MINUTES);
            self.counts.copy_within(..kept, MINUTES - kept);
            self.counts[..MINUTES - kept].fill(0);
            let hours = minute / 60 - self.minute / 60;
            let shifted = u32::try_from(hours).ok().and_then(|by| self.hours.checked_shl(by));
            self.hours = shifted.unwrap_or(0) & HOURS;
        }
        self.minute = minute;
    }

    /// The request that was counted last has this system prompt.
    pub fn system(&mut self, hash: u64) {
        match self.systems.get_mut(self.next_system) {
            Some(oldest) => *oldest = hash,
            None => self.systems.push(hash),
        }
        self.next_system = (self.next_system + 1) % SYSTEMS;
    }

    /// The pace at `now`, with `parallel` requests out and so many `clients`.
    pub fn read(&self, now: Millis, parallel: u32, clients: u8) -> Pace {
        let mut at = self.clone();
        at.roll(now / MINUTE_MS);
        Pace {
            minutes: at.counts.to_vec(),
            parallel,
            hours_active: at.hours.count_ones() as u8,
            clients,
            same_system: at.same_system(),
        }
    }

    fn same_system(mut self) -> Option<Share> {
        self.systems.sort_unstable();
        let runs = self.systems.chunk_by(|a, b| a == b).map(<[u64]>::len);
        let same = runs.max()?;
        Some(Share::new(same as u32, self.systems.len() as u32))
    }
}

#[cfg(test)]
mod tests;
