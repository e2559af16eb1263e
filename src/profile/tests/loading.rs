//! What a strict load refuses, and how it says so.

use crate::{
    profile::{Profile, ProfileError, ProfileErrorKind, Role},
    signal::Class,
};

/// A profile that loads; tests break one thing of it.
pub(super) const GOOD: &str = r#"
id = "acme"
provider = "Acme"
plan = "Coding"
checked_on = "2026-11-22"
mode = "guarded"

[terms]
url = "https://acme.example/terms"
quote = "Only in listed tools."
strike_limit = 3
strike_wording = "Three strikes."
supported_tools = ["Pi"]
supported_tools_on = "2026-11-22"

[notice]
limited_to = "Listed tools only."
forbidden = "No applications."
banned_for = "Resale."
instead = "Ask."
short = "Ask Acme."

[[endpoint]]
host = "api.acme.example"
path_prefix = "/coding"
surface = "openai"
billing = "plan"

[credential]
headers = ["authorization"]

[extract]
code = ["/error/code"]
business_code = '^\d{4}$'
message = ["/error/message"]

[[rule]]
id = "stop"
class = "policy_violation"
codes = ["1000", 1001]

[[rule]]
id = "words"
class = "client_refused"
no_code = true
[[rule.when]]
pointers = ["/error/message"]
contains = "only for agents"

[[fixture]]
name = "stop"
proves = "stop"
url = "https://api.acme.example/coding/v1"
status = 403
body = '{"error":{"code":"1000"}}'
class = "policy_violation"

[[fixture]]
name = "stop, another digit"
spares = "stop"
like = "stop"
body = '{"error":{"code":"1002"}}'
class = "unknown"

[[fixture]]
name = "words"
proves = "words"
url = "https://api.acme.example/coding/v1"
status = 403
body = '{"error":{"message":"only for agents"}}'
class = "client_refused"

[[fixture]]
name = "words, elsewhere"
spares = "words"
like = "words"
body = '{"error":{"detail":"only for agents"}}'
class = "unknown"
"#;

