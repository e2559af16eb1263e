//! The deny-list holds what clients were seen to look for.

use planguard::refusal::{TRIGGERS, first_trigger, is_safe};

/// Texts that were measured, or stand in a client's program, each with what a
/// reader of this list would search for.
const TRAPS: &[&str] = &[
    // opencode 1.18.33: digits anywhere.
    "429",
    "error 500 from upstream",
    r#"{"request_id":"req_7a500c"}"#,
    "http://127.0.0.1:15029/status",
    "2026-01-01T00:00:00.502Z",
    "took 1503 ms",
    "port 5040",
    "cloud 524",
    // opencode 1.18.33: frequency.
    "Request rate increased too quickly",
    "Rate limit reached for requests",
    "rate-limit",
    "rate_limit_error",
    "Too Many Requests",
    "too_many_requests",
    // LiteLLM 1.106.2: the same, with any blanks.
    "Rate  limit reached",
    "rate\nlimit",
    "rate\u{a0}limit",
    "RateLimitError",
    "ratelimit",
    "RATE_-_LIMIT",
    "Service tier capacity exceeded for this model",
    // opencode 1.18.33: the provider's state.
    "Overloaded",
    "overloaded_error",
    "server_is_overloaded",
    "Service Unavailable",
    "service-unavailable",
    "internal error",
    "Internal Server Error",
    "internal_server_error",
    "server_error",
    "server-error",
    "Provider returned error",
    "provider_returned_error",
    "resource exhausted",
    "RESOURCE_EXHAUSTED",
    "currently at capacity",
    "we are temporarily at capacity",
    // opencode 1.18.33: the network.
    "terminated",
    "fetch failed",
    "network error",
    "network_error",
    "connection error",
    "connection refused",
    "Connection reset by peer",
    "socket hang up",
    "ECONNRESET",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "write EPIPE",
    "timeout",
    "request timeout",
    "response timed out",
    "connection time out",
    "stream_timeout",
    "read timed out",
    // opencode 1.18.33: invitations.
    "please try your request again",
    "retry your request",
    "try again later",
    "Try again in 5 minutes",
    // Programs derived from opencode.
    "slow down",
    "slow_down",
    "502 Bad Gateway",
    "bad gateway",
    "context deadline exceeded",
    // qwen-code 0.24.4: the value of `error.code`.
    r#"{"error":{"code":"1302","message":"x"}}"#,
    r#"{"error":{"code":1305}}"#,
    r#"{"error":{"code" : 1302 }}"#,
    r#"{"error":{"code": 503}}"#,
];

/// What must stay sayable.
const HARMLESS: &[&str] = &[
    "",
    "code 1302",
    "[1313][your account's usage does not comply with the Fair Usage Policy]",
    r#"{"error":{"code":"account_halted","type":"invalid_request_error"}}"#,
    "code 4-2-9",
    "2026-11-22 14:05 UTC",
    "Usage limit reached for 5 hour",
    "the request frequency has been limited",
    "您的账户已达到速率限制，请您控制请求频率",
    "at 5:00 and 4:29",
];

#[test]
fn each_trap_is_caught() {
    for trap in TRAPS {
        assert!(!is_safe(trap), "{trap:?} is not caught");
        assert!(!is_safe(&format!("before {trap} after")), "{trap:?} is not caught in a text");
        assert!(!is_safe(&trap.to_uppercase()), "{trap:?} is not caught in capitals");
    }
}

#[test]
fn harmless_texts_pass() {
    for text in HARMLESS {
        assert_eq!(first_trigger(text), None, "{text:?}");
    }
}

#[test]
fn each_row_catches_a_trap_that_no_other_row_does() {
    for row in TRIGGERS {
        let own = regex::RegexBuilder::new(row.pattern).case_insensitive(true).build().unwrap();
        let others = TRIGGERS.iter().filter(|other| *other != row).map(|other| other.pattern);
        let others = regex::RegexSetBuilder::new(others).case_insensitive(true).build().unwrap();
        assert!(
            TRAPS.iter().any(|trap| own.is_match(trap) && !others.is_match(trap)),
            "no trap needs the row {row:?}"
        );
    }
}

#[test]
fn the_first_trigger_names_the_client() {
    assert!(first_trigger("Rate  limit").is_some_and(|row| row.client.contains("LiteLLM")));
    assert!(first_trigger("req_7a500c").is_some_and(|row| row.client.contains("opencode")));
}

#[test]
fn no_row_reaches_across_the_marks_that_part_a_refusal() {
    for row in TRIGGERS {
        let own = regex::RegexBuilder::new(row.pattern).case_insensitive(true).build().unwrap();
        for trap in TRAPS {
            for found in own.find_iter(trap) {
                let text = found.as_str();
                assert_eq!(text, text.trim(), "{row:?}");
                for mark in ['.', ',', '(', ')', '`'] {
                    for (at, _) in text.char_indices().skip(1) {
                        let (left, right) = text.split_at(at);
                        let parted = format!("{left}{mark}{right}");
                        let still = own.find(&parted).is_some_and(|m| m.as_str().contains(mark));
                        assert!(!still, "{row:?} matches {parted:?}");
                    }
                }
            }
        }
    }
}
