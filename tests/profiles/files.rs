//! Profiles as files: those under `examples/profiles`, and the documentation's
//! own.

use std::{path::Path, time::SystemTime};

use planguard::{
    detect::inspect,
    profile::{Fixture, Profile, Registry, Role, all_built_in},
    signal::Signal,
};

fn judge(profile: &Profile, fixture: &Fixture) -> Option<Signal> {
    let registry = Registry::new(std::slice::from_ref(profile));
    let claim = registry.claim(&fixture.url, &fixture.request_headers)?;
    let (status, headers) = (fixture.status, &fixture.headers);
    inspect(&claim, &http::Method::POST, status, headers, &fixture.body, SystemTime::now())
}

#[test]
fn every_example_loads_and_its_fixtures_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/profiles");
    let mut seen = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().ends_with(".fixtures.toml") {
            continue;
        }
        let profile = Profile::load(&path).unwrap();
        let failures = profile.check_fixtures(|fixture| judge(&profile, fixture)).err();
        let failures: Vec<_> = failures.iter().flatten().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        seen.push(profile.id().to_owned());
    }
    seen.sort();
    assert_eq!(seen, ["cursor", "huawei-maas-token-plan", "kiro"]);
}

#[test]
fn the_documentations_own_profile_loads_and_its_fixtures_hold() {
    let page = include_str!("../../docs/profiles.md");
    let (_, rest) = page.split_once("```toml\n# acme.toml\n").expect("the worked example");
    let (text, _) = rest.split_once("```").unwrap();
    let profile = Profile::parse("acme.toml", text).unwrap();
    profile.check_fixtures(|fixture| judge(&profile, fixture)).unwrap();
}

#[test]
fn the_readme_lists_every_built_in_profile_with_the_day_its_terms_were_read() {
    let readme = include_str!("../../README.md");
    for profile in all_built_in() {
        let row = readme.lines().find(|line| line.contains(&format!("| `{}` |", profile.id())));
        let row = row.unwrap_or_else(|| panic!("no row for {}", profile.id()));
        // Without a sentence of theirs the terms were not read.
        let read = if profile.terms_quote().is_empty() { "not read" } else { profile.checked_on() };
        for part in [profile.provider(), profile.mode().as_str(), &format!("| {read} |")] {
            assert!(row.contains(part), "{}: {part}", profile.id());
        }
    }
}

/// Rules for what the status or the headers say, which an event has none of.
const OF_NO_STREAM: [&str; 3] = [
    "zai/words-violation",
    "anthropic-subscription/headerless-429",
    "chatgpt-codex/account-in-header",
];

#[test]
fn policy_is_policy_in_an_event_of_a_stream_too() {
    let mut told = 0;
    let mut missed = Vec::new();
    for profile in all_built_in() {
        let rules: Vec<_> =
            profile.rules().iter().filter(|rule| rule.class().is_policy()).collect();
        for fixture in profile.fixtures().unwrap() {
            let Role::Proves(id) = &fixture.role else { continue };
            let Some(rule) = rules.iter().find(|rule| rule.id() == id) else { continue };
            let json = serde_json::from_slice::<serde_json::Value>(&fixture.body);
            if !json.is_ok_and(|json| json.get("error").is_some()) {
                continue;
            }
            let mut event = fixture.clone();
            event.status = http::StatusCode::OK;
            event.headers.insert("content-type", "text/event-stream".parse().unwrap());
            event.body = [b"event: error\ndata: ", &*fixture.body, b"\n\n"].concat().into();
            let class = judge(&profile, &event).map(|signal| signal.class);
            let name = format!("{}/{id}", profile.id());
            if class == Some(rule.class()) {
                told += 1;
            } else if missed.last() != Some(&name) {
                missed.push(name);
            }
        }
    }
    assert_eq!(missed, OF_NO_STREAM);
    assert!(told > 20, "{told}");
}

#[test]
fn a_notice_says_whether_the_terms_were_read() {
    for profile in all_built_in() {
        let (text, quote) = (profile.notice().text, profile.terms_quote());
        assert_eq!(text.contains("have not read"), quote.is_empty(), "{text}");
        assert!(text.contains(quote) && text.contains(profile.checked_on()), "{text}");
    }
}

#[test]
fn a_rate_limit_tells_how_long_it_lasts_where_the_vendor_does() {
    let profile = planguard::profile::built_in("google-code-assist").unwrap();
    let fixtures = profile.fixtures().unwrap();
    let of = |name: &str| {
        let fixture = fixtures.iter().find(|fixture| fixture.name == name).unwrap();
        judge(&profile, fixture).unwrap()
    };
    assert!(of("rate").reset.is_some());
    assert_eq!(of("rate, without details").reset, None);
}
