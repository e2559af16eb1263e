//! Moments, as people and programs read them.

use std::time::SystemTime;

use jiff::Timestamp;
use planguard::clock::{Millis, from_millis, to_millis};

/// This moment.
pub fn now() -> Millis {
    to_millis(SystemTime::now())
}

/// `at` in RFC 3339, in UTC.
pub fn rfc3339(at: Millis) -> String {
    Timestamp::try_from(from_millis(at))
        .map_or_else(|_| format!("{at} ms after 1970"), |at| format!("{at:.0}"))
}

/// The same, and how far that is from `now`.
pub fn with_distance(at: Millis, now: Millis) -> String {
    format!("{} ({})", rfc3339(at), distance(at, now))
}

/// As in `in 12 min` or `3 h ago`.
pub fn distance(at: Millis, now: Millis) -> String {
    let secs = at.abs_diff(now) / 1_000;
    let length = match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} days", secs / 86_400),
    };
    if at > now { format!("in {length}") } else { format!("{length} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_told_in_one_unit() {
        let now: Millis = 1_800_000_000_000;
        for (secs, told) in [
            (0, "0 s ago"),
            (59, "in 59 s"),
            (-60, "1 min ago"),
            (12 * 60 + 59, "in 12 min"),
            (-3 * 3_600, "3 h ago"),
            (47 * 3_600, "in 47 h"),
            (-48 * 3_600, "2 days ago"),
        ] {
            assert_eq!(distance(now.saturating_add_signed(secs * 1_000), now), told);
        }
        assert_eq!(rfc3339(now), "2027-01-15T08:00:00Z");
        assert!(!rfc3339(Millis::MAX).is_empty());
    }
}
