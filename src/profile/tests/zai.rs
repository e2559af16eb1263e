//! The built-in Z.AI profile.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::adapter::{Answer, METERED, PLAN, run};
use crate::{
    profile::{Profile, Role, zai},
    signal::{Certainty, Class, Signal},
};

/// Every code of the vendor's tables, all generations, with the design's class
/// on a plan endpoint.
const CODES: &[(&str, &str)] = &[
    ("policy_violation", "1300 1313"),
    ("account_locked", "1112 1121"),
    ("policy_throttle", "1302 1303"),
    ("quota_exhausted", "1304 1308 1310 1316 1317 1318 1319 1320 1321"),
    ("billing", "1113 1309 1314"),
    ("entitlement", "1220 1311 1315"),
    ("overloaded", "1305 1312"),
    ("authentication", "1000 1001 1002 1003 1004 1005 1110 1111"),
    ("content_filter", "1301"),
    ("invalid_request", "1210 1211 1212 1213 1214 1215 1221 1222 1231 1261"),
    ("server_error", "1120 1200 1230 1234"),
    ("unknown", "1100 1306 1307 1322 1399 1999"),
];

fn judged(url: &str, status: u16, body: serde_json::Value) -> Signal {
    Answer::new(&zai(), url, status).json(&body).unwrap()
}

#[test]
fn every_code_has_the_class_of_the_design_as_a_string_and_as_a_number() {
    for (class, codes) in CODES {
        for code in codes.split(' ') {
            let number: u32 = code.parse().unwrap();
            for code in [json!(code), json!(number), json!(format!(" {code} "))] {
                let signal = judged(PLAN, 429, json!({"error": {"code": code, "message": "m"}}));
                assert_eq!(signal.class.as_str(), *class, "code {code}");
                assert_eq!(signal.code, Some(number.to_string()));
            }
        }
    }
}

#[test]
fn every_code_of_the_tables_is_in_a_fixture() {
    let profile = zai();
    let fixtures = profile.fixtures().unwrap();
    let proves = |code: &str| {
        let quoted = format!("\"{code}\"");
        fixtures.iter().any(|fixture| {
            matches!(fixture.role, Role::Proves(_))
                && String::from_utf8_lossy(&fixture.body).contains(&quoted)
        })
    };
    let known = CODES.iter().filter(|(class, _)| *class != "unknown");
    for code in known.flat_map(|(_, codes)| codes.split(' ')) {
        assert!(proves(code), "no fixture for {code}");
    }
}

#[test]
fn a_code_counts_whatever_the_status() {
    for status in [200, 400, 403, 429, 500, 529] {
        let signal = judged(PLAN, status, json!({"error": {"code": "1313", "message": "m"}}));
        assert_eq!(signal.class, Class::PolicyViolation, "{status}");
        assert_eq!(signal.status, status);
    }
}

#[test]
fn a_throttle_is_only_suspected_on_the_plan_and_plain_on_the_metered_endpoint() {
    let body = json!({"error": {"code": "1302", "message": "Rate limit reached for requests"}});
    let (plan, metered) = (judged(PLAN, 429, body.clone()), judged(METERED, 429, body));
    assert_eq!((plan.class, plan.certainty), (Class::PolicyThrottle, Certainty::Suspected));
    assert_eq!((metered.class, metered.certainty), (Class::RateLimited, Certainty::Confirmed));
}

#[test]
fn a_missing_balance_names_every_cause_on_the_plan_and_the_right_endpoint_elsewhere() {
    let body = json!({"error": {"code": "1113", "message": "m"}});
    let hint = judged(PLAN, 429, body.clone()).hint.unwrap();
    for cause in ["balance", "conditions", "wrong endpoint", "realm", "model", "expired plan"] {
        assert!(hint.contains(cause), "{cause}");
    }
    let hint = judged(METERED, 429, body).hint.unwrap();
    assert!(hint.contains("a coding-plan key has no balance here; the plan's endpoint is"));
}

#[test]
fn a_cut_off_answer_proves_what_it_holds_and_disproves_nothing() {
    let profile = zai();
    let mut answer = Answer::new(&profile, PLAN, 429);
    answer.complete = false;
    let class = |body| answer.json(&body).unwrap().class;
    assert_eq!(class(json!({"error": {"code": "1313"}})), Class::PolicyViolation);
    assert_eq!(class(json!({"error": {"message": "Too many requests"}})), Class::Unknown);
    assert_eq!(class(json!({"error": {"message": "Fair Usage Policy"}})), Class::Unknown);
}

#[test]
fn a_status_that_no_rule_knows_is_unknown_and_suspected() {
    for status in [400, 401, 403, 404, 405, 434, 451, 466] {
        let signal = judged(PLAN, status, json!({"error": {"message": "no"}}));
        assert_eq!((signal.class, signal.certainty), (Class::Unknown, Certainty::Suspected));
        assert_eq!(signal.rule, None);
        assert_eq!(signal.message, "no");
    }
}

