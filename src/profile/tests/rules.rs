//! What rules match, one by one, and which are none.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::adapter::{METERED, PLAN, claim, leaves_of};
use crate::{
    profile::{
        Evidence, Place,
        extract::{CodeKind, Extract, Facts},
        format::{ExtractFile, RuleFile},
        rule::Rule,
        zai,
    },
    signal::{Certainty, Class, Reach},
};

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
    let code = code.map(|(code, kind)| (code.into(), kind));
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
        "place = 'success'\ncodes = ['1']\n[[when]]\npointers = ['/a']\neq = 'b'",
        "place = 'success'\nno_code = true\n[[when]]\npointers = ['/a']\neq = 'b'",
    ] {
        assert!(rule(keys).is_err(), "{keys}");
    }
}

#[test]
fn no_code_may_go_with_the_echo_of_a_status_and_with_no_other_code() {
    let extract = "code = ['/code']\nbusiness_code = '^\\d{4}$'\nmessage = ['/message']";
    let extract = Extract::compile(toml::from_str::<ExtractFile>(extract).unwrap()).unwrap();
    let check = |keys: &str| rule(keys).unwrap().check(&extract);
    assert_eq!(check("no_code = true\ncodes = ['429']"), Ok(()));
    assert_eq!(check("codes = ['1302', '13131', 'abc']"), Ok(()));
    for code in ["1302", "13131", "abc", "42"] {
        assert!(check(&format!("no_code = true\ncodes = ['{code}']")).is_err(), "{code}");
    }
}

#[test]
fn statuses_cover_what_is_among_them_one_by_one_or_by_the_hundred() {
    let statuses =
        |list: &str| rule(&format!("no_code = true\nstatus = [{list}]")).unwrap().statuses;
    for (wide, narrow, expected) in [
        ("", "", true),
        ("", "429", true),
        ("", "'4xx'", true),
        ("429", "", false),
        ("'4xx'", "", false),
        ("429", "429", true),
        ("429", "430", false),
        ("429", "'4xx'", false),
        ("'4xx'", "'4xx'", true),
        ("'4xx'", "'5xx'", false),
        ("'4xx'", "429", true),
        ("'4xx'", "500", false),
        ("'4xx', 500", "429, 500", true),
        ("'4xx'", "429, 500", false),
        ("'4xx', '5xx'", "'5xx', 404", true),
    ] {
        assert_eq!(statuses(wide).covers(&statuses(narrow)), expected, "[{wide}] [{narrow}]");
    }
}

#[test]
fn a_success_rule_on_headers_alone_asks_for_every_head() {
    let when = |place: &str, subject: &str| {
        let keys = format!("place = '{place}'\n[[when]]\n{subject}");
        rule(&keys).unwrap().reads_success_heads()
    };
    assert!(when("success", "header = 'x-status'\neq = 'rejected'"));
    let both = "{ header = 'x-status', eq = 'rejected' }, { header = 'x-y-*', absent = true }";
    assert!(when("success", &format!("all = [{both}]")));
    assert!(when("success", "header = 'x-error'\npointers = ['/a']\neq = 'b'"));
    assert!(
        rule(&format!(
            "place = 'success'\n[[when]]\nany = [{both}, {{ part = 'text', present = true }}]"
        ))
        .is_err()
    );
    assert!(!when("success", "pointers = ['/a']\nin = ['b', 'c']"));
    assert!(!when("error", "header = 'x-status'\neq = 'rejected'"));
}

#[test]
fn the_needles_of_a_rule_are_the_values_of_which_one_must_stand_in_the_answer() {
    let header = "{ header = 'x-status', eq = 'rejected' }";
    let (one, two) = ("{ pointers = ['/a'], in = ['b', 'c'] }", "{ pointers = ['/d'], eq = true }");
    for (when, expected) in [
        ("header = 'x-status'\neq = 'rejected'", &[][..]),
        ("pointers = ['/a']\nin = ['b', 'c']", &["b", "c"]),
        ("pointers = ['/a']\neq = 'b'\nfold = true", &[]),
        ("pointers = ['/a']\ncontains = 'b'", &[]),
        (&format!("all = [{header}, {one}, {two}]"), &["b", "c"]),
        (&format!("any = [{two}, {one}]"), &["true", "b", "c"]),
        (&format!("any = [{one}, {header}]"), &[]),
        (&format!("none = [{one}]"), &[]),
    ] {
        let needles = rule(&format!("[[when]]\n{when}")).unwrap().needles();
        assert_eq!(needles, expected, "{when}");
    }
}

#[test]
fn a_rule_tells_what_its_profile_says_of_it() {
    let told =
        rule("no_code = true\nhint = 'Stop.'\nreach = 'profile'\nsource = 'a page'").unwrap();
    assert_eq!((told.id(), told.class()), ("r", Class::Unknown));
    assert_eq!((told.hint(), told.source()), (Some("Stop."), Some("a page")));
    assert_eq!((told.reach(), told.certainty()), (Some(Reach::Profile), Certainty::Confirmed));
    let bare = rule("no_code = true\ncertainty = 'suspected'").unwrap();
    assert_eq!((bare.hint(), bare.source()), (None, None));
    assert_eq!((bare.reach(), bare.certainty()), (None, Certainty::Suspected));
}
