//! A vendor that grants clients of others nothing.

use std::time::Duration;

use planguard::{
    BuildError, Builder, PlanGuard,
    breaker::Posture,
    clock::TokioClock,
    ledger::MemoryLedger,
    profile::{Mode, Profile, zai},
    refusal::{Reason, is_safe},
};

use crate::wire::{Provider, request, token};

const URL: &str = "https://wire.example/v1/messages";
const REFUSED: &str = r#"{"error":{"type":"not_our_client","message":"No."}}"#;

fn profile() -> Profile {
    Profile::parse("tripwire.toml", include_str!("tripwire.toml")).unwrap()
}

fn guard() -> Builder {
    let start = std::time::UNIX_EPOCH + Duration::from_secs(1_795_356_000);
    let clock = TokioClock::starting_at(start);
    PlanGuard::builder(profile()).ledger(MemoryLedger::new()).clock(clock)
}

fn of(account: &str, issued: u32) -> [(&'static str, String); 1] {
    [("authorization", token(account, issued))]
}

fn plan_request(account: &str, issued: u32) -> crate::wire::Call {
    let [(name, token)] = of(account, issued);
    request(URL, &[(name, token.as_str())])
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_for_a_tripwire_plan_unless_the_code_says_so() {
    let (provider, plan) = (Provider::new(200, "{}"), guard().build().unwrap());
    let refused = provider.ask(&plan, plan_request("me", 1)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::NoGrant);
    assert_eq!(provider.asked(), 0);
    let text = refused.to_string();
    assert!(is_safe(&text), "{text}");
    for part in ["no_grant", "allow_tripwire", "Wire serves its own clients only"] {
        assert!(text.contains(part), "{text}");
    }
    let plan = guard().allow_tripwire("wire").build().unwrap();
    assert_eq!(provider.ask(&plan, plan_request("me", 1)).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_api_key_on_the_same_host_and_path_is_left_alone() {
    let (provider, plan) = (Provider::new(200, "{}"), guard().build().unwrap());
    let key = request(URL, &[("authorization", "Bearer sk-1")]);
    assert_eq!(provider.ask(&plan, key).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn report_lets_it_pass() {
    let provider = Provider::new(200, "{}");
    let plan = guard().posture(Posture::Report).build().unwrap();
    assert_eq!(provider.ask(&plan, plan_request("me", 1)).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_4xx_holds_a_tripwire_plan_at_once() {
    for (status, holds) in [(403, true), (405, true), (466, true), (500, false)] {
        let provider = Provider::new(status, r#"{"error":{"message":"something new"}}"#);
        let plan = guard().allow_tripwire("wire").build().unwrap();
        let first = provider.ask(&plan, plan_request("me", 1)).await;
        assert_eq!(first.is_err(), holds, "{status}");
        let second = provider.ask(&plan, plan_request("me", 1)).await;
        assert_eq!(
            second.is_err(),
            holds || status == 500,
            "{status}: a second one holds anywhere"
        );
        if holds {
            assert_eq!(second.unwrap_err().reason(), Reason::UnknownHold);
            assert_eq!(provider.asked(), 1, "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_of_an_allowed_tripwire_latches() {
    let provider = Provider::new(403, REFUSED);
    let plan = guard().allow_tripwire("wire").build().unwrap();
    let refused = provider.ask(&plan, plan_request("me", 1)).await.unwrap_err();
    assert_eq!((refused.reason(), refused.not_before()), (Reason::AccountHalted, None));
    let text = refused.to_string();
    assert!(text.contains("It refused the client; about the account itself"), "{text}");
    assert!(text.contains("Known false alarms: The vendor's own client met this"), "{text}");
    assert!(provider.ask(&plan, plan_request("me", 1)).await.is_err());
    assert_eq!(provider.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refreshed_token_keeps_the_halt_and_another_account_is_free() {
    let provider = Provider::new(403, REFUSED);
    let plan = guard().allow_tripwire("wire").build().unwrap();
    provider.ask(&plan, plan_request("me", 1)).await.unwrap_err();
    provider.ask(&plan, plan_request("me", 2)).await.unwrap_err();
    assert_eq!(provider.asked(), 1, "the refreshed token is the same account");
    provider.ask(&plan, plan_request("you", 1)).await.unwrap_err();
    assert_eq!(provider.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_header_keeps_the_halt_of_opaque_tokens() {
    let provider = Provider::new(403, REFUSED);
    let plan = guard().allow_tripwire("wire").build().unwrap();
    let opaque = |token: &str, account: &str| {
        let bearer = format!("Bearer eyJ-opaque-{token}");
        request(URL, &[("authorization", &bearer), ("x-account-id", account)])
    };
    provider.ask(&plan, opaque("old", "me")).await.unwrap_err();
    provider.ask(&plan, opaque("new", "me")).await.unwrap_err();
    assert_eq!(provider.asked(), 1);
    // The same account, named by its claim.
    provider.ask(&plan, plan_request("me", 3)).await.unwrap_err();
    assert_eq!(provider.asked(), 1);
}

#[test]
fn a_grant_for_what_needs_none_is_a_mistake() {
    assert_eq!((profile().mode(), zai().mode()), (Mode::Tripwire, Mode::Guarded));
    for id in ["zai", "wired"] {
        let built = guard().profile(zai()).allow_tripwire(id).build();
        assert_eq!(built.unwrap_err(), BuildError::NoTripwire(id.to_owned()));
    }
}
