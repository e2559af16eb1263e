//! How old a profile is: terms change by the month.

use std::time::SystemTime;

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::Profile;

/// What was read a season ago may not hold.
const OLD_DAYS: u32 = 90;

impl Profile {
    /// How many days before `now` the vendor's documents were last read; 0 if
    /// that day is still to come.
    pub fn age_days(&self, now: SystemTime) -> u32 {
        let age = || {
            let today = Offset::UTC.to_datetime(Timestamp::try_from(now).ok()?).date();
            let read: Date = self.checked_on().parse().ok()?;
            u32::try_from(today.since(read).ok()?.get_days()).ok()
        };
        age().unwrap_or_default()
    }

    /// Whether that was more than 90 days ago: the terms may have changed since.
    pub fn is_old(&self, now: SystemTime) -> bool {
        self.age_days(now) > OLD_DAYS
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::{reset::parse_moment, zai};

    #[test]
    fn an_age_is_in_whole_days_over_months_and_years() {
        for (now, days, old) in [
            ("2026-11-22T23:59:59Z", 0, false),
            ("2026-11-23T00:00:00Z", 1, false),
            ("2027-02-20T12:00:00Z", 90, false),
            ("2027-02-21T00:00:00Z", 91, true),
            ("2026-11-01T00:00:00Z", 0, false),
        ] {
            let now = parse_moment(now).unwrap();
            assert_eq!((zai().age_days(now), zai().is_old(now)), (days, old));
        }
    }
}
