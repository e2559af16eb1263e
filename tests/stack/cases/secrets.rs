//! Contract 6: no secret and no prompt anywhere that planguard writes.

use http_body_util::Full;
use planguard::{
    refusal::Dialect,
    sim::{Answer, Script},
};
use tower::{Layer, ServiceExt};

use super::ask;
use crate::{
    capture::capture,
    wire::{METERED, Surface, Transport, Wire, WireRequest, guard, provider},
};

const SECRETS: [&str; 3] = ["canary-id", "canary-secret", "canary-prompt"];
const KEY: &str = "canary-id.canary-secret";

/// A request with a canary wherever a secret or a prompt stands.
fn canary(url: &str, stream: bool, header: &str) -> WireRequest {
    let key = match header {
        "authorization" => format!("Bearer {KEY}"),
        _ => KEY.to_owned(),
    };
    let body = format!(
        r#"{{"model":"glm-5.2","stream":{stream},"messages":[{{"content":"canary-prompt"}}]}}"#
    );
    // What a client leaves in the other header comes first, or is empty.
    let (other, left) = match header {
        "authorization" => ("x-api-key", ""),
        _ => ("authorization", "Bearer dummy"),
    };
    http::Request::post(url)
        .header(other, left)
        .header(header, key)
        .header("cookie", "session=canary-secret")
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_credential_and_no_prompt_is_in_anything_that_it_writes() {
    let (lines, _capturing) = capture();
    let mut written = String::new();
    let answers = [1313, 1112, 1113, 1308, 1302, 1305, 1999, 1210].map(Answer::error);
    // A provider that echoes what it was sent.
    let echo = Answer::error(1313).text(format!("No {KEY}, because {KEY} is unfair"));
    let odd = [Answer::mid_stream(2, 1313), Answer::garbage(), echo];
    for answer in answers.into_iter().chain(odd) {
        for header in ["authorization", "x-api-key"] {
            for (url, stream) in
                [(Surface::OpenAi.url(), true), (Surface::Anthropic.url(), false), (METERED, false)]
            {
                let script = Script::new([answer.clone(), answer.clone(), answer.clone()]);
                let provider = provider(Transport::InProcess).mode(script).build();
                let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
                let mut events = plan.events();
                for _ in 0..4 {
                    let asked = ask(&plan, &wire, canary(url, stream, header)).await;
                    if let Err(refused) = asked {
                        written += &format!("{refused} {refused:?} {:#?}", refused.signal());
                        let response = refused.to_response::<bytes::Bytes>(Dialect::OpenAi);
                        written += &format!("{response:?}");
                    }
                }
                let service = Layer::layer(&plan.layer(), provider.service());
                let answer = service.oneshot(canary(url, stream, header)).await;
                written += &format!("{:?}", answer.map(|response| response.into_body()));
                let snapshot = plan.snapshot();
                for account in &snapshot {
                    written += &serde_json::to_string(&account.record).unwrap();
                }
                for (account, record) in plan.ledger().await.unwrap() {
                    written += &format!("{account}{}", serde_json::to_string(&record).unwrap());
                }
                while let Some(event) = events.try_next() {
                    written += &format!("{event:?}");
                }
                written += &format!("{plan:?} {:?} {snapshot:?}", plan.layer());
            }
        }
    }
    for (place, text) in [("the log", lines.text()), ("what it hands out", written)] {
        assert!(text.contains("1313"), "{place} was captured");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in {place}");
        }
    }
}
