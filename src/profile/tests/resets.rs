//! When a wall comes down.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use serde_json::json;

use super::adapter::{Answer, PLAN};
use crate::{
    profile::{
        format::ResetFile,
        reset::{self, ResetRule, parse_moment},
        zai,
    },
    signal::{Reset, ResetSource},
};

fn at(moment: &str) -> SystemTime {
    parse_moment(moment).unwrap()
}

/// The reset of an answer with `code` that came at 12:00 UTC and says `moment`.
fn reset(code: &str, moment: &str, retry_after: Option<&'static str>) -> Option<Reset> {
    let profile = zai();
    let mut answer = Answer::new(&profile, PLAN, 429);
    answer.now = at("2026-11-22T12:00:00Z");
    if let Some(value) = retry_after {
        answer.headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
    }
    let message = format!("Usage limit reached. Your limit will reset at {moment}");
    answer.json(&json!({"error": {"code": code, "message": message}})).unwrap().reset
}

#[test]
fn a_moment_in_the_body_is_read_in_the_vendors_zone() {
    let expected = Reset::new(at("2026-11-22T13:30:00Z"), ResetSource::Body);
    assert_eq!(reset("1308", "2026-11-22 21:30:00", None), Some(expected));
}

#[test]
fn a_moment_beyond_the_bound_of_its_wall_is_rejected_not_clamped() {
    for (code, inside, outside) in [
        ("1308", "2026-11-23 01:30:00", "2026-11-23 01:30:01"),
        ("1317", "2026-11-29 20:30:00", "2026-11-29 20:30:01"),
        ("1310", "2026-12-23 20:30:00", "2026-12-23 20:30:01"),
    ] {
        assert!(reset(code, inside, None).is_some(), "{code} {inside}");
        assert_eq!(reset(code, outside, None), None, "{code} {outside}");
    }
}

#[test]
fn a_moment_in_the_past_is_kept() {
    assert!(reset("1308", "2026-08-27 21:31:39", None).is_some());
}

#[test]
fn a_moment_that_is_no_date_is_no_reset() {
    for moment in ["2026-13-40 00:00:00", "tomorrow", "9999-99-99 99:99:99", "2026-11-22"] {
        assert_eq!(reset("1308", moment, None), None, "{moment}");
    }
}

#[test]
fn retry_after_wins_over_the_body_in_seconds_and_as_a_date() {
    let later = |secs| at("2026-11-22T12:00:00Z") + Duration::from_secs(secs);
    for (value, expected) in
        [("997", later(997)), ("0", later(0)), ("Sun, 22 Nov 2026 13:00:00 GMT", later(3600))]
    {
        let expected = Reset::new(expected, ResetSource::RetryAfter);
        assert_eq!(reset("1308", "2026-11-22 21:30:00", Some(value)), Some(expected), "{value}");
    }
}

#[test]
fn retry_after_that_does_not_hold_leaves_the_word_to_the_body() {
    for value in ["-1", "soon", "", "18446744073709551616", "20000", "1e3"] {
        let reset = reset("1308", "2026-11-22 21:30:00", Some(value)).unwrap();
        assert_eq!(reset.source, ResetSource::Body, "{value}");
    }
}

#[test]
fn a_signal_without_a_wall_takes_retry_after_up_to_31_days_and_no_words() {
    let plain = |retry_after| reset("1305", "2026-11-22 21:30:00", retry_after);
    assert_eq!(plain(None), None);
    assert!(plain(Some("2678400")).is_some());
    assert_eq!(plain(Some("2680201")), None);
}

fn rule(message: Option<&str>, zone: Option<&str>, max_hours: u32) -> Result<ResetRule, String> {
    let (message, zone) = (message.map(str::to_owned), zone.map(str::to_owned));
    ResetRule::compile(ResetFile { message, zone, max_hours })
}

#[test]
fn a_zone_is_an_offset_of_either_sign_to_the_minute() {
    let now = at("2026-11-22T12:00:00Z");
    for (zone, expected) in [
        ("+00:00", "2026-11-22T12:00:00Z"),
        ("+08:00", "2026-11-22T04:00:00Z"),
        ("-05:30", "2026-11-22T17:30:00Z"),
        ("+14:59", "2026-11-21T21:01:00Z"),
    ] {
        let rule = rule(Some("until (?P<at>.+)"), Some(zone), 744).unwrap();
        let message = Some("closed until 2026-11-22 12:00:00");
        let reset = reset::read(Some(&rule), &HeaderMap::new(), message, now);
        assert_eq!(reset, Some(Reset::new(at(expected), ResetSource::Body)), "{zone}");
    }
}

#[test]
fn what_is_no_offset_is_no_zone() {
    for zone in [
        "",
        "+",
        "08:00",
        "+0800",
        "+8:00",
        "+08:0",
        "+008:00",
        "+08:000",
        "+15:00",
        "-15:00",
        "+08:60",
        "++8:00",
        "+-8:00",
        "+08:+1",
        "+xx:00",
        "Asia/Shanghai",
    ] {
        let error = rule(Some("(?P<at>.+)"), Some(zone), 744).unwrap_err();
        assert!(error.starts_with(&format!("bad zone `{zone}`")), "{error}");
    }
}

#[test]
fn a_wall_without_words_still_bounds_retry_after() {
    let now = at("2026-11-22T12:00:00Z");
    let rule = rule(None, None, 1).unwrap();
    let after = |secs: &'static str| {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(secs))]);
        reset::read(Some(&rule), &headers, Some("2026-11-22 12:30:00"), now)
    };
    // An hour, and half of one for clocks that differ.
    assert!(after("5400").is_some());
    assert_eq!(after("5401"), None);
}

#[test]
fn a_wall_names_its_zone_with_its_words_and_is_bounded_by_31_days() {
    assert!(rule(Some("(?P<at>.+)"), None, 1).is_err());
    assert!(rule(None, Some("+08:00"), 1).is_err());
    assert!(rule(None, None, 744).is_ok());
    assert!(rule(None, None, 745).is_err());
}
