//! When a wall comes down.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use serde_json::json;

use super::adapter::{Answer, PLAN, leaves_of};
use crate::{
    profile::{
        Evidence, Place,
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
    let key = |key, value: Option<&str>| value.map_or(String::new(), |v| format!("{key} = '{v}'"));
    wall(&format!("{}\n{}\nmax_hours = {max_hours}", key("message", message), key("zone", zone)))
}

fn wall(keys: &str) -> Result<ResetRule, String> {
    ResetRule::compile(toml::from_str::<ResetFile>(keys).map_err(|error| error.to_string())?)
}

/// What a wall makes of an answer that came at 12:00 UTC.
fn read(
    wall: &ResetRule,
    headers: &HeaderMap,
    body: &serde_json::Value,
    message: &str,
) -> Option<Reset> {
    let evidence = Evidence {
        place: Place::Error,
        status: http::StatusCode::TOO_MANY_REQUESTS,
        headers,
        leaves: &leaves_of(body),
        text: None,
        complete: true,
        now: at("2026-11-22T12:00:00Z"),
    };
    reset::read(Some(wall), &evidence, Some(message))
}

#[test]
fn a_zone_is_an_offset_of_either_sign_to_the_minute() {
    for (zone, expected) in [
        ("+00:00", "2026-11-22T12:00:00Z"),
        ("+08:00", "2026-11-22T04:00:00Z"),
        ("-05:30", "2026-11-22T17:30:00Z"),
        ("+14:59", "2026-11-21T21:01:00Z"),
    ] {
        let rule = rule(Some("until (?P<at>.+)"), Some(zone), 744).unwrap();
        let message = "closed until 2026-11-22 12:00:00";
        let reset = read(&rule, &HeaderMap::new(), &json!({}), message);
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
    let rule = rule(None, None, 1).unwrap();
    let after = |secs: &'static str| {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(secs))]);
        read(&rule, &headers, &json!({}), "2026-11-22 12:30:00")
    };
    // An hour, and half of one for clocks that differ.
    assert!(after("5400").is_some());
    assert_eq!(after("5401"), None);
}

#[test]
fn a_wall_names_its_zone_with_its_words_and_is_bounded_by_31_days() {
    assert!(rule(Some("(?P<at>.+)"), None, 1).unwrap().check().is_err());
    assert!(rule(Some("(?P<after>.+)"), None, 1).unwrap().check().is_ok());
    assert!(rule(None, Some("+08:00"), 1).is_err());
    assert!(rule(None, None, 744).is_ok());
    assert!(rule(None, None, 745).is_err());
}

#[test]
fn a_wait_is_read_as_go_protobuf_and_people_write_it() {
    let wall =
        wall("message = '(?i)resets (?:in|after) (?<after>[^.]+)'\nmax_hours = 168").unwrap();
    for (words, seconds) in [
        ("Resets in 4hr 57min.", 4 * 3600 + 57 * 60),
        ("resets after 161h39m41s", 161 * 3600 + 39 * 60 + 41),
        ("resets in 2 days", 2 * 86_400),
        ("resets in 90s", 90),
    ] {
        let expected = at("2026-11-22T12:00:00Z") + Duration::from_secs(seconds);
        let reset = read(&wall, &HeaderMap::new(), &json!({}), words);
        assert_eq!(reset, Some(Reset::new(expected, ResetSource::Body)), "{words}");
    }
    for words in ["resets in a while", "resets in -3h", "resets in 2 months", "resets in 900 days"]
    {
        assert_eq!(read(&wall, &HeaderMap::new(), &json!({}), words), None, "{words}");
    }
}

#[test]
fn a_scalar_is_a_moment_in_unix_seconds_or_rfc_3339_or_a_wait() {
    let wall = wall("pointers = ['/error/x', '/error/resets_at']\nmax_hours = 168").unwrap();
    for (value, expected) in [
        (json!(1_795_356_000), "2026-11-22T14:00:00Z"),
        (json!("1795356000"), "2026-11-22T14:00:00Z"),
        (json!("2026-11-22T22:00:00+08:00"), "2026-11-22T14:00:00Z"),
        (json!(7200), "2026-11-22T14:00:00Z"),
        (json!("7200s"), "2026-11-22T14:00:00Z"),
        (json!("2h0m0.0s"), "2026-11-22T14:00:00Z"),
    ] {
        let body = json!({"error": {"resets_at": value}});
        let reset = read(&wall, &HeaderMap::new(), &body, "");
        assert_eq!(reset, Some(Reset::new(at(expected), ResetSource::Body)), "{value}");
    }
    for value in [json!(-1), json!("nan"), json!("inf"), json!(1e300), json!("soon"), json!(null)] {
        let body = json!({"error": {"resets_at": value}});
        assert_eq!(read(&wall, &HeaderMap::new(), &body, ""), None, "{value}");
    }
}

#[test]
fn a_header_comes_before_the_body_and_the_calendar_last() {
    let wall = wall(
        "headers = ['x-reset']\npointers = ['/at']\nmax_hours = 168\n\
         calendar = { day = 'monday', at = '00:00', zone = '+08:00' }",
    )
    .unwrap();
    let header = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-reset"),
        HeaderValue::from_static("3600"),
    )]);
    let (none, body) = (HeaderMap::new(), json!({"at": 60}));
    let source =
        |headers, body| read(&wall, headers, body, "").map(|reset| (reset.source, reset.at));
    assert_eq!(source(&header, &body), Some((ResetSource::Header, at("2026-11-22T13:00:00Z"))));
    assert_eq!(source(&none, &body), Some((ResetSource::Body, at("2026-11-22T12:01:00Z"))));
    assert_eq!(
        source(&none, &json!({})),
        Some((ResetSource::Calendar, at("2026-11-22T16:00:00Z")))
    );
}

#[test]
fn a_wall_that_is_not_well_formed_is_refused() {
    for keys in [
        "max_hours = 1\nheaders = ['no header']",
        "max_hours = 1\npointers = ['at']",
        "max_hours = 1\ncalendar = { day = 'someday', at = '00:00', zone = '+08:00' }",
        "max_hours = 1\ncalendar = { at = '00:00', zone = 'UTC' }",
        "max_hours = 1\ncalendar = { at = '25:00', zone = '+08:00' }",
    ] {
        assert!(wall(keys).is_err(), "{keys}");
    }
}

#[test]
fn a_moment_beyond_the_bound_leaves_the_word_to_the_next_place() {
    let keys = "pointers = ['/first', '/second']\nmax_hours = 24\n\
                calendar = { at = '00:00', zone = '+00:00' }";
    let wall = wall(keys).unwrap();
    let read = |body| read(&wall, &HeaderMap::new(), &body, "").unwrap();
    let soon = read(json!({"first": "2099-01-01T00:00:00Z", "second": "90s"}));
    assert_eq!(soon, Reset::new(at("2026-11-22T12:01:30Z"), ResetSource::Body));
    let never = read(json!({"first": 1_795_363_200_000_u64}));
    assert_eq!(never, Reset::new(at("2026-11-23T00:00:00Z"), ResetSource::Calendar));
}
