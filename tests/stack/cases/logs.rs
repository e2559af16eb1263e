//! What the log says: of a strike, of each call, of refused calls.

use std::time::Duration;

use planguard::{
    breaker::Unclaimed,
    sim::{Answer, Metered, Provider},
};
use tower::{Layer, ServiceExt, util::BoxCloneSyncService};

use super::{ask, guarded};
use crate::{
    capture::{Lines, capture},
    wire::{METERED, Surface, Transport, Wire, WireRequest, guard, hear, provider, request},
};

fn striking(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).metered(Metered::SameAsPlan).build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

/// The one line that is logged at `error`.
fn error(lines: &Lines) -> String {
    let errors: Vec<_> =
        lines.text().lines().filter(|l| l.starts_with("ERROR")).map(str::to_owned).collect();
    assert_eq!(errors.len(), 1, "{lines:?}");
    errors[0].clone()
}

#[tokio::test(start_paused = true)]
async fn a_strike_is_one_error_line_that_ends_in_its_release() {
    for surface in Surface::ALL {
        for (stream, answer) in [(false, Answer::error(1313)), (true, Answer::mid_stream(2, 1313))]
        {
            let (lines, _capturing) = capture();
            let (_, wire) = striking(answer);
            let plan = guard().build().unwrap();
            let _ = ask(&plan, &wire, request(surface.url(), "a", stream)).await;
            for _ in 0..3 {
                ask(&plan, &wire, request(surface.url(), "a", stream)).await.unwrap_err();
            }
            let refused = ask(&plan, &wire, request(surface.url(), "a", false)).await.unwrap_err();
            let line = error(&lines);
            let release = refused.release().unwrap();
            assert!(line.ends_with(release), "{line}");
            assert!(line.contains(&format!("To release it: {release} ")), "{line}");
            for part in ["planguard::strike", "Z.AI", "class=\"policy_violation\"", "code=\"1313\""]
            {
                assert!(line.contains(part), "{part}: {line}");
            }
            assert!(line.contains("strikes=1") && line.contains("limit=3"), "{line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn siblings_of_a_strike_are_no_further_error_lines() {
    let (lines, _capturing) = capture();
    let (_, wire) = striking(Answer::error(1313));
    let plan = guard().build().unwrap();
    let calls = (0..8).map(|_| ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)));
    futures_util::future::join_all(calls).await;
    error(&lines);
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_a_warning_and_no_strike() {
    for code in [1113, 1308] {
        let (lines, _capturing) = capture();
        let (_, wire) = striking(Answer::error(code));
        let plan = guard().build().unwrap();
        let asked = request(Surface::OpenAi.url(), "a", false);
        let refused = ask(&plan, &wire, asked).await.unwrap_err();
        assert!(lines.with(&["ERROR"]).is_empty(), "{lines:?}");
        let held = lines.with(&["WARN", "disposition=\"hold\"", refused.halt().unwrap()]);
        assert_eq!(held.len(), 1, "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_call_says_what_became_of_it() {
    for (stream, answer) in [(false, Answer::error(1313)), (true, Answer::mid_stream(2, 1313))] {
        let (lines, _capturing) = capture();
        let (_, wire) = striking(answer);
        let plan = guard().build().unwrap();
        let mut asked = request(Surface::OpenAi.url(), "a", stream);
        asked.extensions_mut().insert(planguard::exchange::Workload::Coding);
        let _ = ask(&plan, &wire, asked).await;
        let account = plan.snapshot()[0].account.to_string();
        let halt = plan.snapshot()[0].record.halts[0].id.clone();
        let spans = lines.with(&["call{", "close"]);
        assert_eq!(spans.len(), 1, "{lines:?}");
        for (field, value) in [
            ("profile", "zai"),
            ("account", account.as_str()),
            ("class", "policy_violation"),
            ("disposition", "latch"),
            ("verdict", "coding"),
            ("halt_id", halt.as_str()),
        ] {
            assert!(spans[0].contains(&format!("{field}=\"{value}\"")), "{field}: {}", spans[0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_signal_has_a_span_without_a_class() {
    let (lines, _capturing) = capture();
    let (_, wire) = striking(Answer::completion());
    let plan = guard().build().unwrap();
    ask(&plan, &wire, request(Surface::OpenAi.url(), "a", true)).await.unwrap();
    let spans = lines.with(&["call{", "close"]);
    assert_eq!(spans.len(), 1, "{lines:?}");
    assert!(spans[0].contains("verdict=\"unclear\"") && !spans[0].contains("class="), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn refused_calls_are_debug_lines_and_one_summary_a_minute() {
    let (lines, _capturing) = capture();
    let (_, wire) = striking(Answer::error(1313));
    let plan = guard().build().unwrap();
    // One struck call, and 300 refused ones in ten minutes.
    for _ in 0..=300 {
        ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(lines.with(&["DEBUG", "planguard::refused"]).len(), 300);
    let summaries = lines.with(&["INFO", "planguard::refused"]);
    assert_eq!(summaries.len(), 10, "{summaries:?}");
    assert!(summaries[1..].iter().all(|line| line.contains("refused=30")), "{summaries:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_refused_for_whatever_reason_are_in_the_log() {
    let (lines, _capturing) = capture();
    let (_, wire) = striking(Answer::completion());
    let plan = guard().build().unwrap();
    let alone = plan.breaker_layer().layer(wire);
    for _ in 0..3 {
        let _ = alone.clone().oneshot(request(METERED, "b", false)).await;
        let _ = alone.clone().oneshot(request(Surface::OpenAi.url(), "a", false)).await;
    }
    assert_eq!(lines.with(&["DEBUG", "planguard::refused", "misconfigured"]).len(), 1, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_nobody_claims_is_warned_about_once() {
    let (lines, _capturing) = capture();
    let (_, wire) = striking(Answer::error(1313));
    let plan = guard().on_unclaimed(Unclaimed::Warn).build().unwrap();
    for host in ["one.example", "two.example", "one.example"] {
        let url = format!("https://{host}/api/anthropic/v1/messages");
        ask(&plan, &wire, request(&url, "a", false)).await.unwrap();
    }
    for host in ["one.example", "two.example"] {
        assert_eq!(lines.with(&["WARN", "planguard::breaker", host]).len(), 1, "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_request_without_a_user_agent_is_warned_about_and_sent_as_it_is() {
    let (lines, _capturing) = capture();
    let provider = provider(Transport::InProcess).build();
    let plan = guard().build().unwrap();
    let wire = Wire::in_process(&provider);
    let bare = Wire::new(BoxCloneSyncService::new(tower::service_fn(move |request: WireRequest| {
        assert!(!request.headers().contains_key("user-agent"), "planguard never sets one");
        wire.clone().oneshot(request)
    })));
    for _ in 0..3 {
        let mut asked = request(Surface::OpenAi.url(), "a", false);
        asked.headers_mut().remove("user-agent");
        hear(guarded(&plan, bare.clone()), asked).await.unwrap();
    }
    assert_eq!(lines.with(&["WARN", "no User-Agent"]).len(), 1, "{lines:?}");
}

/// `compress` is read by no build; the others only with `decompression`.
#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_decoded_is_warned_about_once() {
    let mut encodings = vec!["compress"];
    if !cfg!(feature = "decompression") {
        encodings.extend(["gzip", "deflate", "br", "zstd"]);
    }
    for encoding in encodings {
        let (lines, _capturing) = capture();
        let body = r#"{"choices":[]}"#;
        let answer = Answer::raw(http::StatusCode::OK, body)
            .header("content-type", "application/json")
            .header("content-encoding", encoding);
        let (_, wire) = striking(answer);
        let plan = guard().build().unwrap();
        for _ in 0..3 {
            let heard = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await;
            assert_eq!(heard.unwrap().bytes, body, "it passes as it came");
        }
        let warned = lines.with(&["WARN", encoding]);
        assert_eq!(warned.len(), 1, "{encoding}: {lines:?}");
    }
}
