//! One stack for a client that talks to many vendors.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planguard::{
    BuildError, Builder, PlanGuard,
    clock::TokioClock,
    ledger::MemoryLedger,
    profile::{Mode, Profile, all_built_in},
    refusal::Reason,
};

use crate::{
    capture::capture,
    wire::{Provider, request},
};

const KIMI: &str = "https://api.kimi.com/coding/v1/messages";
const ZAI: &str = "https://api.z.ai/api/anthropic/v1/messages";
const KEY: &[(&str, &str)] = &[("authorization", "Bearer id.secret")];

/// 2026-11-23, the day after the profiles were checked.
fn next_day() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_392_000)
}

fn guard(now: SystemTime) -> Builder {
    PlanGuard::builder_for_all()
        .ledger(MemoryLedger::new())
        .clock(TokioClock::starting_at(now))
        .on_notice(|_| {})
}

#[tokio::test(start_paused = true)]
async fn each_request_is_judged_under_the_profile_that_claims_it() {
    let plan = guard(next_day()).build().unwrap();
    let kimi = Provider::new(
        403,
        r#"{"error":{"type":"permission_error","message":"Access terminated. Review our Community Guidelines"}}"#,
    );
    let refused = kimi.ask(&plan, request(KIMI, KEY)).await.unwrap_err();
    assert_eq!(refused.account().unwrap().profile(), "kimi-code");
    assert!(kimi.ask(&plan, request(KIMI, KEY)).await.is_err());
    assert_eq!(kimi.asked(), 1);
    let zai = Provider::new(200, "{}");
    assert_eq!(zai.ask(&plan, request(ZAI, KEY)).await.unwrap(), 200, "another vendor's plan");
    let same = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;
    let refused = Provider::new(429, same).ask(&plan, request(ZAI, KEY)).await.unwrap_err();
    assert_eq!(refused.account().unwrap().profile(), "zai");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_none_claims_passes_unmeasured() {
    let plan = guard(next_day()).build().unwrap();
    let provider = Provider::new(403, r#"{"error":{"code":"1313"}}"#);
    for url in ["https://api.example.com/v1/messages", "https://api.anthropic.com/v1/messages"] {
        for _ in 0..3 {
            let key = [("x-api-key", "sk-ant-api03-x")];
            assert_eq!(provider.ask(&plan, request(url, &key)).await.unwrap(), 403, "{url}");
        }
    }
    assert!(plan.snapshot().is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_tripwire_among_them_refuses_before_anything_leaves() {
    let plan = guard(next_day()).build().unwrap();
    let provider = Provider::new(200, "{}");
    for profile in all_built_in().iter().filter(|profile| profile.mode() == Mode::Tripwire) {
        let place = &profile.endpoints()[0];
        let prefix = place.credential.as_ref().map_or("any", |test| &test.prefix[0]);
        let url = format!("https://{}{}", place.host, place.path_prefix);
        let key = format!("Bearer {prefix}-of-the-test");
        let asked = request(&url, &[("authorization", &key)]);
        let refused = provider.ask(&plan, asked).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::NoGrant, "{}", profile.id());
    }
    assert_eq!(provider.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_in_use_and_old_is_warned_of_once() {
    let (lines, _capturing) = capture();
    let old = next_day() + Duration::from_secs(90 * 24 * 3600);
    let provider = Provider::new(200, "{}");
    let warnings = || lines.with(&["WARN", "planguard::profile"]);
    let fresh = guard(next_day()).build().unwrap();
    provider.ask(&fresh, request(ZAI, KEY)).await.unwrap();
    assert!(warnings().is_empty());
    let plan = guard(old).build().unwrap();
    assert!(warnings().is_empty(), "a profile that nobody uses is of no concern");
    for key in ["Bearer one", "Bearer two", "Bearer one"] {
        provider.ask(&plan, request(ZAI, &[("authorization", key)])).await.unwrap();
    }
    let [line] = &*warnings() else { panic!("{:?}", warnings()) };
    assert!(line.contains("were last read 91 days ago, on 2026-11-22"), "{line}");
    provider.ask(&plan, request(KIMI, KEY)).await.unwrap();
    assert_eq!(warnings().len(), 2, "each profile by itself");
}

#[cfg(feature = "workload")]
#[tokio::test(start_paused = true)]
async fn other_work_than_coding_is_stopped_only_where_the_plan_is_sold_for_coding() {
    use crate::wire::turn;
    const STORY: &str = "Write me a bedtime story about a dragon who is afraid of the dark";
    let plan = guard(next_day()).build().unwrap();
    let provider = Provider::new(200, "{}");
    assert_eq!(provider.ask(&plan, turn(KIMI, KEY, STORY)).await.unwrap(), 200);
    let coding_only = "https://coding.dashscope.aliyuncs.com/apps/anthropic/v1/messages";
    for url in [coding_only, ZAI] {
        let refused = provider.ask(&plan, turn(url, KEY, STORY)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{url}");
    }
    assert_eq!(provider.asked(), 1);
}

#[test]
fn other_work_goes_to_no_plan_that_only_its_credential_tells() {
    use planguard::workload::{Action, Metered};
    let base = "https://api.anthropic.com";
    for (key, is_plan) in [("sk-ant-oat01-x", true), ("sk-ant-api03-x", false)] {
        let to =
            Metered::new(key).at(planguard::profile::Surface::Anthropic, base.parse().unwrap());
        let built = guard(next_day()).non_coding(Action::Reroute(to)).build();
        assert_eq!(built.is_err(), is_plan, "{key}");
    }
}

/// `text` of a built-in profile with its fixtures, changed.
fn changed(text: &str, from: &str, to: &str) -> Profile {
    assert!(text.contains(from), "{from}");
    Profile::parse("own.toml", &text.replace(from, to)).unwrap()
}

const OWN: &str = concat!(
    include_str!("../../src/profile/builtin/kimi-code.toml"),
    include_str!("../../src/profile/builtin/kimi-code.fixtures.toml"),
);

#[tokio::test(start_paused = true)]
async fn a_profile_of_ones_own_takes_the_place_of_the_built_in_one() {
    for (from, to, id) in [
        ("provider = \"Moonshot AI\"", "provider = \"Mine\"", "kimi-code"),
        // Another id on the same place comes first.
        ("id = \"kimi-code\"", "id = \"mine\"", "mine"),
    ] {
        let plan = guard(next_day()).profile(changed(OWN, from, to)).build().unwrap();
        let provider = Provider::new(403, r#"{"error":{"message":"Access terminated."}}"#);
        let refused = provider.ask(&plan, request(KIMI, KEY)).await.unwrap_err();
        assert!(refused.account().unwrap().as_str().starts_with(&format!("{id}/")), "{refused}");
        assert_eq!(refused.to_string().contains("Mine"), id == "kimi-code", "{refused}");
    }
}

#[test]
fn a_file_alone_opens_no_tripwire() {
    let codex = concat!(
        include_str!("../../src/profile/builtin/chatgpt-codex.toml"),
        include_str!("../../src/profile/builtin/chatgpt-codex.fixtures.toml"),
    );
    let open = || changed(codex, "mode = \"tripwire\"", "mode = \"guarded\"");
    let error = guard(next_day()).profile(open()).build().unwrap_err();
    assert_eq!(error, BuildError::Untripped("chatgpt-codex".to_owned()));
    assert!(error.to_string().contains("allow_tripwire(\"chatgpt-codex\")"), "{error}");
    guard(next_day()).profile(open()).allow_tripwire("chatgpt-codex").build().unwrap();

    let renamed = || {
        let text = codex.replace("mode = \"tripwire\"", "mode = \"guarded\"");
        changed(&text, "id = \"chatgpt-codex\"", "id = \"mine\"")
    };
    let error = guard(next_day()).profile(renamed()).build().unwrap_err();
    assert_eq!(error, BuildError::Untripped("mine".to_owned()));
    let error = PlanGuard::builder(renamed()).build().unwrap_err();
    assert_eq!(error, BuildError::Untripped("mine".to_owned()));
    guard(next_day()).profile(renamed()).allow_tripwire("mine").build().unwrap();
}

/// A profile on the place of a tripwire.
fn on_anthropics_place(credential: &str) -> Profile {
    let place = "host = \"api.kimi.com\"\npath_prefix = \"/coding/v1\"\nsurface = \"openai\"";
    let there = format!(
        "host = \"api.anthropic.com\"\npath_prefix = \"/v1\"\nsurface = \"openai\"\n{credential}"
    );
    let text = OWN
        .replace("id = \"kimi-code\"", "id = \"mine\"")
        .replace("api.kimi.com/coding/v1/chat", "api.anthropic.com/v1/chat");
    changed(&text, place, &there)
}

#[test]
fn who_is_about_other_keys_on_a_tripwires_place_opens_nothing() {
    for (credential, opens) in [
        ("credential = { not_prefix = [\"sk-ant-oat\"] }", false),
        ("credential = { prefix = [\"sk-ant-api\"] }", false),
        ("credential = { prefix = [\"sk-ant-\"] }", true),
        ("credential = { not_prefix = [\"any\"] }", true),
        ("credential = { prefix = [\"sk-\"], not_prefix = [\"sk-ant-oat\"] }", false),
        ("credential = { prefix = [\"sk-ant-oat01-\"] }", true),
        ("", true),
    ] {
        let built = guard(next_day()).profile(on_anthropics_place(credential)).build();
        assert_eq!(built.is_err(), opens, "{credential}: {built:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_whose_head_tells_of_a_used_up_quota_is_handed_on_and_holds_what_follows() {
    let plan = guard(next_day()).allow_tripwire("anthropic-subscription").build().unwrap();
    let provider = Provider::new(200, r#"{"content":"paid"}"#)
        .headers(&[("anthropic-ratelimit-unified-status", "rejected")]);
    let asked = || {
        let token = [("authorization", "Bearer sk-ant-oat01-x")];
        request("https://api.anthropic.com/v1/messages", &token)
    };
    assert_eq!(provider.ask(&plan, asked()).await.unwrap(), 200);
    let refused = provider.ask(&plan, asked()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::QuotaHold);
    assert_eq!(provider.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_that_says_it_is_a_failure_is_refused() {
    let plan = guard(next_day()).build().unwrap();
    let provider =
        Provider::new(200, r#"{"id":"x","choices":null,"base_resp":{"status_code":2056}}"#);
    let url = "https://api.minimax.io/v1/text/chatcompletion_v2";
    let asked = || request(url, &[("authorization", "Bearer sk-cp-x")]);
    for _ in 0..2 {
        let refused = provider.ask(&plan, asked()).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::QuotaHold);
    }
    assert_eq!(provider.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_account_is_that_of_the_key_that_made_the_claim() {
    let plan = guard(next_day()).build().unwrap();
    let used_up =
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"used up (2056)"}}"#;
    let provider = Provider::new(429, used_up);
    let url = "https://api.minimax.io/anthropic/v1/messages";
    let (dummy, key) = (("authorization", "Bearer dummy"), ("x-api-key", "sk-cp-real"));
    provider.ask(&plan, request(url, &[dummy, key])).await.unwrap_err();
    assert_eq!(provider.asked(), 1);
    provider.ask(&plan, request(url, &[key])).await.unwrap_err();
    assert_eq!(provider.asked(), 1, "the same key, and the same account");
    provider.ask(&plan, request(url, &[dummy, ("x-api-key", "sk-cp-other")])).await.unwrap_err();
    assert_eq!(provider.asked(), 2, "another account");
}

#[tokio::test(start_paused = true)]
async fn no_second_key_takes_a_request_away_from_a_tripwire() {
    let own = on_anthropics_place("credential = { not_prefix = [\"sk-ant-oat\"] }");
    let plan = guard(next_day()).profile(own).build().unwrap();
    let provider = Provider::new(200, "{}");
    let url = "https://api.anthropic.com/v1/messages";
    let (token, dummy) = (("authorization", "Bearer sk-ant-oat01-x"), ("x-api-key", "dummy"));
    let refused = provider.ask(&plan, request(url, &[token, dummy])).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::NoGrant);
    assert_eq!(provider.ask(&plan, request(url, &[dummy])).await.unwrap(), 200);
    assert_eq!(provider.asked(), 1);
}
