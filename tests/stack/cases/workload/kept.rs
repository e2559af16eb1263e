//! What is kept of a judged request, and what never is.

use planguard::{
    PlanGuard,
    exchange::Workload,
    export::Document,
    refusal::Dialect,
    sim::{Answer, Provider},
    workload::{Action, Metered},
};
use serde_json::Value;

use super::ask;
use crate::{
    capture::capture,
    wire::{Surface, Transport, WireRequest, guard, provider, request},
    work::{BUG, STORY, bytes_of, recorded, turn, within_turn},
};

fn striking() -> Provider {
    provider(Transport::InProcess).mode(Answer::error(1313)).build()
}

/// What the ledger holds of the strike that `plan` suffers for `asked`.
async fn evidence(plan: &PlanGuard, asked: WireRequest) -> Value {
    let (wire, _) = recorded(&striking());
    let refused = ask(plan, &wire, asked).await.unwrap_err();
    let ledger = plan.ledger().await.unwrap();
    let document = Document::find(&ledger, refused.halt().expect("a strike")).unwrap();
    let json: Value = serde_json::from_str(&document.to_json()).unwrap();
    json["answers"][0]["evidence"].clone()
}

fn names(evidence: &Value) -> Vec<&str> {
    let features = evidence["features"].as_array().unwrap();
    features.iter().map(|feature| feature["name"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn verdict_and_evidence_are_in_the_ledger_when_a_strike_follows() {
    for surface in Surface::ALL {
        let plan = guard().build().unwrap();
        let coding = evidence(&plan, turn(surface, BUG)).await;
        assert_eq!((&coding["verdict"], &coding["model"]), (&"coding".into(), &"glm-5.2".into()));
        assert!(!names(&coding).is_empty(), "{surface:?}: {coding}");
        assert_eq!(coding.get("declaration"), None, "nobody declared anything: {coding}");

        let plan = guard().non_coding(Action::Report).build().unwrap();
        let other = evidence(&plan, turn(surface, STORY)).await;
        assert_eq!(other["verdict"], "non_coding", "{surface:?}");
        let verdict = plan.assess(&http::Request::new(bytes_of(&turn(surface, STORY))));
        let expected: Vec<_> = verdict.evidence.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names(&other), expected, "{surface:?}");

        // What was passed since it was in the middle of something is kept too.
        let plan = guard().build().unwrap();
        let within = evidence(&plan, within_turn(surface, STORY)).await;
        assert_eq!(within["verdict"], "non_coding", "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_declaration_is_kept_beside_the_verdict_that_it_contradicts() {
    for by_header in [false, true] {
        let plan = guard().build().unwrap();
        let mut asked = turn(Surface::OpenAi, STORY);
        match by_header {
            true => {
                asked.headers_mut().insert("x-planguard-workload", "coding".parse().unwrap());
            }
            false => {
                asked.extensions_mut().insert(Workload::Coding);
            }
        }
        let kept = evidence(&plan, asked).await;
        assert_eq!(
            (&kept["verdict"], &kept["declaration"]),
            (&"non_coding".into(), &"coding".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_what_could_not_be_read_no_verdict_is_made_up() {
    let plan = guard().build().unwrap();
    let kept = evidence(&plan, request(Surface::OpenAi.url(), "a", false)).await;
    for unknown in ["verdict", "features", "declaration"] {
        assert_eq!(kept.get(unknown), None, "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_prompt_and_no_key_is_in_anything_that_it_writes() {
    const CANARY: &str = "canaryqx";
    let words = format!("{STORY}. Its name is {CANARY} and it eats {CANARY} pies.");
    let reroute = || {
        let place = "http://10.0.0.1:8000/v1".parse().unwrap();
        Action::Reroute(Metered::new(CANARY).at(planguard::profile::Surface::Anthropic, place))
    };
    let (lines, _capturing) = capture();
    let mut written = String::new();
    for surface in Surface::ALL {
        for action in [Action::Block, Action::Report, Action::Warn, reroute()] {
            let (wire, _) = recorded(&striking());
            let plan = guard().non_coding(action).unclear(Action::Report).build().unwrap();
            let mut events = plan.events();
            for declared in [None, Some(Workload::NonCoding), Some(Workload::Coding)] {
                let mut asked = turn(surface, &words);
                if let Some(declared) = declared {
                    asked.extensions_mut().insert(declared);
                }
                let verdict = plan.assess(&http::Request::new(bytes_of(&asked)));
                written += &format!("{verdict:?} {}", serde_json::to_string(&verdict).unwrap());
                match ask(&plan, &wire, asked).await {
                    Ok(heard) => written += &format!("{:?}", heard.headers),
                    Err(refused) => {
                        let response = refused.to_response::<bytes::Bytes>(Dialect::OpenAi);
                        written += &format!("{refused} {refused:?} {response:?}");
                    }
                }
            }
            for account in plan.snapshot() {
                written +=
                    &format!("{account:?}{}", serde_json::to_string(&account.workload).unwrap());
            }
            for (account, record) in plan.ledger().await.unwrap() {
                written += &format!("{account}{}", serde_json::to_string(&record).unwrap());
            }
            while let Some(event) = events.try_next() {
                written += &format!("{event:?}");
            }
            written += &format!("{plan:?} {:?} {:?}", plan.layer(), plan.workload_layer());
        }
    }
    written += &format!("{:?}", reroute());
    let log = lines.text();
    assert!(log.contains("taken=\"rerouted\"") && written.contains("Rerouted"), "{log}");
    for (place, text) in [("the log", log), ("what it hands out", written)] {
        for secret in [CANARY, "afraid"] {
            let at = text.find(secret).map(|at| &text[at.saturating_sub(200)..at + secret.len()]);
            assert_eq!(at, None, "{secret} is in {place}");
        }
    }
}
