//! Accounts, upstreams and hosts that are not a plan's.

use planguard::{
    account::Account,
    breaker::{StruckResponse, Unclaimed, What},
    profile::{Profile, zai},
    refusal::Reason,
    sim::{Answer, Provider, Script},
};

use super::ask;
use crate::wire::{Surface, Transport, Wire, guard, provider, request};

fn answering(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).allow_anonymous().build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

#[tokio::test(start_paused = true)]
async fn an_upstream_decides_over_the_requests_own_host() {
    let (provider, wire) = answering(Answer::error(1313));
    let upstream = Surface::Anthropic.url().parse().unwrap();
    let plan = guard().with_upstream(upstream).build().unwrap();
    for url in ["http://127.0.0.1:8080/api/anthropic/v1/messages", Surface::OpenAi.url()] {
        let refused = ask(&plan, &wire, request(url, "a", false)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::AccountHalted, "{url}");
    }
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn the_uris_host_decides_over_the_host_header() {
    let (_, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let mut asked = request("https://example.com/api/anthropic/v1/messages", "a", false);
    asked.headers_mut().insert("host", "api.z.ai".parse().unwrap());
    assert_eq!(ask(&plan, &wire, asked).await.unwrap().status, 429, "nobody's plan");
}

#[tokio::test(start_paused = true)]
async fn a_name_makes_several_keys_one_account() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().account("team").build().unwrap();
    let url = Surface::OpenAi.url();
    let first = ask(&plan, &wire, request(url, "one", false)).await.unwrap_err();
    assert_eq!(first.account(), Some(&Account::named("zai", "team")));
    ask(&plan, &wire, request(url, "two", false)).await.unwrap_err();
    assert_eq!(provider.total().total, 1);
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_credential_share_one_account() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    for _ in 0..2 {
        let mut asked = request(Surface::OpenAi.url(), "a", false);
        asked.headers_mut().remove("authorization");
        let refused = ask(&plan, &wire, asked).await.unwrap_err();
        assert_eq!(refused.account(), Some(&Account::unidentified("zai")));
    }
    assert_eq!(provider.total().total, 1);
}

#[tokio::test(start_paused = true)]
async fn unclaimed_hosts_pass_or_are_refused_as_the_user_says() {
    let url = "https://example.com/api/anthropic/v1/messages";
    for (unclaimed, passes) in
        [(Unclaimed::Pass, true), (Unclaimed::Warn, true), (Unclaimed::Refuse, false)]
    {
        let (provider, wire) = answering(Answer::error(1313));
        let plan = guard().on_unclaimed(unclaimed).build().unwrap();
        for _ in 0..3 {
            match ask(&plan, &wire, request(url, "a", false)).await {
                Ok(heard) => assert_eq!(heard.bytes, wire.seen().last().unwrap().bytes),
                Err(refused) => assert_eq!(refused.reason(), Reason::UnclaimedHost),
            }
        }
        assert_eq!(provider.total().total, if passes { 3 } else { 0 }, "{unclaimed:?}");
        assert!(plan.snapshot().is_empty());
    }
}

const STRICT: &str = include_str!("../strict.toml");

#[tokio::test(start_paused = true)]
async fn a_plan_that_requires_a_user_agent_refuses_without_one() {
    let (provider, wire) = answering(Answer::completion());
    let profile = Profile::parse("strict.toml", STRICT).unwrap();
    let plan = guard().profile(profile).build().unwrap();
    let url = "https://strict.example/api/anthropic/v1/messages";
    ask(&plan, &wire, request(url, "a", false)).await.expect("it names itself");
    let mut asked = request(url, "a", false);
    asked.headers_mut().remove("user-agent");
    let refused = ask(&plan, &wire, asked).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::UserAgentRequired);
    assert!(refused.to_string().contains("planguard never sets one"), "{refused}");
    assert_eq!(provider.total().total, 1);
}

#[tokio::test(start_paused = true)]
async fn the_second_unknown_failure_within_ten_minutes_holds_for_ten() {
    let unknown = Answer::error(1999).text("something new");
    let script = Script::new([unknown.clone(), unknown]).then(Answer::completion());
    let provider = provider(Transport::InProcess).mode(script).build();
    let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
    let asked = || request(Surface::OpenAi.url(), "a", false);
    let first = ask(&plan, &wire, asked()).await.expect("the first passes");
    assert_eq!((first.status.as_u16(), &first.bytes[..]), (429, &wire.seen()[0].bytes[..]));
    tokio::time::sleep(std::time::Duration::from_secs(540)).await;
    let second = ask(&plan, &wire, asked()).await.unwrap_err();
    assert_eq!(second.reason(), Reason::UnknownHold);
    assert_eq!(second.provider_message(), Some("something new"));
    tokio::time::sleep(std::time::Duration::from_secs(590)).await;
    ask(&plan, &wire, asked()).await.unwrap_err();
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(ask(&plan, &wire, asked()).await.unwrap().status, 200);
    assert_eq!(provider.tally("a").total, 3);
}

#[tokio::test(start_paused = true)]
async fn the_providers_response_can_be_handed_on_unchanged() {
    let (provider, wire) = answering(Answer::error(1313).header("x-trace", "t"));
    let plan = guard().struck_response(StruckResponse::Pass).build().unwrap();
    let mut events = plan.events();
    let heard = ask(&plan, &wire, request(Surface::Anthropic.url(), "a", false)).await.unwrap();
    let seen = &wire.seen()[0];
    assert_eq!((heard.status, &heard.headers), (seen.status, &seen.headers));
    assert_eq!(heard.bytes, seen.bytes);
    let mut said = std::iter::from_fn(|| events.try_next());
    assert!(said.any(|event| matches!(event.what, What::Strike { .. })));
    ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 1);
    assert_eq!(plan.account_of(&zai(), "a.secret"), plan.snapshot()[0].account);
}
