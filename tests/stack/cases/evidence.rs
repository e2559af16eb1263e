//! What is kept of a strike, and what a person takes to an appeal.

use http_body_util::Full;
use planguard::{
    PlanGuard,
    exchange::{Asked, Workload},
    export::Document,
    ledger::MemoryLedger,
    sim::{Answer, Script},
    workload::Action,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;

use super::ask;
use crate::{
    capture::capture,
    wire::{Surface, Transport, Wire, WireRequest, guard, provider, request},
};

const TOOL: &str = "a-tool/1.0 (linux)";

/// A request whose reader says what it asks for.
fn told(surface: Surface, stream: bool) -> WireRequest {
    let mut request = request(&format!("{}?beta=true", surface.url()), "a", stream);
    request.headers_mut().insert("user-agent", TOOL.parse().unwrap());
    let asked = Asked::new()
        .model("glm-5.2")
        .system_prompt("You are a coding agent.")
        .verdict(Workload::Coding)
        .feature("tools_named", 7)
        .declaration(Workload::Unclear);
    request.extensions_mut().insert(asked);
    request
}

async fn document(plan: &PlanGuard, halt: &str) -> Document {
    Document::find(&plan.ledger().await.unwrap(), halt).expect("a document of that strike")
}

#[tokio::test(start_paused = true)]
async fn a_strike_leaves_both_documents_of_an_appeal() {
    for surface in Surface::ALL {
        for (stream, answer) in [(false, Answer::error(1313)), (true, Answer::mid_stream(2, 1313))]
        {
            let on = format!("{surface:?}, stream {stream}");
            let script = Script::new([Answer::completion(), Answer::completion()]).then(answer);
            let provider = provider(Transport::InProcess).mode(script).build();
            let (wire, ledger) = (Wire::in_process(&provider), MemoryLedger::new());
            let plan = guard().ledger(ledger.clone()).build().unwrap();
            for _ in 0..2 {
                ask(&plan, &wire, told(surface, stream)).await.unwrap();
            }
            // In a stream the caller gets the provider's own bytes.
            let _ = ask(&plan, &wire, told(surface, stream)).await;
            let refused = ask(&plan, &wire, told(surface, stream)).await.unwrap_err();
            let (halt, words) = (refused.halt().unwrap(), refused.provider_message().unwrap());
            plan.acknowledge(halt, "Ada", "stopped the batch job, wrote to support").await.unwrap();

            // Of a guard that has only the ledger: nothing of it is in memory.
            let document = document(&guard().ledger(ledger).build().unwrap(), halt).await;
            let json: Value = serde_json::from_str(&document.to_json()).unwrap();
            let evidence = &json["answers"][0]["evidence"];
            assert_eq!(json["strike"], halt, "{on}");
            assert_eq!(json["count"]["words"], "1 confirmed, 0 suspected, limit 3", "{on}");
            assert_eq!(json["releases"][0]["name"], "Ada", "{on}");
            assert_eq!(evidence["signal"]["message"], words, "{on}");
            assert_eq!(evidence["signal"]["code"], "1313", "{on}");
            assert!(evidence["signal"]["rule"].is_string(), "{on}: {evidence}");
            assert_eq!(evidence["place"]["host"], "api.z.ai", "{on}");
            assert_eq!(evidence["model"], "glm-5.2", "{on}");
            assert_eq!(evidence["user_agent"], TOOL, "{on}");
            assert_eq!(evidence["verdict"], "coding", "{on}");
            assert_eq!(evidence["features"][0]["name"], "tools_named", "{on}");
            assert_eq!(evidence["declaration"], "unclear", "{on}");
            assert_eq!(evidence["posture"], "probation", "{on}");
            assert_eq!(evidence["version"], env!("CARGO_PKG_VERSION"), "{on}");
            let pace = &evidence["pace"];
            let minutes = pace["minutes"].as_array().unwrap();
            assert_eq!(minutes.iter().filter_map(Value::as_u64).sum::<u64>(), 3, "{on}: {pace}");
            assert_eq!(pace["parallel"], 1, "{on}");
            assert_eq!((&pace["hours_active"], &pace["clients"]), (&1.into(), &1.into()), "{on}");
            assert_eq!(pace["same_system"]["same"], 3, "{on}");

            let page = document.to_markdown();
            for part in [halt, words, TOOL, "1 confirmed, 0 suspected, limit 3", "<https://z.ai/"] {
                assert!(page.contains(part), "{on}: {part} is not in\n{page}");
            }
            assert!(page.contains("stopped the batch job, wrote to support"), "{on}");
            assert!(page.contains("No reply time is published."), "{on}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_said_is_not_made_up() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let plan = guard().non_coding(Action::Report).build().unwrap();
    let mut plain = request(Surface::Anthropic.url(), "a", false);
    plain.extensions_mut().insert(Workload::NonCoding);
    let wire = Wire::in_process(&provider);
    let refused = ask(&plan, &wire, plain).await.unwrap_err();
    let document = document(&plan, refused.halt().unwrap()).await;
    let json: Value = serde_json::from_str(&document.to_json()).unwrap();
    let evidence = json["answers"][0]["evidence"].as_object().unwrap();
    for unknown in ["model", "verdict", "features"] {
        assert!(!evidence.contains_key(unknown), "{unknown}: {evidence:?}");
    }
    assert_eq!(evidence["declaration"], "non_coding", "the caller's own word");
    assert!(!evidence["pace"].as_object().unwrap().contains_key("same_system"));
}

#[tokio::test(start_paused = true)]
async fn a_throttle_that_relapses_leaves_both_answers() {
    let script = Script::new([]).then(Answer::error(1302));
    let provider = provider(Transport::InProcess).mode(script).build();
    let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
    let (one, two) = tokio::join!(
        ask(&plan, &wire, told(Surface::OpenAi, false)),
        ask(&plan, &wire, told(Surface::OpenAi, false)),
    );
    let halt = one.or(two).unwrap_err().halt().unwrap().to_owned();
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    let relapsed = ask(&plan, &wire, told(Surface::OpenAi, false)).await.unwrap_err();
    assert_eq!(relapsed.halt(), Some(halt.as_str()));
    let json: Value = serde_json::from_str(&document(&plan, &halt).await.to_json()).unwrap();
    let strikes: Vec<_> = json["answers"].as_array().unwrap().iter().map(|a| &a["strike"]).collect();
    assert_eq!(strikes, ["suspected", "confirmed"]);
    assert_eq!(json["count"]["words"], "1 confirmed, 0 suspected, limit 3");
}

/// A request with a secret wherever one stands, and a prompt.
fn marked(secret: &str, prompt: &str, header: &str) -> WireRequest {
    let body = serde_json::json!({
        "model": "glm-5.2",
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": prompt}],
    });
    let asked = Asked::new().model(prompt).system_prompt(prompt).feature(prompt, 1);
    let key = if header == "authorization" { "Bearer " } else { "" };
    let mut request = http::Request::post(format!("{}?key={secret}", Surface::OpenAi.url()))
        .header(header, format!("{key}{secret}.{secret}"))
        .header("cookie", format!("session={secret}"))
        .header("x-trace", secret)
        .header("user-agent", TOOL)
        .body(Full::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(asked);
    request
}

#[test]
fn no_secret_and_no_prompt_is_in_any_document() {
    let case = ("SECRET[A-Za-z0-9_-]{8,24}", "PROMPT [ -~]{4,40}", any::<bool>());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(32));
    let ran = runner.run(&case, |(secret, prompt, bearer)| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let written = runtime.block_on(async {
            let (lines, _capturing) = capture();
            let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
            // Who can say what kind of work a random prompt is?
            let plan = guard().non_coding(Action::Report).build().unwrap();
            let wire = Wire::in_process(&provider);
            let mut events = plan.events();
            let header = if bearer { "authorization" } else { "x-api-key" };
            let struck = ask(&plan, &wire, marked(&secret, &prompt, header)).await.unwrap_err();
            let document = document(&plan, struck.halt().unwrap()).await;
            let mut written = document.to_json() + &document.to_markdown() + &lines.text();
            for (account, record) in plan.ledger().await.unwrap() {
                written += &format!("{account} {} {record:?}", serde_json::to_string(&record).unwrap());
            }
            while let Some(event) = events.try_next() {
                written += &format!("{event:?}");
            }
            written
        });
        prop_assert!(written.contains(TOOL) && written.contains("1313"));
        // As it is, and as JSON would write it.
        let escaped = serde_json::to_string(&prompt).unwrap();
        for mark in [&*secret, &*prompt, escaped.trim_matches('"'), "SECRET", "PROMPT"] {
            prop_assert!(!written.contains(mark), "{mark} is in {written}");
        }
        Ok(())
    });
    ran.unwrap();
}
