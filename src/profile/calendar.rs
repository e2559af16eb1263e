//! Walls that come down by the calendar: each day, or each Monday, at an hour
//! of the vendor's zone.

use jiff::{
    Timestamp,
    civil::{Time, Weekday},
    tz::Offset,
};

use super::{
    format::{CalendarFile, DayFile},
    reset::parse_zone,
};

/// A moment that comes again each day or week.
#[derive(Debug, PartialEq)]
pub(super) struct Calendar {
    day: Option<Weekday>,
    at: Time,
    zone: Offset,
}

impl Calendar {
    pub(super) fn compile(file: CalendarFile) -> Result<Self, String> {
        let bad = |_| format!("bad time `{}`: expected one such as `00:00`", file.at);
        let at = Time::strptime("%H:%M", &file.at).map_err(bad)?;
        let day = file.day.map(|day| match day {
            DayFile::Monday => Weekday::Monday,
            DayFile::Tuesday => Weekday::Tuesday,
            DayFile::Wednesday => Weekday::Wednesday,
            DayFile::Thursday => Weekday::Thursday,
            DayFile::Friday => Weekday::Friday,
            DayFile::Saturday => Weekday::Saturday,
            DayFile::Sunday => Weekday::Sunday,
        });
        Ok(Self { day, at, zone: parse_zone(&file.zone)? })
    }

    /// The first such moment after `now`.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let here = self.zone.to_datetime(now);
        let (today, over) = (here.date(), here.time() >= self.at);
        let day = match self.day {
            None if over => today.tomorrow().ok()?,
            Some(day) if over || today.weekday() != day => today.nth_weekday(1, day).ok()?,
            _ => today,
        };
        self.zone.to_timestamp(day.to_datetime(self.at)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(day: Option<DayFile>, now: &str) -> String {
        let (at, zone) = ("00:00".to_owned(), "+08:00".to_owned());
        let calendar = Calendar::compile(CalendarFile { day, at, zone }).unwrap();
        calendar.next(now.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_week_ends_on_its_day_in_the_vendors_zone() {
        for (now, expected) in [
            // Sunday evening in UTC is Monday morning in UTC+8.
            ("2026-11-22T15:59:59Z", "2026-11-22T16:00:00Z"),
            ("2026-11-22T16:00:00Z", "2026-11-29T16:00:00Z"),
            ("2026-11-25T03:00:00Z", "2026-11-29T16:00:00Z"),
            ("2026-12-30T00:00:00Z", "2027-01-03T16:00:00Z"),
        ] {
            assert_eq!(next(Some(DayFile::Monday), now), expected, "{now}");
        }
    }

    #[test]
    fn a_day_ends_at_its_hour() {
        for (now, expected) in [
            ("2026-11-22T15:59:59Z", "2026-11-22T16:00:00Z"),
            ("2026-11-22T16:00:00Z", "2026-11-23T16:00:00Z"),
        ] {
            assert_eq!(next(None, now), expected, "{now}");
        }
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for at in ["", "24:00", "noon", "00:00:00"] {
            let file = CalendarFile { day: None, at: at.to_owned(), zone: "+08:00".to_owned() };
            assert!(Calendar::compile(file).unwrap_err().starts_with("bad time"), "{at}");
        }
    }
}
