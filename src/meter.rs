//! Counts and times, as the feature `metrics` has them. Without it every
//! function here is empty and every type holds nothing.
//!
//! What a label may hold is decided by the callers: words of planguard's own,
//! and a profile's id. What each metric means stands in `src/metrics.rs`.

#[cfg(feature = "metrics")]
use std::time::{Duration, Instant};

#[cfg(feature = "metrics")]
use parking_lot::Mutex;

pub(crate) const REQUESTS: &str = "planguard_requests_total";
pub(crate) const REFUSALS: &str = "planguard_refusals_total";
pub(crate) const SIGNALS: &str = "planguard_signals_total";
pub(crate) const STRIKES: &str = "planguard_strikes_total";
pub(crate) const HALTS: &str = "planguard_halts_total";
pub(crate) const RELEASES: &str = "planguard_releases_total";
pub(crate) const UNINSPECTED: &str = "planguard_uninspected_total";
pub(crate) const LEDGER_ERRORS: &str = "planguard_ledger_errors_total";
pub(crate) const WORKLOAD_REQUESTS: &str = "planguard_workload_requests_total";
pub(crate) const INSPECTION_SECONDS: &str = "planguard_inspection_seconds";
pub(crate) const WORKLOAD_SECONDS: &str = "planguard_workload_seconds";

#[cfg(feature = "metrics")]
macro_rules! count {
    ($name:expr, $times:expr, $profile:expr $(, $label:literal => $word:expr)*) => {
        ::metrics::counter!($name, "profile" => $profile.to_owned() $(, $label => $word)*)
            .increment($times)
    };
}

#[cfg(not(feature = "metrics"))]
macro_rules! count {
    ($name:expr, $times:expr, $profile:expr $(, $label:literal => $word:expr)*) => {
        let _ = ($name, $times, $profile $(, $word)*);
    };
}

#[cfg(feature = "metrics")]
macro_rules! time {
    ($name:expr, $profile:expr, $time:expr) => {
        ::metrics::histogram!($name, "profile" => $profile.to_owned()).record($time)
    };
}

#[cfg(not(feature = "metrics"))]
macro_rules! time {
    ($name:expr, $profile:expr, $time:expr) => {
        let _ = ($name, $profile, $time);
    };
}

/// A request was handed on.
#[inline]
pub(crate) fn sent(profile: &str) {
    count!(REQUESTS, 1, profile, "outcome" => "sent");
}

/// A request came to the breaker, and no further.
#[inline]
pub(crate) fn refused(profile: &str, reason: &'static str) {
    count!(REQUESTS, 1, profile, "outcome" => "refused");
    refusal(profile, reason);
}

/// A request was refused, by whatever layer.
#[inline]
pub(crate) fn refusal(profile: &str, reason: &'static str) {
    count!(REFUSALS, 1, profile, "reason" => reason);
}

/// An answer said something.
#[inline]
pub(crate) fn signal(profile: &str, class: &'static str) {
    count!(SIGNALS, 1, profile, "class" => class);
}

/// An answer could not be judged by all of its body.
#[inline]
pub(crate) fn uninspected(profile: &str, why: &'static str) {
    count!(UNINSPECTED, 1, profile, "why" => why);
}

/// So many halts began, or became this kind.
#[inline]
pub(crate) fn halts(profile: &str, kind: &'static str, times: u64) {
    count!(HALTS, times, profile, "kind" => kind);
}

/// So many halts were marked so.
#[inline]
pub(crate) fn strikes(profile: &str, strike: &'static str, times: u64) {
    count!(STRIKES, times, profile, "strike" => strike);
}

/// A halt is over.
#[inline]
pub(crate) fn release(profile: &str, by: &'static str) {
    count!(RELEASES, 1, profile, "by" => by);
}

/// The ledger failed, or was too late.
#[inline]
pub(crate) fn ledger_error(profile: &str, op: &'static str) {
    count!(LEDGER_ERRORS, 1, profile, "op" => op);
}

/// A request was judged.
#[inline]
pub(crate) fn judged(profile: &str, verdict: &'static str, action: &'static str) {
    count!(WORKLOAD_REQUESTS, 1, profile, "verdict" => verdict, "action" => action);
}

/// An answer's body was read for so long.
#[inline]
pub(crate) fn inspection(profile: &str, spent: Spent) {
    time!(INSPECTION_SECONDS, profile, spent.secs());
}

/// A request has its verdict, and was read since `began`.
#[inline]
pub(crate) fn workload(profile: &str, began: Began) {
    time!(WORKLOAD_SECONDS, profile, began.secs());
}

/// The time that was spent on one thing, piece by piece. By the machine's
/// clock: a guard's own may be a simulated one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent(#[cfg(feature = "metrics")] Duration);

impl Spent {
    /// Does `work`, which is a piece.
    #[inline]
    pub(crate) fn on<T>(&mut self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "metrics")]
        let began = Instant::now();
        let done = work();
        #[cfg(feature = "metrics")]
        {
            self.0 += began.elapsed();
        }
        done
    }

    #[cfg(feature = "metrics")]
    fn secs(self) -> f64 {
        self.0.as_secs_f64()
    }

    #[cfg(not(feature = "metrics"))]
    fn secs(self) {}
}

/// When something began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began(#[cfg(feature = "metrics")] Instant);

impl Began {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(
            #[cfg(feature = "metrics")]
            Instant::now(),
        )
    }

    #[cfg(feature = "metrics")]
    fn secs(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    #[cfg(not(feature = "metrics"))]
    fn secs(self) {}
}

/// How many words a [`Once`] remembers.
#[cfg(feature = "metrics")]
const REMEMBERED: usize = 128;

/// What was counted of an account's halts, so that nothing is counted twice:
/// a halt is told again whenever some of it changes, or the ledger has to hear
/// it again.
#[derive(Debug, Default)]
pub(crate) struct Once(#[cfg(feature = "metrics")] Mutex<Vec<(String, &'static str)>>);

impl Once {
    /// Whether `word` was said of none of `these` before. Of too many words
    /// the oldest are forgotten.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_first(&self, these: impl Iterator<Item = String>, word: &'static str) -> bool {
        let mut said = self.0.lock();
        let mut is_first = true;
        for this in these {
            let known = said.iter().any(|(other, said)| *other == this && *said == word);
            is_first &= !known;
            if !known {
                said.push((this, word));
            }
        }
        let over = said.len().saturating_sub(REMEMBERED);
        said.drain(..over);
        is_first
    }

    #[cfg(not(feature = "metrics"))]
    pub(crate) fn is_first(&self, _: impl Iterator<Item = String>, _: &'static str) -> bool {
        false
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_first_once_and_what_is_remembered_is_bounded() {
        let once = Once::default();
        let say = |names: &[&str]| once.is_first(names.iter().map(ToString::to_string), "latch");
        assert!(say(&["a", "1"]));
        assert!(!say(&["b", "1"]), "one of these is known");
        assert!(!say(&["b"]), "and so is the other by then");
        assert!(once.is_first(std::iter::once("a".to_owned()), "confirmed"), "another word");
        for n in 0..1_000 {
            assert!(say(&[&format!("later {n}")]));
        }
        assert_eq!(once.0.lock().len(), REMEMBERED);
        assert!(say(&["a"]), "the oldest are forgotten");
    }
}
