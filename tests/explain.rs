//! `explain` is only a driver: every answer that it gives comes out of the
//! public layers, and is the same however a body is cut.

#[path = "../examples/explain/drive.rs"]
mod drive;
#[path = "../examples/explain/response.rs"]
mod response;

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use planguard::{
    PlanGuard,
    breaker::Posture,
    clock::ManualClock,
    ledger::MemoryLedger,
    profile::{Fixture, all_built_in, zai},
};
use serde_json::{Map, Value, json};
use tower::layer::util::Identity;

/// Before every reset that the fixtures name.
fn plan(posture: Posture) -> PlanGuard {
    let now = UNIX_EPOCH + Duration::from_secs(1_789_000_000);
    PlanGuard::builder_for_all()
        .ledger(MemoryLedger::new())
        .posture(posture)
        .clock(ManualClock::new(now))
        .build()
        .unwrap()
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| Value::from(value.to_str().unwrap());
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn line(fixture: &Fixture) -> String {
    json!({
        "id": fixture.name,
        "url": fixture.url.to_string(),
        "status": fixture.status.as_u16(),
        "headers": headers(&fixture.headers),
        "request_headers": headers(&fixture.request_headers),
        "body": String::from_utf8(fixture.body.to_vec()).unwrap(),
    })
    .to_string()
}

/// Those of every built-in profile.
fn fixtures() -> Vec<Fixture> {
    all_built_in().iter().flat_map(|profile| profile.fixtures().unwrap().to_vec()).collect()
}

fn all_fixtures() -> String {
    fixtures().iter().map(|fixture| line(fixture) + "\n").collect()
}

async fn explain(input: &str, plan: &PlanGuard, chunk: usize) -> Vec<Value> {
    let mut output = Vec::new();
    let layer = plan.detect_layer();
    response::explain(input.as_bytes(), &mut output, plan, &layer, chunk).await.unwrap();
    lines(&output)
}

fn lines(output: &[u8]) -> Vec<Value> {
    output.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_fixture_gets_its_class_however_it_is_cut() {
    let plan = plan(Posture::Probation);
    let input = all_fixtures();
    let whole = explain(&input, &plan, usize::MAX).await;
    let fixtures = fixtures();
    assert_eq!(whole.len(), fixtures.len());
    for (answer, fixture) in whole.iter().zip(&fixtures) {
        let class = fixture.class.map_or(Value::Null, |class| class.as_str().into());
        assert_eq!(answer["class"], class, "{}", fixture.name);
        let acts = ["latch", "probation", "hold", "pass"].map(Value::from);
        assert_eq!(acts.contains(&answer["disposition"]), !class.is_null(), "{answer}");
    }
    for chunk in [1, 2, 3, 7, 64, 4096] {
        assert_eq!(explain(&input, &plan, chunk).await, whole, "frames of {chunk} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_layers_it_knows_nothing() {
    let plan = plan(Posture::Probation);
    let (input, mut output) = (all_fixtures(), Vec::new());
    response::explain(input.as_bytes(), &mut output, &plan, &Identity::new(), 7).await.unwrap();
    let answers = lines(&output);
    assert_eq!(answers.len(), fixtures().len());
    assert!(answers.iter().all(|answer| answer["class"].is_null()));
}

#[tokio::test(start_paused = true)]
async fn a_bad_line_gives_an_error_with_its_number_and_the_run_goes_on() {
    let good = line(&zai().fixtures().unwrap()[0]);
    let bad = [
        "not json",
        "{\"id\":1}",
        "{\"id\":1,\"url\":\"https://api.z.ai/\",\"status\":9999,\"headers\":{},\"body\":\"\"}",
        "{\"id\":1,\"url\":\"http://[\",\"status\":200,\"headers\":{},\"body\":\"\"}",
        "{\"id\":1,\"url\":\"https://api.z.ai/\",\"status\":200,\"headers\":{\"a b\":\"c\"},\"body\":\"\"}",
        "{\"id\":1,\"url\":\"https://api.z.ai/\",\"status\":200,\"headers\":{\"a\":{}},\"body\":\"\"}",
    ];
    let input = format!("{good}\n\n{}\n{good}\n", bad.join("\n"));
    let answers = explain(&input, &plan(Posture::Probation), usize::MAX).await;
    assert_eq!(answers.len(), bad.len() + 2);
    for (number, answer) in (3..).zip(&answers[1..=bad.len()]) {
        assert_eq!(answer["line"], number, "{answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
    assert_eq!(answers.first(), answers.last());
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_told_in_utc_and_the_posture_decides_the_disposition() {
    let exchange = |code: &str, message: &str| {
        let body = json!({"error": {"code": code, "message": message}}).to_string();
        let headers = json!({"content-type": "application/json"});
        let url = "https://api.z.ai/api/coding/paas/v4/chat/completions";
        json!({"id": code, "url": url, "status": 429, "headers": headers, "body": body}).to_string()
    };
    let wall = "Usage limit reached for 5 hour. Your limit will reset at 2026-09-10 08:30:00";
    let input = [
        exchange("1308", wall),
        exchange("1302", "Rate limit reached for requests"),
        exchange("1113", "Insufficient balance or no resource package. Please recharge."),
    ]
    .join("\n");
    let dispositions = |answers: &[Value]| -> Vec<String> {
        answers.iter().map(|answer| answer["disposition"].as_str().unwrap().to_owned()).collect()
    };
    let probation = explain(&input, &plan(Posture::Probation), usize::MAX).await;
    assert_eq!(probation[0]["reset"], "2026-09-10T00:30:00Z");
    assert_eq!(dispositions(&probation), ["hold", "probation", "hold"]);
    let strict = explain(&input, &plan(Posture::Strict), usize::MAX).await;
    assert_eq!(dispositions(&strict), ["hold", "latch", "latch"]);
}
