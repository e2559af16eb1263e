//! When a wall comes down, as far as the provider says so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header::RETRY_AFTER};
use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::Offset};

use super::{format::ResetFile, pattern::Pattern};
use crate::signal::{Reset, ResetSource};

/// The furthest reset that anybody may name: Z.AI's 1310 counts months, so
/// 31 days is the longest honest one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(31 * 24 * 3600);
/// Room for clocks that differ, on top of a bound.
const SLACK: Duration = Duration::from_secs(30 * 60);

/// How one kind of wall says when it comes down.
#[derive(Debug, PartialEq)]
pub(super) struct ResetRule {
    message: Option<(Pattern, Offset)>,
    max: Duration,
}

impl ResetRule {
    pub(super) fn compile(file: ResetFile) -> Result<Self, String> {
        let message = match (file.message, file.zone) {
            (Some(pattern), Some(zone)) => Some((Pattern::new(pattern), parse_zone(&zone)?)),
            (None, None) => None,
            _ => return Err("`message` and `zone` go together".to_owned()),
        };
        let max = Duration::from_secs(u64::from(file.max_hours) * 3600);
        if max > MAX_RETRY_AFTER {
            return Err("`max_hours` is at most 744 (31 days)".to_owned());
        }
        Ok(Self { message, max })
    }

    /// Compiles the regex: what a strict load does at once.
    pub(super) fn check(&self) -> Result<(), String> {
        self.message.iter().try_for_each(|(pattern, _)| pattern.check_group("at"))
    }

    /// The moment in `message`, read in the vendor's zone.
    fn in_message(&self, message: &str) -> Option<SystemTime> {
        let (pattern, zone) = self.message.as_ref()?;
        let at = pattern.regex()?.captures(message)?.name("at")?.as_str();
        let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", at.replace('T', " ")).ok()?;
        to_system_time(zone.to_timestamp(at).ok()?)
    }
}

/// The reset of one answer: `Retry-After` if it holds, else the body's.
///
/// A moment beyond the bound is rejected, not clamped: it is some other
/// clock's or nobody's, and half of a wrong wait is wrong too. One in the past
/// is kept: it is what the provider said, and a recorded answer is judged like
/// a live one.
pub(super) fn read(
    rule: Option<&ResetRule>,
    headers: &HeaderMap,
    message: Option<&str>,
    now: SystemTime,
) -> Option<Reset> {
    let max = rule.map_or(MAX_RETRY_AFTER, |rule| rule.max);
    let latest = now.checked_add(max)?.checked_add(SLACK)?;
    let header = retry_after(headers, now).filter(|at| *at <= latest);
    if let Some(at) = header {
        return Some(Reset::new(at, ResetSource::RetryAfter));
    }
    let at = rule?.in_message(message?).filter(|at| *at <= latest)?;
    Some(Reset::new(at, ResetSource::Body))
}

/// RFC 9110, 10.2.3: seconds from `now`, or a date in its preferred form.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<SystemTime> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return now.checked_add(Duration::from_secs(value.parse().ok()?));
    }
    to_system_time(rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?)
}

/// None before 1970, which no provider means and not every platform can hold.
fn to_system_time(at: Timestamp) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(at.as_second()).ok()?))
}

/// A fixed offset as in `+08:00`.
fn parse_zone(zone: &str) -> Result<Offset, String> {
    let bad = || format!("bad zone `{zone}`: expected an offset such as `+08:00`");
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(bad()),
    };
    let (hours, minutes) = zone.get(1..).and_then(|rest| rest.split_once(':')).ok_or_else(bad)?;
    let number = |text: &str, max: i32| match text.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9'] => {
            text.parse::<i32>().ok().filter(|n| *n <= max).ok_or_else(bad)
        }
        _ => Err(bad()),
    };
    let seconds = sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60);
    Offset::from_seconds(seconds).map_err(|_| bad())
}

/// An RFC 3339 moment, for fixtures.
pub(super) fn parse_moment(text: &str) -> Result<SystemTime, String> {
    let moment = text.parse().ok().and_then(to_system_time);
    moment.ok_or_else(|| format!("`{text}` is no RFC 3339 moment"))
}
