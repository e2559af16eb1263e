//! What conditions ask, one by one.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::adapter::leaves_of;
use crate::profile::{
    Evidence, Place,
    condition::{Condition, Truth},
    extract::Facts,
    format::WhenFile,
};

fn compile(when: &str) -> Result<Condition, String> {
    Condition::compile(toml::from_str::<WhenFile>(when).map_err(|error| error.to_string())?)
}

/// What an answer with this body says, with the header `x-limit-status:
/// Rejected` and another one that holds `{"error":{"code":"gone","final":true}}`.
fn judge(when: &str, body: &Value, complete: bool) -> Truth {
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-limit-status"), HeaderValue::from_static("Rejected")),
        (
            HeaderName::from_static("x-error-json"),
            HeaderValue::from_static("eyJlcnJvciI6eyJjb2RlIjoiZ29uZSIsImZpbmFsIjp0cnVlfX0="),
        ),
    ]);
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
        ("header = 'x-error-json'\npointers = ['/x', '/error/code']\neq = 'gone'", true),
        ("header = 'x-error-json'\npointers = ['/error/code']\neq = '1302'", false),
        ("header = 'x-error-json'\npointers = ['/error/code']\nis_string = true", true),
        ("header = 'x-error-json'\npointers = ['/error/final']\neq = true", true),
        ("header = 'x-error-json'\npointers = ['/error']\npresent = true", true),
        ("header = 'x-error-json'\npointers = ['/detail']\nabsent = true", true),
        ("header = 'x-limit-status'\npointers = ['/error/code']\npresent = true", false),
        ("header = 'x-other'\npointers = ['/error/code']\nabsent = true", true),
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
        ("header = 'x-error-json'\npointers = ['/y']\nabsent = true", Truth::Yes),
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
        "pointers = ['/a']\npart = 'text'\neq = 'x'",
        "pointers = ['/a']\neq = 'x'\ncontains = 'y'",
        "pointers = ['/a']\ncontains = ''",
        "pointers = ['/a']\ncontains = []",
        "pointers = ['/a']\nabsent = false",
        "pointers = ['/a']\nregex = 'x'\nfold = true",
        "pointers = ['/a']\neq = 'x'\nany = [{ pointers = ['/a'], eq = 'x' }]",
        "any = []",
        "header = 'no header'\npresent = true",
        "header = 'a'\nis_string = true",
        "header = 'a-*'\npointers = ['/a']\neq = 'x'",
        "header = 'a'\npointers = []\neq = 'x'",
        "header = 'a'\npointers = ['a']\neq = 'x'",
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