fn refused(from: &str, to: &str) -> ProfileError {
    assert!(GOOD.contains(from), "{from}");
    Profile::parse("acme.toml", &GOOD.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn a_good_profile_loads_and_its_rules_say_what_they_match() {
    let profile = Profile::parse("acme.toml", GOOD).unwrap();
    let rules: Vec<_> = profile.rules().iter().map(ToString::to_string).collect();
    assert_eq!(
        rules,
        [
            "an error, code 1000 or 1001",
            "an error, no business code, /error/message contains \"only for agents\"",
        ]
    );
}

#[test]
fn each_fault_is_named_with_file_rule_and_reason() {
    for (from, to, message) in [
        ("mode = \"guarded\"", "mood = \"guarded\"", "acme.toml: line 6: unknown field `mood`"),
        (
            "class = \"client_refused\"\nno_code = true",
            "clas = \"client_refused\"\nno_code = true",
            "acme.toml: rule `words`: line 44: unknown field `clas`",
        ),
        (
            "contains = \"only",
            "contians = \"only",
            "acme.toml: rule `words`: line 48: unknown field `contians`",
        ),
        (
            "contains = \"only for agents\"",
            "regex = \"(\"",
            "acme.toml: rule `words`: bad regex `(`: unclosed group",
        ),
        (
            "pointers = [\"/error/message\"]",
            "pointers = [\"error/message\"]",
            "acme.toml: rule `words`: bad pointer `error/message`: it must start with `/`",
        ),
        (
            "id = \"words\"\nclass = \"client_refused\"\nno_code = true",
            "id = \"words\"\nclass = \"client_refused\"\ncodes = [\"1001\"]",
            "acme.toml: rule `words`: can never match, because rule `stop` takes the same answers \
             before it",
        ),
        (
            "id = \"words\"\nclass = \"client_refused\"\nno_code = true",
            "id = \"words\"\nclass = \"client_refused\"\ncodes = [\"1005\", \"1001\"]",
            "acme.toml: rule `words`: its code 1001 can never match, because rule `stop` takes it \
             before",
        ),
        (
            "codes = [\"1000\", 1001]",
            "codes = [\"1000\"]\nno_code = true",
            "acme.toml: rule `stop`: asks for code 1000 and for `no_code`",
        ),
        (
            "codes = [\"1000\", 1001]",
            "",
            "acme.toml: rule `stop`: matches every error; use `[unmatched]` for that",
        ),
        (
            "proves = \"words\"",
            "proves = \"unmatched\"",
            "acme.toml: fixture `words, elsewhere`: `words` does not prove rule `words`",
        ),
        (
            "like = \"stop\"",
            "like = \"stop\"\nstatus = 404",
            "acme.toml: fixture `stop, another digit`: differs from the one it is `like` in \
             exactly one of `url`, `request_headers`, `status`, `headers` and `body`",
        ),
        (
            "host = \"api.acme.example\"",
            "host = \"api.acme.example:443\"",
            "acme.toml: host `api.acme.example:443` is no bare lower-case host name",
        ),
        (
            "host = \"api.acme.example\"",
            "host = \"api..example\"",
            "acme.toml: host `api..example` is no bare lower-case host name",
        ),
        (
            "path_prefix = \"/coding\"",
            "path_prefix = \"/coding/../x\"",
            "acme.toml: path prefix `/coding/../x` is no plain path that starts with `/`",
        ),
        (
            "checked_on = \"2026-11-22\"",
            "checked_on = \"yesterday\"",
            "acme.toml: `yesterday` is no day such as 2026-11-22",
        ),
    ] {
        let error = refused(from, to).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn a_reset_whose_regex_is_bad_or_has_no_moment_is_refused() {
    for (message, reason) in [
        ("(", "bad regex `(`: unclosed group"),
        ("until (.*)", "`until (.*)` has no group named `at`"),
    ] {
        let reset = format!(
            "[reset.wall]\nmessage = '{message}'\nzone = '+08:00'\nmax_hours = 5\n\
             [[rule]]\nreset = \"wall\"\nid = \"stop\""
        );
        let error = refused("[[rule]]\nid = \"stop\"", &reset).to_string();
        assert_eq!(error, format!("acme.toml: rule `stop`: {reason}"));
    }
}

#[test]
fn a_rule_without_a_proof_or_a_near_miss_is_refused() {
    let at = |name: &str| GOOD.find(&format!("[[fixture]]\nname = \"{name}\"")).unwrap();
    let no_words = Profile::parse("acme.toml", &GOOD[..at("words")]).unwrap_err();
    assert_eq!(no_words.kind(), &ProfileErrorKind::NoPositiveFixture);
    assert_eq!(no_words.rule(), Some("words"));
    let no_miss = Profile::parse("acme.toml", &GOOD[..at("words, elsewhere")]).unwrap_err();
    assert_eq!(no_miss.kind(), &ProfileErrorKind::NoNegativeFixture);
}

#[test]
fn a_later_rule_that_two_earlier_ones_share_out_is_unreachable() {
    let rules = "[[rule]]\nid = \"a\"\nclass = \"billing\"\nbilling = \"plan\"\ncodes = [\"1005\"]\n\
                 [[rule]]\nid = \"b\"\nclass = \"billing\"\nbilling = \"metered\"\ncodes = [\"1005\"]\n\
                 [[rule]]\nid = \"c\"\nclass = \"billing\"\ncodes = [\"1005\"]\n[[rule]]\nid = \"stop\"";
    let error = refused("[[rule]]\nid = \"stop\"", rules);
    assert_eq!(error.rule(), Some("c"));
    assert_eq!(error.kind(), &ProfileErrorKind::Unreachable { by: "b".to_owned() });
}

#[test]
fn a_success_rule_must_name_a_value_that_a_stream_can_be_searched_for() {
    let rule = |when: &str| {
        refused(
            "[[rule]]\nid = \"stop\"",
            &format!(
                "[[rule]]\nid = \"end\"\nclass = \"content_filter\"\nplace = \"success\"\n\
                 [[rule.when]]\n{when}\n[[rule]]\nid = \"stop\""
            ),
        )
        .to_string()
    };
    assert!(rule("part = \"message\"\ncontains = \"x\"").contains("looks at successes"));
    assert!(rule("pointers = [\"/a\"]\neq = \"a/b\"").contains("may be escaped in JSON"));
    assert!(rule("pointers = [\"/a\"]\neq = \"ab\"").contains("has no fixture"));
}

#[test]
fn a_failing_fixture_is_named_with_its_rule() {
    let profile = Profile::parse("acme.toml", GOOD).unwrap();
    let failures = profile.check_fixtures(|_| None).unwrap_err();
    assert_eq!(failures.len(), 4);
    assert_eq!(
        failures[0].to_string(),
        "acme.toml: rule `stop`: fixture `stop` expects class policy_violation and got class none"
    );
}

#[test]
fn fixtures_may_stand_beside_the_file() {
    let dir = std::env::temp_dir().join(format!("planguard-profile-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (profile, fixtures) = GOOD.split_at(GOOD.find("[[fixture]]").unwrap());
    std::fs::write(dir.join("acme.toml"), profile).unwrap();
    std::fs::write(dir.join("acme.fixtures.toml"), fixtures).unwrap();
    let loaded = Profile::load(dir.join("acme.toml"));
    let missing = Profile::load(dir.join("none.toml"));
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(loaded.unwrap().fixtures().unwrap().len(), 4);
    assert!(matches!(missing.unwrap_err().kind(), ProfileErrorKind::Read(_)));
}

#[test]
fn a_negative_fixture_has_all_but_one_fact_from_the_one_it_is_like() {
    let profile = Profile::parse("acme.toml", GOOD).unwrap();
    let fixtures = profile.fixtures().unwrap();
    assert_eq!(fixtures[1].role, Role::Spares("stop".to_owned()));
    assert_eq!((&fixtures[1].url, fixtures[1].status), (&fixtures[0].url, fixtures[0].status));
    assert_eq!(fixtures[1].class, Some(Class::Unknown));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_an_end_is_refused() {
    let error = Profile::load("/dev/zero").unwrap_err().to_string();
    assert!(error.contains("is larger than"), "{error}");
}
