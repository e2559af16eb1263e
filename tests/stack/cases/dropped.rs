//! A strike counts whatever its caller does with the answer.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use planguard::{
    PlanGuard,
    breaker::StruckResponse,
    sim::{Answer, Provider, Script},
};
use tower::ServiceExt;

use super::{ask, guarded};
use crate::wire::{Surface, Transport, Wire, guard, provider, request};

fn striking(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

fn strikes(plan: &PlanGuard) -> u32 {
    plan.snapshot().iter().map(|account| account.record.strikes.confirmed).sum()
}

/// Whether the account is halted, asked with one more call.
async fn is_halted(plan: &PlanGuard, provider: &Provider, wire: &Wire) -> bool {
    let before = provider.tally("a").total;
    let _ = ask(plan, wire, request(Surface::OpenAi.url(), "a", true)).await;
    provider.tally("a").total == before
}

#[tokio::test(start_paused = true)]
async fn an_error_body_that_nobody_reads_counts() {
    for surface in Surface::ALL {
        let (provider, wire) = striking(Answer::error(1313));
        let plan = guard().struck_response(StruckResponse::Pass).build().unwrap();
        let service = guarded(&plan, wire.clone());
        let response = service.oneshot(request(surface.url(), "a", false)).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        drop(response);
        assert!(is_halted(&plan, &provider, &wire).await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_complete_does_not_wait_for_a_late_end() {
    let (_, wire) = striking(Answer::error(1313).slow_end(Duration::from_secs(60)));
    let plan = guard().build().unwrap();
    let asked = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false));
    // The provider's latency is 200 ms.
    tokio::time::timeout(Duration::from_millis(201), asked).await.unwrap().unwrap_err();
}

/// Bodies of which only their end would say that they are complete.
const UNENDED: [&str; 2] = [
    "[1313][Your account's current usage pattern does not comply",
    r#"{"error":{"code":"1313","message":"Your account's current usage"#,
];

#[tokio::test(start_paused = true)]
async fn a_callers_timeout_within_an_error_body_does_not_lose_the_strike() {
    for body in UNENDED {
        let answer = Answer::raw(StatusCode::TOO_MANY_REQUESTS, body);
        let (provider, wire) = striking(answer.slow_end(Duration::from_secs(60)));
        let plan = guard().build().unwrap();
        let asked = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false));
        assert!(tokio::time::timeout(Duration::from_secs(1), asked).await.is_err());
        assert_eq!(strikes(&plan), 1, "{body}");
        assert!(is_halted(&plan, &provider, &wire).await, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_body_without_an_end_is_judged_after_five_seconds() {
    for body in UNENDED {
        let answer = Answer::raw(StatusCode::TOO_MANY_REQUESTS, body);
        let (_, wire) = striking(answer.slow_end(Duration::from_secs(60)));
        let plan = guard().build().unwrap();
        let began = tokio::time::Instant::now();
        let asked = request(Surface::OpenAi.url(), "a", false);
        let refused = ask(&plan, &wire, asked).await.unwrap_err();
        assert_eq!(began.elapsed(), Duration::from_millis(5_200), "{body}");
        assert_eq!(refused.provider_body().unwrap(), body);
    }
}

/// Reads `n` frames of a stream whose signal follows three deltas, and goes
/// away.
async fn read(surface: Surface, n: usize) -> (PlanGuard, Provider, Wire) {
    let (provider, wire) = striking(Answer::mid_stream(3, 1313));
    let plan = guard().build().unwrap();
    let service = guarded(&plan, wire.clone());
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let mut body = response.into_body();
    for _ in 0..n {
        body.frame().await.unwrap().unwrap();
    }
    drop(body);
    (plan, provider, wire)
}

/// The frames before the one that carries the signal.
fn before_the_signal(surface: Surface) -> usize {
    match surface {
        Surface::OpenAi => 3,
        Surface::Anthropic => 6,
        Surface::Responses => 5,
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_before_its_error_strikes_nothing() {
    for surface in Surface::ALL {
        let (plan, provider, wire) = read(surface, before_the_signal(surface)).await;
        assert_eq!(strikes(&plan), 0, "{surface:?}");
        assert!(!is_halted(&plan, &provider, &wire).await, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_right_after_its_error_strikes() {
    for surface in Surface::ALL {
        let (plan, provider, wire) = read(surface, before_the_signal(surface) + 1).await;
        assert_eq!(strikes(&plan), 1, "{surface:?}");
        assert!(is_halted(&plan, &provider, &wire).await, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_within_its_error_event_is_judged_by_what_came() {
    const EVENT: &str = "data: {\"error\":{\"code\":\"1313\",\"message\":\"Fair Usage\"}}";
    let answer = Answer::raw(StatusCode::OK, EVENT).header("content-type", "text/event-stream");
    let (provider, wire) = striking(answer.close_early(EVENT.len()));
    let plan = guard().build().unwrap();
    let service = guarded(&plan, wire.clone());
    let response = service.oneshot(request(Surface::OpenAi.url(), "a", true)).await.unwrap();
    assert!(response.into_body().collect().await.is_err(), "the provider's own failure shows");
    assert!(is_halted(&plan, &provider, &wire).await);
}

/// What clients take for the end of a stream.
fn last_word(surface: Surface) -> &'static str {
    match surface {
        Surface::OpenAi => "[DONE]",
        Surface::Anthropic => "message_stop",
        Surface::Responses => "response.completed",
    }
}

/// As async-openai reads a stream, among others.
#[tokio::test(start_paused = true)]
async fn a_trial_passes_with_the_last_event_of_a_stream_and_not_before() {
    for surface in Surface::ALL {
        for whole in [false, true] {
            let held = Script::new([Answer::error(1113), Answer::completion()]);
            let provider = provider(Transport::InProcess).mode(held).build();
            let (wire, plan) = (Wire::forgetful(&provider, false), guard().build().unwrap());
            let request = || request(surface.url(), "a", true);
            ask(&plan, &wire, request()).await.unwrap_err();
            tokio::time::sleep(Duration::from_secs(16 * 60)).await;

            let response = guarded(&plan, wire.clone()).oneshot(request()).await.unwrap();
            let mut body = response.into_body();
            loop {
                let frame = body.frame().await.unwrap().unwrap();
                let text = String::from_utf8_lossy(frame.data_ref().unwrap()).into_owned();
                if !whole || text.contains(last_word(surface)) {
                    break;
                }
            }
            drop(body);
            assert_eq!(plan.snapshot()[0].record.halts.is_empty(), whole, "{surface:?}");
        }
    }
}

/// An answer whose head announces its length, read as far as that goes: what
/// a server of hyper asks for.
#[tokio::test(start_paused = true)]
async fn a_trial_passes_once_all_that_was_announced_has_come() {
    let held = Script::new([Answer::error(1113), Answer::completion()]);
    let provider = provider(Transport::InProcess).mode(held).build();
    let (wire, plan) = (Wire::forgetful(&provider, true), guard().build().unwrap());
    let request = || request(Surface::OpenAi.url(), "a", false);
    ask(&plan, &wire, request()).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;

    let response = guarded(&plan, wire.clone()).oneshot(request()).await.unwrap();
    let announced = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let (mut body, mut read) = (response.into_body(), 0_usize);
    while read < announced {
        let frame = body.frame().await.unwrap().unwrap();
        read += frame.data_ref().map_or(0, |data| data.len());
    }
    drop(body);
    assert!(plan.snapshot()[0].record.halts.is_empty());
    assert!(!is_halted(&plan, &provider, &wire).await);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_judged_once_all_that_was_announced_has_come() {
    for body in UNENDED {
        let answer = Answer::raw(StatusCode::TOO_MANY_REQUESTS, body);
        let provider = provider(Transport::InProcess).mode(answer).build();
        let (wire, plan) = (Wire::forgetful(&provider, true), guard().build().unwrap());
        let asked = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false));
        // The provider's latency is 200 ms.
        tokio::time::timeout(Duration::from_millis(201), asked).await.unwrap().unwrap_err();
        assert_eq!(strikes(&plan), 1, "{body}");
    }
}
