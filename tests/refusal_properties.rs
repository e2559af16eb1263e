//! Whatever names, numbers, times and provider texts go in: no client finds a
//! reason to send the request again in what comes out, and a person finds all
//! that is needed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use planguard::{
    account::{Account, Tally},
    refusal::{Details, Dialect, Reason, Refused, Stopped, first_trigger, is_safe},
    signal::{Certainty, Class, Signal},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value;

/// Phrases that some client looks for; pieces of them too, since two pieces
/// side by side make a whole.
const PHRASES: &[&str] = &[
    "429",
    "500",
    "502",
    "503",
    "504",
    "524",
    "4",
    "29",
    "50",
    "0",
    "52",
    "Rate limit",
    "rate",
    "limit",
    "_limit",
    "-",
    "_",
    " ",
    "too many",
    "requests",
    "overloaded",
    "service",
    "server",
    "error",
    "internal",
    "unavailable",
    "provider returned",
    "terminated",
    "fetch",
    "failed",
    "network",
    "connection",
    "refused",
    "socket hang",
    "up",
    "ECONNRESET",
    "ETIMEDOUT",
    "EPIPE",
    "time",
    "timed",
    "out",
    "timeout",
    "try",
    "again",
    "try again later",
    "retry your request",
    "resource",
    "exhausted",
    "currently at",
    "capacity",
    "slow",
    "down",
    "\"code\":",
    "code\"",
    ":",
    "\"",
    "1302",
    "1305",
    "\\",
    "`",
    ".",
    "\n",
    "\t",
    "\u{0}",
    "\u{1c}",
    "\u{7f}",
    "\u{202e}",
    "\u{feff}",
    "\u{a0}",
];

fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(PHRASES).prop_map(str::to_owned), 1 => "\\PC{0,8}", 1 => any::<char>().prop_map(String::from)];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn provider() -> impl Strategy<Value = String> {
    prop_oneof![Just("Z.AI".to_owned()), Just("Rate Limit Ltd".to_owned()), odd_text()]
}

fn code() -> impl Strategy<Value = Option<String>> {
    let digits = select(vec!["1313", "1302", "429", "1500", "42900", "5035", "rate_limit_error"]);
    option::of(prop_oneof![digits.prop_map(str::to_owned), "[0-9]{1,6}", odd_text()])
}

fn time() -> impl Strategy<Value = SystemTime> {
    let near = 0..400_000_000_000u64;
    prop_oneof![near, any::<u64>()].prop_filter_map("no such time", |secs| {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs))
    })
}

fn strikes() -> impl Strategy<Value = Tally> {
    let count = || prop_oneof![0..4u32, select(vec![429, 500, 1503, 5040]), any::<u32>()];
    (count(), count(), count())
        .prop_map(|(confirmed, suspected, limit)| Tally::new(confirmed, suspected, limit))
}

fn signal() -> impl Strategy<Value = Signal> {
    let class = select(Class::ALL.to_vec());
    let certainty = select(vec![Certainty::Confirmed, Certainty::Suspected]);
    (class, certainty, 100..600u16, code(), odd_text(), option::of(odd_text())).prop_map(
        |(class, certainty, status, code, message, hint)| {
            let mut signal = Signal::new(class, certainty, status);
            signal.code = code;
            signal.message = message;
            signal.hint = hint.map(Into::into);
            signal
        },
    )
}

/// The command as the operator's tool would have it, and any other.
fn release() -> impl Strategy<Value = Option<String>> {
    let tool = any::<u16>()
        .prop_map(|port| format!("planguard --ledger redis://127.0.0.1:{port} ack kdxmwq"));
    option::of(prop_oneof![tool, odd_text()])
}

/// A refusal, and the provider that it names.
fn refusal() -> impl Strategy<Value = (Refused, String)> {
    let who = (
        select(Reason::ALL.to_vec()),
        provider(),
        odd_text(),
        option::of(prop_oneof![Just("work".to_owned()), odd_text()]),
    );
    let halt = (option::of("[a-z]{4,16}"), strikes(), option::of(time()), release());
    let texts = (option::of(odd_text()), option::of(odd_text()), option::of(odd_text()));
    (who, option::of(signal()), halt, texts, option::of(100..600u16)).prop_map(
        |((reason, provider, plan, name), signal, halt, (notice, appeal, detail), status)| {
            let (id, strikes, not_before, release) = halt;
            let answer = status.and_then(|status| StatusCode::from_u16(status).ok());
            let details = Details::new(reason, &provider, plan)
                .account(name.map(|name| Account::named("zai", &name)))
                .signal(signal)
                .strikes(strikes)
                .halt(id)
                .not_before(not_before)
                .release(release)
                .notice(notice)
                .appeal(appeal)
                .detail(detail)
                .answer(answer.map(|status| (status, Bytes::from_static(b"429 try again later"))));
            (Refused::from(details), provider)
        },
    )
}