#[test]
fn a_plain_server_failure_is_retryable() {
    for status in [500, 502, 503, 504] {
        assert_eq!(judged(PLAN, status, json!({})).class, Class::ServerError);
    }
    assert_eq!(judged(PLAN, 529, json!({})).class, Class::Overloaded);
}

#[test]
fn the_message_is_verbatim() {
    let text = " [1302][Rate limit reached for requests]\n";
    let signal = judged(PLAN, 429, json!({"error": {"message": text}}));
    assert_eq!(signal.message, text);
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let signal = judged(PLAN, 400, json!({"error": {"message": "限".repeat(8000)}}));
    assert!(signal.message.len() <= 8192 && signal.message.len() > 8186);
}

#[test]
fn needles_stand_in_whatever_the_success_rules_match() {
    let profile = zai();
    for fixture in profile.fixtures().unwrap() {
        let gives_signal = run(&profile, fixture).is_some();
        let is_plain = profile.code_in_front(&String::from_utf8_lossy(&fixture.body)).is_some();
        if fixture.status == 200 && gives_signal && !is_plain {
            assert!(profile.may_matter(&fixture.body), "{}", fixture.name);
        }
    }
    assert!(!profile.may_matter(br#"data: {"choices":[{"delta":{"content":"Hello"}}]}"#));
}

#[test]
fn the_stable_part_survives_a_new_secret_and_a_signed_token() {
    let profile = zai();
    assert_eq!(profile.stable_part("id.secret"), "id");
    // {"api_key":"id","exp":1} signed by a client.
    assert_eq!(
        profile.stable_part("eyJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiaWQiLCJleHAiOjF9.c2ln"),
        "id"
    );
    for whole in ["plain", ".secret", "a.b.c", "a.b.c.d", ""] {
        assert_eq!(profile.stable_part(whole), whole);
    }
}

#[test]
fn a_credential_is_found_with_or_without_its_scheme() {
    let profile = zai();
    let find = |name: &'static str, value: &'static str| {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )]);
        profile.credential(&headers).map(str::to_owned)
    };
    for (name, value) in [
        ("authorization", "Bearer id.secret"),
        ("authorization", "bearer  id.secret"),
        ("authorization", "id.secret"),
        ("x-api-key", "id.secret"),
    ] {
        assert_eq!(find(name, value).as_deref(), Some("id.secret"), "{name}: {value}");
    }
    for (name, value) in [("authorization", "Bearer "), ("authorization", ""), ("api-key", "k")] {
        assert_eq!(find(name, value), None, "{name}: {value}");
    }
}

#[test]
fn the_notice_says_what_the_terms_say_dated() {
    let notice = zai().notice();
    let text = notice.to_string();
    for part in [
        "limited to the tools that the vendor lists",
        "directly invoking model APIs from your own applications, bots, websites, SaaS",
        "Relay, resale and sharing are named grounds for a permanent ban",
        "planguard does not make an unlisted client permitted",
        "metered endpoint",
        "2026-11-22",
        "Claude Code",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

/// What clients take as a reason to ask again, measured on nine of them.
const RETRY_TRIGGERS: &str = r"(?i)429|500|502|503|504|524|rate increased too quickly|rate[\s_-]*limit|too many requests|overloaded|service[ _-]unavailable|internal[ _-](server[ _-])?error|server[ _-]error|provider returned error|terminated|fetch failed|network error|connection (error|refused)|socket hang up|econnreset|etimedout|time(d )?[ -]?out|try your request again|retry your request|resource exhausted|try again (later|in)|at capacity";

#[test]
fn the_short_notice_is_one_sentence_that_makes_no_client_ask_again() {
    let short = zai().notice().short;
    assert!(!regex::Regex::new(RETRY_TRIGGERS).unwrap().is_match(&short));
    assert_eq!(short.matches(". ").count(), 0);
    assert!(short.ends_with('.'));
}

#[test]
fn terms_name_limit_tools_and_appeal_by_region() {
    let profile = zai();
    assert_eq!((profile.provider(), profile.plan()), ("Z.AI", "GLM Coding Plan"));
    assert_eq!(profile.strike_limit(), 3);
    assert_eq!(profile.supported_tools().0.len(), 20);
    assert_eq!(profile.appeal_url("API.z.ai:443"), Some("https://z.ai/contact"));
    assert!(profile.appeal_url("open.bigmodel.cn").unwrap().contains("bigmodel.cn"));
    assert_eq!(profile.appeal_url("evil.com"), None);
    assert!(!profile.require_user_agent());
}

#[test]
fn rules_can_be_listed_in_one_line_each() {
    let profile: Profile = zai();
    let throttle = profile.rules().iter().find(|rule| rule.id() == "throttle").unwrap();
    assert_eq!(throttle.to_string(), "an error, on a plan endpoint, code 1302 or 1303");
    let bare = profile.rules().iter().find(|rule| rule.id() == "bare-5xx").unwrap();
    assert_eq!(bare.to_string(), "an error, status 5xx, no business code");
    assert!(profile.rules().iter().all(|rule| !rule.to_string().contains('\n')));
}
