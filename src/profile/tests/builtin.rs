//! What every built-in profile holds to.

use std::collections::HashSet;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::json;

use super::adapter::{Answer, run};
use crate::{
    breaker::Disposition,
    profile::{
        Billing, Endpoint, Fixture, Mode, Profile, Role, Rule, all_built_in, built_in,
        built_in_ids, reset::parse_moment,
    },
    refusal::is_safe,
    signal::Class,
};

#[test]
fn each_passes_the_strict_load_that_a_user_file_must_pass() {
    for profile in all_built_in() {
        profile.check().unwrap();
    }
}

#[test]
fn every_fixture_gives_the_signal_that_it_must() {
    for profile in all_built_in() {
        let failures = profile.check_fixtures(|fixture| run(&profile, fixture)).err();
        let failures: Vec<_> = failures.iter().flatten().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

#[test]
fn each_is_found_by_its_id_and_no_other() {
    let all = all_built_in();
    let ids: Vec<_> = all.iter().map(|profile| profile.id().to_owned()).collect();
    assert!(built_in_ids().eq(ids.iter().map(String::as_str)));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    for id in &ids {
        assert_eq!(built_in(id).unwrap().id(), id);
    }
    assert!(built_in("nobody").is_none());
}

/// Every code that a rule names is seen in an answer that proves that rule.
#[test]
fn every_code_of_a_rule_is_in_a_fixture_that_proves_it() {
    for profile in all_built_in() {
        for rule in profile.rules() {
            for code in &rule.codes {
                let proves = |fixture: &Fixture| {
                    fixture.role == Role::Proves(rule.id().to_owned())
                        && run(&profile, fixture).and_then(|signal| signal.code).as_ref()
                            == Some(code)
                };
                let proven = profile.fixtures().unwrap().iter().any(proves);
                assert!(proven, "{}: no fixture of {} for {code}", profile.id(), rule.id());
            }
        }
    }
}

/// A request to `endpoint` that shows a credential which it is about.
fn asked_at(endpoint: &Endpoint) -> (String, HeaderMap) {
    let key = match &endpoint.credential {
        Some(test) => test.prefix.first().map_or("eyJ", String::as_str),
        None => "any",
    };
    let value = HeaderValue::from_str(&format!("Bearer {key}-of-the-test")).unwrap();
    let url = format!("https://{}{}", endpoint.host, endpoint.path_prefix);
    (url, HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

#[test]
fn no_body_of_one_vendor_strikes_an_account_of_another() {
    let all = all_built_in();
    for profile in &all {
        let plans = profile.endpoints().iter().filter(|at| at.billing == Billing::Plan);
        let asked: Vec<_> = plans.map(asked_at).collect();
        // Of one vendor, whose plans share its words.
        let strangers = all.iter().filter(|other| other.provider() != profile.provider());
        for other in strangers {
            for fixture in other.fixtures().unwrap() {
                for (url, headers) in &asked {
                    let mut moved = fixture.clone();
                    (moved.url, moved.request_headers) = (url.parse().unwrap(), headers.clone());
                    let struck = run(profile, &moved).filter(|signal| signal.class.is_policy());
                    assert!(
                        struck.is_none(),
                        "{}: `{}` of {} gives {struck:?}",
                        profile.id(),
                        fixture.name,
                        other.id()
                    );
                }
            }
        }
    }
}

#[test]
fn each_tells_people_nothing_that_makes_a_client_ask_again() {
    for profile in all_built_in() {
        let id = profile.id();
        let short = profile.notice().short;
        assert!(is_safe(&short), "{id}: {short}");
        assert!(!profile.notice().text.contains("\"\""), "{id}: no empty quote");
        assert!(short.ends_with('.') && !short.contains(". "), "{id}: one sentence");
        let halts = |rule: &&Rule| Disposition::of(rule.class()).action.as_str() != "pass";
        for rule in profile.rules().iter().filter(halts) {
            for text in [rule.hint(), rule.false_positive_note()].into_iter().flatten() {
                assert!(is_safe(text) && text.len() <= 400, "{id}, {}: {text}", rule.id());
            }
        }
    }
}

#[test]
fn a_rule_of_policy_says_what_to_do_and_whom_it_is_about() {
    for profile in all_built_in().iter().filter(|profile| profile.id() != "zai") {
        for rule in profile.rules().iter().filter(|rule| rule.class().is_policy()) {
            assert!(rule.about().is_some(), "{}, {}", profile.id(), rule.id());
            assert!(rule.hint().is_some_and(|hint| hint.starts_with("Stop. ")), "{}", rule.id());
        }
    }
}

#[test]
fn what_no_rule_of_a_plan_knows_is_unknown() {
    for profile in all_built_in() {
        let plans = profile.endpoints().iter().filter(|at| at.billing == Billing::Plan);
        for (url, headers) in plans.map(asked_at) {
            for status in [401, 403, 405, 451] {
                let mut answer = Answer::new(&profile, &url, status);
                answer.request_headers = headers.clone();
                let signal = answer.json(&json!({"error": {"message": "something new"}}));
                let class = signal.map(|signal| signal.class);
                assert_eq!(class, Some(Class::Unknown), "{}: {url} {status}", profile.id());
            }
        }
    }
}

#[test]
fn the_three_that_grant_other_clients_nothing_are_tripwires() {
    let all = all_built_in();
    let tripwires = all.iter().filter(|profile| profile.mode() == Mode::Tripwire);
    assert!(tripwires.map(Profile::id).eq([
        "anthropic-subscription",
        "google-code-assist",
        "chatgpt-codex"
    ]));
}

#[test]
fn an_api_key_on_the_host_of_a_subscription_is_left_alone() {
    for (id, url, header, key, claimed) in [
        (
            "anthropic-subscription",
            "https://api.anthropic.com/v1/messages",
            "x-api-key",
            "sk-ant-api03-x",
            false,
        ),
        (
            "anthropic-subscription",
            "https://api.anthropic.com/v1/messages",
            "authorization",
            "Bearer sk-ant-api03-x",
            false,
        ),
        (
            "anthropic-subscription",
            "https://api.anthropic.com/v1/messages",
            "authorization",
            "Bearer sk-ant-oat01-x",
            true,
        ),
        (
            "chatgpt-sign-in",
            "https://api.openai.com/v1/responses",
            "authorization",
            "Bearer sk-proj-x",
            false,
        ),
        (
            "chatgpt-sign-in",
            "https://api.openai.com/v1/responses",
            "authorization",
            "Bearer eyJ.e30.x",
            true,
        ),
        (
            "minimax-token-plan",
            "https://api.minimax.io/v1/chat/completions",
            "authorization",
            "Bearer sk-cp-x",
            true,
        ),
    ] {
        let profile = built_in(id).unwrap();
        let mut answer = Answer::new(&profile, url, 403);
        let name: http::HeaderName = header.parse().unwrap();
        answer.request_headers.insert(name, HeaderValue::from_str(key).unwrap());
        assert_eq!(answer.json(&json!({"error": "no"})).is_some(), claimed, "{url} {key}");
    }
}

#[test]
fn of_one_vendors_403_quota_and_load_are_asked_before_policy() {
    let profile = built_in("kimi-code").unwrap();
    let place = |id: &str| profile.rules().iter().position(|rule| rule.id() == id).unwrap();
    for before in ["quota", "concurrency"] {
        for after in ["client", "account", "account-disabled"] {
            assert!(place(before) < place(after), "{before} {after}");
        }
    }
    let url = "https://api.kimi.com/coding/v1/chat/completions";
    let class = |message: &str| {
        let body = json!({"error": {"type": "access_terminated_error", "message": message}});
        Answer::new(&profile, url, 403).json(&body).unwrap().class
    };
    let quota = "You've reached your usage limit for this billing cycle.";
    let load = "You've reached your concurrent request limit.";
    let client = "Kimi For Coding is currently only available for Coding Agents";
    let account = "Access terminated. Review our Community Guidelines";
    assert_eq!(class(quota), Class::QuotaExhausted);
    assert_eq!(class(load), Class::RateLimited);
    assert_eq!(class(client), Class::ClientRefused);
    assert_eq!(class(account), Class::AccountLocked);
    assert_eq!(class(&format!("{client}. {quota}")), Class::QuotaExhausted, "the milder one wins");
    assert_eq!(class(&format!("{account}. {load}")), Class::RateLimited);
}

#[test]
fn a_wall_that_names_a_wait_or_a_weekday_is_read_as_the_vendor_writes_it() {
    let now = parse_moment("2026-11-25T12:00:00Z").unwrap();
    for (id, url, body, expected) in [
        (
            "opencode-go",
            "https://opencode.ai/zen/go/v1/messages",
            json!({"error": {
                "type": "GoUsageLimitError",
                "message": "5-hour usage limit reached. Resets in 4hr 57min.",
            }}),
            Some("2026-11-25T16:57:00Z"),
        ),
        (
            "google-code-assist",
            "https://cloudcode-pa.googleapis.com/v1internal:generateContent",
            json!({"error": {
                "message": "Your quota will reset after 161h39m41s.",
                "details": [{"@type": "x/google.rpc.ErrorInfo", "reason": "QUOTA_EXHAUSTED"}],
            }}),
            Some("2026-12-02T05:39:41Z"),
        ),
        (
            "google-code-assist",
            "https://cloudcode-pa.googleapis.com/v1internal:generateContent",
            json!({"error": {"details": [
                {"@type": "x/google.rpc.ErrorInfo", "reason": "QUOTA_EXHAUSTED"},
                {"@type": "x/google.rpc.RetryInfo", "retryDelay": "90s"},
            ]}}),
            Some("2026-11-25T12:01:30Z"),
        ),
        (
            "alibaba-coding-plan",
            "https://coding.dashscope.aliyuncs.com/v1/chat/completions",
            json!({"error": {"message": "week allocated quota exceeded"}}),
            Some("2026-11-29T16:00:00Z"),
        ),
        (
            "alibaba-coding-plan",
            "https://coding.dashscope.aliyuncs.com/v1/chat/completions",
            json!({"error": {"message": "month allocated quota exceeded"}}),
            None,
        ),
    ] {
        let profile = built_in(id).unwrap();
        let mut answer = Answer::new(&profile, url, 429);
        answer.now = now;
        let signal = answer.json(&body).unwrap();
        assert_eq!(signal.class, Class::QuotaExhausted, "{body}");
        let expected = expected.map(|at| parse_moment(at).unwrap());
        assert_eq!(signal.reset.map(|reset| reset.at), expected, "{body}");
    }
}