/// Control characters, and those that turn the direction of what follows.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// On one line, as texts show it.
fn line(text: &str) -> String {
    text.replace(is_unprintable, " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without what a text written apart has more, so that both forms compare.
fn squeeze(text: &str) -> String {
    text.replace(|c: char| c == '-' || c.is_whitespace() || is_unprintable(c), "")
}

/// What no reader may miss.
fn says_all(refused: &Refused, provider: &str, text: &str) -> Result<(), TestCaseError> {
    let squeezed = squeeze(text);
    let has = |what: &str| squeezed.contains(&squeeze(what));

    let provider = line(provider);
    if !provider.is_empty() && is_safe(&provider) {
        prop_assert!(text.contains(&provider), "provider {:?} in {:?}", provider, text);
    } else {
        let stand_in = refused.account().map_or("]: the provider", |_| "]: zai");
        prop_assert!(text.contains(stand_in), "provider {:?} in {:?}", provider, text);
    }
    prop_assert!(text.contains(refused.reason().code()), "reason in {:?}", text);
    prop_assert!(text.contains("Next: "), "next step in {:?}", text);
    if refused.is_policy() {
        prop_assert!(text.contains("usage policy"), "usage policy in {:?}", text);
    }
    if let Some(code) = refused.signal().and_then(|signal| signal.code.as_deref()) {
        let shown: String = line(code).chars().take(20).collect();
        prop_assert!(has(&shown), "code {:?} in {:?}", code, text);
    }
    let strikes = refused.strikes();
    if strikes != Tally::default() || refused.is_policy() {
        prop_assert!(has(&format!("Strikes: {}", strikes.confirmed)), "strikes in {:?}", text);
    }
    if strikes.limit > 0 {
        prop_assert!(has(&format!("limit {}", strikes.limit)), "limit in {:?}", text);
    }
    if strikes.suspected > 0 {
        prop_assert!(has(&format!("{} suspected", strikes.suspected)), "suspected in {:?}", text);
    }
    if let Some(id) = refused.halt() {
        prop_assert!(has(&format!("halt `{id}`")), "halt {:?} in {:?}", id, text);
    }
    Ok(())
}

/// No client sends the request again, no terminal is steered.
fn is_final(text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(first_trigger(text), None, "in {:?}", text);
    prop_assert!(!text.contains(is_unprintable), "control character in {:?}", text);
    Ok(())
}

/// A body's text and the message in it.
fn opened(body: &[u8]) -> (String, Value) {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn every_error_text_is_final_and_says_all((refused, provider) in refusal()) {
        let text = refused.to_string();
        is_final(&text)?;
        says_all(&refused, &provider, &text)?;
        is_final(&format!("{refused:?}"))?;
        let stopped = Stopped::from(refused);
        prop_assert_eq!(stopped.to_string(), text);
        is_final(&format!("{stopped:?}"))?;
    }

    #[test]
    fn every_openai_body_is_final_and_says_all((refused, provider) in refusal()) {
        let response: Response<Bytes> = refused.to_response(Dialect::OpenAi);
        let (text, value) = opened(response.body());
        is_final(&text)?;
        says_all(&refused, &provider, value["error"]["message"].as_str().unwrap())?;
        // qwen-code reads a number, or one of its codes, as a rate limit.
        prop_assert_eq!(value["error"]["code"].as_str(), Some(refused.reason().code()));
    }

    #[test]
    fn every_anthropic_body_is_final_and_says_all((refused, provider) in refusal()) {
        let response: Response<Bytes> = refused.to_response(Dialect::Anthropic);
        let (text, value) = opened(response.body());
        is_final(&text)?;
        says_all(&refused, &provider, value["error"]["message"].as_str().unwrap())?;
    }

    #[test]
    fn every_event_is_final_and_one_frame((refused, provider) in refusal()) {
        for dialect in [Dialect::OpenAi, Dialect::Responses, Dialect::Anthropic] {
            let event = refused.to_event(dialect);
            let event = std::str::from_utf8(&event).unwrap();
            let event = event.strip_prefix("event: error\n").unwrap_or(event);
            let data = event.strip_prefix("data: ").and_then(|e| e.strip_suffix("\n\n")).unwrap();
            is_final(data)?;
            let (_, value) = opened(data.as_bytes());
            says_all(&refused, &provider, value["error"]["message"].as_str().unwrap())?;
        }
    }

    #[test]
    fn the_providers_words_are_kept_to_the_letter(message in odd_text()) {
        let mut signal = Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429);
        signal.message.clone_from(&message);
        let details = Details::new(Reason::AccountHalted, "Z.AI", "").signal(signal);
        let refused = Refused::from(details);
        prop_assert_eq!(refused.provider_message().unwrap_or_default(), &message);
        let shown = line(&message);
        if !shown.is_empty() && is_safe(&shown) {
            let quoted = format!("In the provider's own words: \"{shown}\"");
            prop_assert!(refused.to_string().contains(&quoted));
        }
    }
}
