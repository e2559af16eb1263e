//! What conditions and rules ask, one by one.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::adapter::{METERED, PLAN, claim, leaves_of};
use crate::profile::{
    Evidence, Place,
    condition::{Condition, Truth},
    extract::{CodeKind, Facts},
    format::{RuleFile, WhenFile},
    rule::Rule,
    zai,
};

fn compile(when: &str) -> Result<Condition, String> {
    Condition::compile(toml::from_str::<WhenFile>(when).map_err(|error| error.to_string())?)
}

/// What an answer with this body, and the header `x-limit-status: Rejected`, says.
fn judge(when: &str, body: &Value, complete: bool) -> Truth {
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static("x-limit-status"),
        HeaderValue::from_static("Rejected"),
    )]);
    let leaves = leaves_of(body);
    let evidence = Evidence {
        place: Place::Error,
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &headers,
        leaves: &leaves,
        text: None,
        complete,
        now: SystemTime::UNIX_EPOCH,
    };
    let message = Some("Only for Coding Agents");
    let facts = Facts { evidence: &evidence, code: None, message, request_id: None };
    compile(when).unwrap().judge(&facts)
}

#[test]
fn each_test_asks_what_it_says() {
    let body = json!({"error": {"code": 1302, "kind": " Blocked ", "final": true, "none": null}});
    for (when, expected) in [
        ("pointers = ['/error/code']\neq = '1302'", true),
        ("pointers = ['/error/code']\neq = 1302", true),
        ("pointers = ['/error/code']\neq = 1303", false),
        ("pointers = ['/error/x', '/error/code']\nin = [1303, '1302']", true),
        ("pointers = ['/error/kind']\neq = 'Blocked'", true),
        ("pointers = ['/error/kind']\neq = 'blocked'", false),
        ("pointers = ['/error/kind']\neq = 'blocked'\nfold = true", true),
        ("pointers = ['/error/final']\neq = true", true),
        ("pointers = ['/error/final']\neq = false", false),
        ("pointers = ['/error/final']\neq = 'true'", false),
        ("pointers = ['/error/kind']\ncontains = 'lock'", true),
        ("pointers = ['/error/kind']\ncontains = ['x', 'LOCK']", false),
        ("pointers = ['/error/kind']\ncontains = ['x', 'LOCK']\nfold = true", true),
        ("pointers = ['/error/kind']\nregex = '^\\s+B'", true),
        ("pointers = ['/error/kind']\nis_string = true", true),
        ("pointers = ['/error/code']\nis_string = true", false),
        ("pointers = ['/error']\npresent = true", true),
        ("pointers = ['/error/none']\npresent = true", false),
        ("pointers = ['/error/none']\nabsent = true", true),
        ("pointers = ['/error/code']\nabsent = true", false),
        ("part = 'message'\ncontains = 'Coding Agents'", true),
        ("part = 'text'\npresent = true", false),
        ("header = 'x-limit-status'\neq = 'Rejected'", true),
        ("header = 'X-Limit-Status'\neq = 'rejected'\nfold = true", true),
        ("header = 'x-limit-*'\npresent = true", true),
        ("header = 'x-limit'\npresent = true", false),
        ("header = 'x-other-*'\nabsent = true", true),
        ("all = [{ part = 'message', present = true }, { part = 'text', absent = true }]", true),
        ("all = [{ part = 'message', present = true }, { part = 'text', present = true }]", false),
        ("any = [{ part = 'text', present = true }, { part = 'message', present = true }]", true),
        ("none = [{ part = 'text', present = true }]", true),
        ("none = [{ part = 'message', present = true }]", false),
    ] {
        let expected = if expected { Truth::Yes } else { Truth::No };
        assert_eq!(judge(when, &body, true), expected, "{when}");
    }
}

#[test]
fn what_is_not_in_a_cut_off_body_is_unsure_and_what_is_in_it_is_sure() {
    let body = json!({"error": {"code": "1302"}});
    for (when, expected) in [
        ("pointers = ['/error/code']\neq = '1302'", Truth::Yes),
        ("pointers = ['/error/code']\nabsent = true", Truth::No),
        ("pointers = ['/error/type']\neq = 'x'", Truth::Unsure),
        ("pointers = ['/error/type']\nabsent = true", Truth::Unsure),
        ("none = [{ pointers = ['/error/type'], eq = 'x' }]", Truth::Unsure),
        ("none = [{ pointers = ['/error/code'], eq = '1302' }]", Truth::No),
        ("header = 'retry-after'\nabsent = true", Truth::Yes),
        ("none = [{ header = 'retry-after', present = true }]", Truth::Yes),
        (
            "any = [{ pointers = ['/x'], eq = 'x' }, { part = 'message', present = true }]",
            Truth::Yes,
        ),
        (
            "all = [{ pointers = ['/x'], eq = 'x' }, { part = 'message', present = true }]",
            Truth::Unsure,
        ),
    ] {
        assert_eq!(judge(when, &body, false), expected, "{when}");
    }
}

