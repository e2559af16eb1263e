//! Other work goes elsewhere, as a whole and with nothing else changed.

use http::{HeaderMap, HeaderName, Uri};
use planguard::{
    breaker::What,
    exchange::{Taken, Workload},
    profile::{Profile, Surface as Format},
    sim::{self, Answer, Provider},
    workload::{Action, Metered},
};
use serde_json::json;

use super::ask;
use crate::{
    capture::capture,
    wire::{Surface, Transport, WireRequest, guard, provider},
    work::{BUG, STORY, bytes_of, recorded, turn, with_body},
};

pub const KEY: &str = "pay.other-key";

pub fn paying() -> Provider {
    let provider = provider(Transport::InProcess).metered(sim::Metered::Paid);
    provider.mode(Answer::completion()).build()
}

pub fn guarded(metered: Metered) -> planguard::PlanGuard {
    guard().non_coding(Action::Reroute(metered)).build().unwrap()
}

/// With a length, as clients send it, and headers that nobody knows.
fn dressed(mut asked: WireRequest) -> WireRequest {
    let length = bytes_of(&asked).len();
    let headers = asked.headers_mut();
    headers.insert("content-length", length.into());
    for (name, value) in [("content-type", "application/json"), ("x-one", "1"), ("x-many", "1")] {
        headers.append(name, value.parse().unwrap());
    }
    headers.append("x-many", "2".parse().unwrap());
    asked
}

fn without(headers: &HeaderMap, names: &[&str]) -> HeaderMap {
    let mut headers = headers.clone();
    names.iter().for_each(|name| drop(headers.remove(*name)));
    headers
}

