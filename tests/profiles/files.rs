//! Profiles as files: those under `examples/profiles`, and the documentation's
//! own.

use std::{path::Path, time::SystemTime};

use planguard::{
    detect::inspect,
    profile::{Fixture, Profile, Registry, all_built_in},
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
        for part in [profile.provider(), profile.mode().as_str(), profile.checked_on()] {
            assert!(row.contains(part), "{}: {part}", profile.id());
        }
    }
}