#[test]
fn a_condition_that_asks_nothing_or_too_much_is_refused() {
    for when in [
        "",
        "pointers = ['/a']",
        "pointers = []\neq = 'x'",
        "eq = 'x'",
        "pointers = ['/a']\nheader = 'b'\neq = 'x'",
        "pointers = ['/a']\neq = 'x'\ncontains = 'y'",
        "pointers = ['/a']\ncontains = ''",
        "pointers = ['/a']\ncontains = []",
        "pointers = ['/a']\nabsent = false",
        "pointers = ['/a']\nregex = 'x'\nfold = true",
        "pointers = ['/a']\neq = 'x'\nany = [{ pointers = ['/a'], eq = 'x' }]",
        "any = []",
        "header = 'no header'\npresent = true",
        "header = 'a'\nis_string = true",
    ] {
        assert!(compile(when).is_err(), "{when}");
    }
}

#[test]
fn groups_may_be_nested_but_not_without_end() {
    let nested = |depth: usize| {
        let (open, close) = ("any = [{ ".repeat(depth), " }]".repeat(depth));
        compile(&format!("{open}part = 'text', present = true{close}"))
    };
    assert!(nested(8).is_ok());
    assert!(nested(9).is_err());
}

fn rule(keys: &str) -> Result<Rule, String> {
    let file = format!("id = 'r'\nclass = 'unknown'\n{keys}");
    Rule::compile(toml::from_str::<RuleFile>(&file).map_err(|error| error.to_string())?, None)
}

fn matches(keys: &str, url: &str, status: u16, code: Option<(&str, CodeKind)>) -> bool {
    let (headers, leaves) = (HeaderMap::new(), leaves_of(&json!({})));
    let evidence = Evidence {
        place: Place::Error,
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        leaves: &leaves,
        text: None,
        complete: true,
        now: SystemTime::UNIX_EPOCH,
    };
    let facts = Facts { evidence: &evidence, code, message: None, request_id: None };
    rule(keys).unwrap().matches(&claim(&zai(), url).unwrap(), &facts)
}

#[test]
fn a_rule_holds_only_where_each_of_its_keys_holds() {
    let code = Some(("1302", CodeKind::Business));
    assert!(matches("codes = ['1302']", PLAN, 429, code));
    assert!(!matches("codes = ['1303']", PLAN, 429, code));
    assert!(!matches("codes = ['1302']", PLAN, 429, None));
    assert!(!matches("codes = ['1302']\nplace = 'error'\nstatus = [400]", PLAN, 429, code));
    assert!(matches("status = [400, '4xx']", PLAN, 429, None));
    assert!(matches("status = ['5xx', 429]", PLAN, 429, None));
    assert!(!matches("status = ['5xx']", PLAN, 429, None));
    assert!(matches("status = ['5xx']", PLAN, 599, None));
    assert!(matches("codes = ['1302']\nbilling = 'plan'", PLAN, 429, code));
    assert!(!matches("codes = ['1302']\nbilling = 'plan'", METERED, 429, code));
    assert!(matches("codes = ['1302']\nsurface = ['openai', 'other']", PLAN, 429, code));
    assert!(!matches("codes = ['1302']\nsurface = ['anthropic']", PLAN, 429, code));
}

#[test]
fn no_code_holds_for_none_and_for_an_echo_but_for_no_code_that_is_not_known() {
    assert!(matches("no_code = true", PLAN, 429, None));
    assert!(matches("no_code = true", PLAN, 429, Some(("429", CodeKind::Echo))));
    assert!(!matches("no_code = true", PLAN, 429, Some(("13131", CodeKind::Foreign))));
    assert!(!matches("no_code = true", PLAN, 429, Some(("1302", CodeKind::Business))));
}

#[test]
fn a_rule_that_is_no_rule_is_refused() {
    for keys in [
        "",
        "status = [99]",
        "status = [1000]",
        "status = ['0xx']",
        "status = ['429']",
        "place = 'success'\ncodes = ['1']",
        "place = 'success'\nno_code = true",
        "place = 'success'\nstatus = [200]",
    ] {
        assert!(rule(keys).is_err(), "{keys}");
    }
}

#[test]
fn a_success_rule_on_headers_alone_asks_for_every_head() {
    let when = |subject: &str| {
        let rule = rule(&format!("place = 'success'\n[[when]]\n{subject}")).unwrap();
        (rule.reads_success_heads(), rule.needles())
    };
    assert_eq!(when("header = 'x-status'\neq = 'rejected'"), (true, vec![]));
    let (heads, needles) = when("pointers = ['/a']\nin = ['b', 'c']");
    assert_eq!((heads, needles), (false, vec!["b".to_owned(), "c".to_owned()]));
}
