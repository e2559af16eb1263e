//! How old the built-in profiles are.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use planguard::profile::all_built_in;
use serde_json::json;

use super::{Findings, Grade};

/// A vendor's terms change; what was read a season ago may not hold.
const OLD_DAYS: i32 = 90;

pub fn examine(findings: &mut Findings) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for profile in all_built_in() {
        let (id, checked_on) = (profile.id(), profile.checked_on());
        let days = age(checked_on, today);
        let (grade, what) = match days {
            Some(days) if days <= OLD_DAYS => (Grade::Ok, format!("{days} days ago")),
            Some(days) => (
                Grade::Warning,
                format!("{days} days ago: update planguard, or read the vendor's terms yourself"),
            ),
            None => (Grade::Warning, "on no day that can be read".to_owned()),
        };
        let what = format!("{id}: the vendor's documents were read on {checked_on}, {what}");
        let more = json!({ "id": id, "checked_on": checked_on, "age_days": days });
        findings.add_with(grade, "profile", what, more);
    }
}

fn age(checked_on: &str, today: Date) -> Option<i32> {
    let then: Date = checked_on.parse().ok()?;
    today.since(then).ok().map(|span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_whole_days_over_months_and_years() {
        let today = "2027-03-01".parse().unwrap();
        assert_eq!(age("2027-02-28", today), Some(1));
        assert_eq!(age("2026-11-22", today), Some(99));
        assert_eq!(age("soon", today), None);
    }
}
