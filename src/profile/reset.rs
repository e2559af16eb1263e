//! When a wall comes down, as far as the provider says so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header::RETRY_AFTER};
use jiff::{
    SpanRelativeTo, Timestamp,
    civil::DateTime,
    fmt::{friendly::SpanParser, rfc2822},
    tz::Offset,
};

use super::{Evidence, calendar::Calendar, format::ResetFile, pattern::Pattern, pointer::Pointer};
use crate::signal::{Reset, ResetSource};

/// The furthest reset that anybody may name: Z.AI's 1310 counts months, so
/// 31 days is the longest honest one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(31 * 24 * 3600);
/// Room for clocks that differ, on top of a bound.
const SLACK: Duration = Duration::from_secs(30 * 60);

/// A bare number of this size and more is a moment in Unix seconds, a smaller
/// one a wait in seconds.
const FIRST_MOMENT: f64 = 1e9;

/// How one kind of wall says when it comes down.
#[derive(Debug, PartialEq)]
pub(super) struct ResetRule {
    headers: Vec<HeaderName>,
    pointers: Vec<Pointer>,
    message: Option<InMessage>,
    calendar: Option<Calendar>,
    max: Duration,
}

/// A regex whose group `at` is a moment in `zone`, or whose group `after` is a
/// wait.
#[derive(Debug, PartialEq)]
struct InMessage {
    pattern: Pattern,
    zone: Option<Offset>,
}

impl ResetRule {
    pub(super) fn compile(file: ResetFile) -> Result<Self, String> {
        let message = match (file.message, file.zone) {
            (Some(pattern), zone) => Some(InMessage {
                pattern: Pattern::new(pattern),
                zone: zone.as_deref().map(parse_zone).transpose()?,
            }),
            (None, None) => None,
            (None, Some(_)) => return Err("`zone` goes with `message`".to_owned()),
        };
        let header = |name: &String| {
            let parsed = HeaderName::from_bytes(name.as_bytes());
            parsed.map_err(|_| format!("`{name}` is no header name"))
        };
        let max = Duration::from_secs(u64::from(file.max_hours) * 3600);
        if max > MAX_RETRY_AFTER {
            return Err("`max_hours` is at most 744 (31 days)".to_owned());
        }
        let pointers = file.pointers.iter().map(|pointer| Pointer::parse(pointer));
        Ok(Self {
            headers: file.headers.iter().map(header).collect::<Result<_, _>>()?,
            pointers: pointers.collect::<Result<_, _>>()?,
            message,
            calendar: file.calendar.map(Calendar::compile).transpose()?,
            max,
        })
    }

    /// Compiles the regex: what a strict load does at once.
    pub(super) fn check(&self) -> Result<(), String> {
        let Some(InMessage { pattern, zone }) = &self.message else { return Ok(()) };
        match zone {
            Some(_) => pattern.check_group("at"),
            None => pattern
                .check_group("after")
                .map_err(|error| format!("{error}, and no `zone` for a group named `at`")),
        }
    }

    /// What the answer says of it, in the first place that names a moment which
    /// is not beyond `latest`.
    fn said(
        &self,
        evidence: &Evidence<'_>,
        message: Option<&str>,
        latest: SystemTime,
    ) -> Option<Reset> {
        let now = evidence.now;
        let moment = |text: &str| moment(text, now).filter(|at| *at <= latest);
        let mut headers = self.headers.iter();
        let header = headers.find_map(|name| moment(evidence.headers.get(name)?.to_str().ok()?));
        if let Some(at) = header {
            return Some(Reset::new(at, ResetSource::Header));
        }
        let mut pointers = self.pointers.iter();
        let scalar = pointers.find_map(|at| moment(at.first(evidence.leaves)?.text()?));
        let in_message = || self.message.as_ref()?.read(message?, now).filter(|at| *at <= latest);
        let body = scalar.or_else(in_message);
        if let Some(at) = body {
            return Some(Reset::new(at, ResetSource::Body));
        }
        let now = Timestamp::try_from(now).ok()?;
        let at = to_system_time(self.calendar.as_ref()?.next(now)?)?;
        Some(Reset::new(at, ResetSource::Calendar))
    }
}

impl InMessage {
    fn read(&self, message: &str, now: SystemTime) -> Option<SystemTime> {
        let groups = self.pattern.regex()?.captures(message)?;
        if let Some(after) = groups.name("after") {
            return now.checked_add(wait(after.as_str())?);
        }
        let at = groups.name("at")?.as_str();
        let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", at.replace('T', " ")).ok()?;
        to_system_time(self.zone?.to_timestamp(at).ok()?)
    }
}

/// The reset of one answer: `Retry-After` if it holds, else what the wall's
/// own places say.
///
/// A moment beyond the bound is rejected, not clamped: it is some other
/// clock's or nobody's, and half of a wrong wait is wrong too. One in the past
/// is kept: it is what the provider said, and a recorded answer is judged like
/// a live one.
pub(super) fn read(
    rule: Option<&ResetRule>,
    evidence: &Evidence<'_>,
    message: Option<&str>,
) -> Option<Reset> {
    let now = evidence.now;
    let max = rule.map_or(MAX_RETRY_AFTER, |rule| rule.max);
    let latest = now.checked_add(max)?.checked_add(SLACK)?;
    let header = retry_after(evidence.headers, now).filter(|at| *at <= latest);
    if let Some(at) = header {
        return Some(Reset::new(at, ResetSource::RetryAfter));
    }
    rule?.said(evidence, message, latest).filter(|reset| reset.at <= latest)
}

/// A moment as APIs write it: RFC 3339, Unix seconds, or a wait from `now`.
fn moment(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = Duration::try_from_secs_f64(number).ok()?;
        let from = if number >= FIRST_MOMENT { UNIX_EPOCH } else { now };
        return from.checked_add(seconds);
    }
    match text.parse::<Timestamp>() {
        Ok(at) => to_system_time(at),
        Err(_) => now.checked_add(wait(text)?),
    }
}

/// A wait as Go (`161h39m41.3s`), protobuf (`581981.3s`) or people
/// (`4hr 57min`, `2 days`) write it. A day has 24 hours.
fn wait(text: &str) -> Option<Duration> {
    let span = SpanParser::new().parse_span(text.trim()).ok()?;
    let wait = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    wait.try_into().ok()
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
pub(super) fn parse_zone(zone: &str) -> Result<Offset, String> {
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