#[tokio::test(start_paused = true)]
async fn it_goes_to_the_profiles_metered_endpoint_with_its_own_key() {
    let provider = paying();
    let (wire, sent) = recorded(&provider);
    let plan = guarded(Metered::new(KEY));
    let body = bytes_of(&turn(Surface::OpenAi, STORY));
    let asked = dressed(with_body(&format!("{}?a=b&c", Surface::OpenAi.url()), body.clone()));
    let headers = asked.headers().clone();
    ask(&plan, &wire, asked).await.unwrap();
    let arrived = sent.one();
    let there = "https://api.z.ai/api/paas/v4/chat/completions?a=b&c";
    assert_eq!(arrived.uri(), &there.parse::<Uri>().unwrap());
    assert_eq!(arrived.headers()["authorization"], format!("Bearer {KEY}"));
    assert!(!format!("{arrived:?}").contains(KEY), "no log of a transport shows it");
    let key = ["authorization"];
    assert_eq!(without(arrived.headers(), &key), without(&headers, &key));
    assert_eq!((arrived.method(), arrived.body()), (&http::Method::POST, &body));
    assert_eq!((provider.tally("a").total, provider.tally("pay").total), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn it_goes_to_a_server_of_the_users_own_under_the_models_name_there() {
    let places = [
        (Surface::OpenAi, Format::Openai, "/v1/chat/completions"),
        (Surface::Anthropic, Format::Anthropic, "/v1/v1/messages"),
        (Surface::Responses, Format::Responses, "/v1/responses"),
    ];
    for (surface, format, path) in places {
        let provider = paying();
        let (wire, sent) = recorded(&provider);
        let base = "http://10.0.0.7:8000/v1".parse().unwrap();
        let there = "self/hosted \"GLM\"-with-a-longer-name";
        let metered = Metered::new(KEY).at(format, base).model("glm-5.2", there);
        let plan = guarded(metered.model("another", "one"));
        let asked = dressed(turn(surface, STORY));
        let (body, headers) = (bytes_of(&asked), asked.headers().clone());
        ask(&plan, &wire, asked).await.unwrap();
        let arrived = sent.one();
        assert_eq!(arrived.uri(), &format!("http://10.0.0.7:8000{path}").parse::<Uri>().unwrap());
        let body = String::from_utf8(body.to_vec()).unwrap();
        let mapped = body.replacen("\"glm-5.2\"", &json!(there).to_string(), 1);
        assert_ne!(mapped, body);
        assert_eq!(arrived.body(), &mapped, "{surface:?}");
        assert_eq!(arrived.headers()["content-length"], mapped.len().to_string(), "{surface:?}");
        let changed = ["authorization", "content-length"];
        assert_eq!(without(arrived.headers(), &changed), without(&headers, &changed));
        assert_eq!(provider.total().total, 0, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_without_a_row_keeps_its_name_and_the_body_every_byte() {
    let (wire, sent) = recorded(&paying());
    let plan = guarded(Metered::new(KEY).model("glm-4.7", "glm-4.7-flash"));
    let body = format!(
        " {{\"messages\":[{{\"role\":\"user\",\"content\":{STORY:?}}}],\t\"model\": \"glm-5.2\" }} \n"
    );
    ask(&plan, &wire, with_body(Surface::OpenAi.url(), body.clone())).await.unwrap();
    assert_eq!(sent.one().body(), &body);
    assert!(!sent.one().headers().contains_key("content-length"), "none is made up");
}

#[tokio::test(start_paused = true)]
async fn it_is_logged_told_and_counted_for_the_plans_account() {
    let (lines, _capturing) = capture();
    let (wire, _) = recorded(&paying());
    let plan = guarded(Metered::new(KEY));
    let mut events = plan.events();
    ask(&plan, &wire, turn(Surface::OpenAi, STORY)).await.unwrap();
    let event = events.try_next().unwrap();
    let account = plan.account_of(&planguard::profile::zai(), "a.secret");
    assert_eq!(event.account, account);
    assert!(matches!(event.what, What::Workload { taken: Taken::Rerouted, .. }), "{event:?}");
    assert_eq!(lines.with(&["INFO", "taken=\"rerouted\"", account.as_str()]).len(), 1, "{lines:?}");
    let snapshot = plan.snapshot();
    let own = snapshot.iter().find(|known| known.account == account).unwrap();
    assert_eq!((own.workload.rerouted, own.workload.non_coding), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn coding_stays_on_the_plan_and_so_does_what_was_filtered() {
    // 1301: the provider filtered the content.
    for answer in [Answer::completion(), Answer::error(1301)] {
        let provider = provider(Transport::InProcess).mode(answer).build();
        let (wire, sent) = recorded(&provider);
        let plan = guarded(Metered::new(KEY).model("glm-5.2", "other"));
        let asked = turn(Surface::OpenAi, BUG);
        let body = bytes_of(&asked);
        ask(&plan, &wire, asked).await.expect("the provider's own answer");
        assert_eq!(
            (sent.one().uri(), sent.one().body()),
            (&Surface::OpenAi.url().parse().unwrap(), &body)
        );
        assert_eq!(sent.one().headers()["authorization"], "Bearer a.secret");
    }
}

#[tokio::test(start_paused = true)]
async fn who_declares_other_work_is_sent_elsewhere_whatever_it_looks_like() {
    let provider = paying();
    let (wire, _) = recorded(&provider);
    let plan = guarded(Metered::new(KEY));
    let mut asked = turn(Surface::OpenAi, BUG);
    asked.extensions_mut().insert(Workload::NonCoding);
    ask(&plan, &wire, asked).await.unwrap();
    assert_eq!((provider.tally("a").total, provider.tally("pay").total), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn no_credential_of_the_plan_goes_along() {
    let text = include_str!("../../strict.toml")
        .replace("headers = [\"authorization\"]", "headers = [\"api-key\", \"authorization\"]")
        .replace("require_user_agent = true", "require_user_agent = false");
    let profile = Profile::parse("strict.toml", &text).unwrap();
    let place = || Metered::new(KEY).at(Format::Anthropic, "http://10.0.0.7/own".parse().unwrap());
    let plan = guard().profile(profile).non_coding(Action::Reroute(place())).build().unwrap();
    let body = bytes_of(&turn(Surface::Anthropic, STORY));
    let strict = "https://strict.example/api/anthropic/v1/messages";
    for (url, names) in [
        (Surface::Anthropic.url(), &["authorization"][..]),
        (Surface::Anthropic.url(), &["x-api-key"]),
        (Surface::Anthropic.url(), &["authorization", "x-api-key"]),
        (strict, &["authorization"]),
        (strict, &["api-key"]),
        (strict, &["api-key", "authorization"]),
    ] {
        let (wire, sent) = recorded(&paying());
        let mut asked = with_body(url, body.clone());
        asked.headers_mut().remove("authorization");
        for name in names {
            let name = HeaderName::from_static(name);
            for value in ["Bearer plan-id.plan-key", "plan-id.plan-key"] {
                asked.headers_mut().append(&name, value.parse().unwrap());
            }
        }
        ask(&plan, &wire, asked).await.unwrap();
        let arrived = sent.one();
        assert_eq!(arrived.uri().host(), Some("10.0.0.7"));
        let values = arrived.headers().values().map(|value| value.to_str().unwrap());
        let values: Vec<_> = values.collect();
        assert!(!values.iter().any(|value| value.contains("plan-")), "{url} {names:?}: {values:?}");
        assert!(values.iter().any(|value| value.contains(KEY)), "{url} {names:?}: {values:?}");
    }
}
