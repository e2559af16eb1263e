//! What the README says is so.

use planguard::{
    breaker::{Disposition, Posture},
    profile,
    signal::Class,
};

const README: &str = include_str!("../README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

/// What stands between `<!-- name -->` and `<!-- /name -->`.
fn marked(name: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("<!-- {name} -->\n")).expect("it begins");
    let (inside, _) = rest.split_once(&format!("<!-- /{name} -->")).expect("it ends");
    inside
}

/// The cells of the table whose first column is called `head`.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let mut lines = README.lines();
    let begins = format!("| {head} |");
    lines.by_ref().find(|line| line.starts_with(&begins)).expect("a table with that head");
    lines.next().expect("the line below the head");
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn in_backticks(cell: &str) -> &str {
    cell.trim_matches('`')
}

#[test]
fn the_notice_stands_in_full() {
    let quoted: String = marked("notice")
        .lines()
        .map(|line| line.strip_prefix('>').expect("a quoted line"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n")
        .collect();
    assert_eq!(quoted, profile::zai().notice().text);
}

#[test]
fn the_feature_table_is_the_manifest_s() {
    let manifest: toml::Table = MANIFEST.parse().expect("a manifest");
    let features = manifest["features"].as_table().expect("features");
    let is_default = |name: &str| {
        let default = features["default"].as_array().expect("defaults");
        default.iter().any(|feature| feature.as_str() == Some(name))
    };
    let mut expected: Vec<_> = features
        .keys()
        .filter(|name| *name != "default")
        .map(|name| (name.as_str(), if is_default(name) { "yes" } else { "no" }))
        .collect();
    let rows = table("feature");
    let mut told: Vec<_> = rows.iter().map(|row| (in_backticks(row[0]), row[1])).collect();
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn the_class_table_is_the_disposition_table() {
    let rows = table("class");
    let classes: Vec<_> = rows.iter().map(|row| in_backticks(row[0])).collect();
    assert_eq!(classes, Class::ALL.map(Class::as_str));
    for (row, class) in rows.iter().zip(Class::ALL) {
        let does = Disposition::of(class);
        let action = does.action.as_str();
        assert!(row[2].starts_with(action), "{class}: {action}, not {}", row[2]);
        if row[3] == "–" {
            assert_eq!(action, "pass", "{class}");
        } else {
            assert_eq!(row[3], does.reach.as_str(), "{class}");
        }
        let strike = does.strike.map(|strike| format!("{strike:?}").to_lowercase());
        let strike = strike.unwrap_or_else(|| "no".to_owned());
        assert!(row[4].starts_with(&strike), "{class}: {strike}, not {}", row[4]);
        if action == "pass" {
            let retryable = !row[2].contains("not retryable");
            assert_eq!(retryable, class.is_retryable(), "{class}");
        }
    }
}

#[test]
fn the_default_posture_is_the_one_it_names() {
    let rows = table("posture");
    let default = rows.iter().find(|row| row[0].contains("(default)")).expect("a default");
    assert!(default[0].contains(&format!("{:?}", Posture::default())), "{}", default[0]);
}

#[test]
fn the_minimum_rust_is_the_manifest_s() {
    let manifest: toml::Table = MANIFEST.parse().expect("a manifest");
    let rust = manifest["package"]["rust-version"].as_str().expect("a version");
    assert!(README.contains(&format!("Rust {rust} or newer")));
}

/// The first line of each kind is what `.ci/run` runs.
#[test]
fn the_two_commands_stand_near_the_top() {
    let first = |start: &str| README.lines().take(40).find(|line| line.starts_with(start));
    assert_eq!(first("cargo test"), Some("cargo test --all-features"));
    assert_eq!(
        first("cargo run"),
        Some("cargo run --release --features reqwest,sim --example first_strike")
    );
}
