//! The bytes: as they were reported, in each dialect.

use std::time::{Duration, UNIX_EPOCH};

use http::Request;
use http_body_util::Full;
use planguard::sim::{Answer, Provider};
use serde_json::json;
use tokio::time::Instant;

use super::{ANTHROPIC, OPENAI, RESPONSES, Seen, ask, ask_for_stream, request, send};

/// 2026-09-11T16:19:03Z: 00:19:03 of the next day in UTC+8.
fn provider(answer: Answer) -> Provider {
    let start = UNIX_EPOCH + Duration::from_secs(1_789_143_543);
    Provider::builder().starting_at(start).mode(answer).build()
}

async fn plain(answer: Answer, path: &str) -> Seen {
    send(&provider(answer), request(path, "a", false)).await.unwrap()
}

/// The data of each event, with the event's name.
fn events(seen: &Seen) -> Vec<(String, String)> {
    let blocks = seen.text().split_terminator("\n\n");
    blocks
        .map(|block| {
            let field = |name: &str| {
                let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
                lines.next().unwrap_or_default().to_owned()
            };
            (field("event: "), field("data: "))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn openai_errors_have_a_code_string() {
    let seen = plain(Answer::error(1302), OPENAI).await;
    assert_eq!(seen.status, 429);
    assert!(seen.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    assert_eq!(
        seen.json(),
        json!({"error": {"code": "1302", "message": "Rate limit reached for requests"}})
    );
}

#[tokio::test(start_paused = true)]
async fn anthropic_messages_hold_code_text_and_request_id() {
    let seen = plain(Answer::error(1313), ANTHROPIC).await;
    let body = seen.json();
    let id = body["request_id"].as_str().unwrap();
    assert!(id.starts_with("20260912001903"), "{id}");
    assert_eq!(id.len(), 30);
    assert_eq!(body["type"], "error");
    assert_eq!(body["error"]["type"], "rate_limit_error");
    assert_eq!(body["error"]["code"], "1313");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("[1313][Your account's current usage pattern"), "{message}");
    assert!(message.ends_with(&format!("][{id}]")), "{message}");
}

#[tokio::test(start_paused = true)]
async fn overload_is_529_on_the_anthropic_surface_and_429_elsewhere() {
    let anthropic = plain(Answer::overloaded(), ANTHROPIC).await;
    assert_eq!(anthropic.status, 529);
    assert_eq!(anthropic.json()["error"]["type"], "overloaded_error");
    assert_eq!(plain(Answer::overloaded(), OPENAI).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn an_error_can_hide_in_a_200() {
    let json = plain(Answer::ok_with_error(1305), ANTHROPIC).await;
    assert_eq!((json.status.as_u16(), json.code().as_deref()), (200, Some("1305")));
    let text = plain(Answer::ok_with_plain_error(1305), ANTHROPIC).await;
    assert_eq!(text.status, 200);
    assert!(text.text().starts_with("[1305][The service may be temporarily overloaded"));
}

#[tokio::test(start_paused = true)]
async fn words_status_and_headers_are_free() {
    let answer = Answer::error(1311)
        .text("当前订阅套餐暂未开放GLM-5.3-Highspeed权限")
        .status(http::StatusCode::FORBIDDEN)
        .header("retry-after", "30");
    let seen = plain(answer, OPENAI).await;
    assert_eq!(seen.status, 403);
    assert_eq!(seen.headers["retry-after"], "30");
    assert!(seen.text().contains("暂未开放"));
}

#[tokio::test(start_paused = true)]
async fn completions_speak_the_dialect_of_their_path() {
    let answer = || Answer::completion().text("done");
    let openai = plain(answer(), OPENAI).await.json();
    assert_eq!(openai["choices"][0]["message"]["content"], "done");
    let anthropic = plain(answer(), ANTHROPIC).await.json();
    assert_eq!(anthropic["content"][0]["text"], "done");
    let responses = plain(answer(), RESPONSES).await.json();
    assert_eq!(responses["output"][0]["content"][0]["text"], "done");
}

#[tokio::test(start_paused = true)]
async fn the_model_is_the_one_that_was_asked() {
    let asked = Request::post(OPENAI)
        .header("authorization", "Bearer a.secret")
        .body(Full::from(r#"{"model":"glm-4.7"}"#))
        .unwrap();
    let seen = send(&Provider::new(), asked).await.unwrap();
    assert_eq!(seen.json()["model"], "glm-4.7");
}

#[tokio::test(start_paused = true)]
async fn an_openai_stream_ends_with_done() {
    let seen = ask_for_stream(&Provider::new(), OPENAI).await;
    assert!(seen.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let events = events(&seen);
    assert_eq!(events.len(), 10);
    assert!(events.iter().all(|(name, _)| name.is_empty()));
    assert_eq!(events[9].1, "[DONE]");
    let last: serde_json::Value = serde_json::from_str(&events[8].1).unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
}

#[tokio::test(start_paused = true)]
async fn an_anthropic_stream_has_named_events_to_message_stop() {
    let events = events(&ask_for_stream(&Provider::builder().deltas(1).build(), ANTHROPIC).await);
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_responses_stream_counts_its_events() {
    let events = events(&ask_for_stream(&Provider::new(), RESPONSES).await);
    for (index, (name, data)) in events.iter().enumerate() {
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(
            (data["sequence_number"].as_u64(), &data["type"]),
            (Some(index as u64), &json!(name))
        );
    }
    assert_eq!(events.last().unwrap().0, "response.completed");
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_pace() {
    let provider = Provider::builder().pace(Duration::from_millis(50)).build();
    let start = Instant::now();
    ask_for_stream(&provider, OPENAI).await;
    assert_eq!(start.elapsed(), Duration::from_millis(200 + 9 * 50));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_ends_with_the_error_in_each_dialect() {
    for (path, begin) in [(OPENAI, 0), (ANTHROPIC, 3), (RESPONSES, 2)] {
        let seen = ask_for_stream(&provider(Answer::mid_stream(3, 1313)), path).await;
        assert_eq!(seen.status, 200, "{path}");
        let events = events(&seen);
        assert_eq!(events.len(), begin + 4, "{path}");
        let (name, data) = events.last().unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        match path {
            OPENAI => assert_eq!(data["error"]["code"], "1313"),
            ANTHROPIC => {
                assert_eq!(name, "error");
                assert_eq!(data["error"]["code"], "1313");
            }
            _ => assert_eq!((name.as_str(), &data["code"]), ("error", &json!("1313"))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_meant_for_a_stream_is_a_status_without_one() {
    let seen = ask(&provider(Answer::mid_stream(3, 1313))).await;
    assert_eq!((seen.status.as_u16(), seen.code().as_deref()), (429, Some("1313")));
}

#[tokio::test(start_paused = true)]
async fn a_finish_reason_can_tell_of_a_failure() {
    let answer = || Answer::completion().finish_reason("network_error");
    let openai = ask_for_stream(&provider(answer()), OPENAI).await;
    assert!(openai.text().contains(r#""finish_reason":"network_error""#));
    let anthropic = plain(answer(), ANTHROPIC).await.json();
    assert_eq!(anthropic["stop_reason"], "network_error");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_nobody_serves_is_404() {
    let seen = plain(Answer::completion(), "/api/coding/paas/v4").await;
    assert_eq!(seen.status, 404);
}
