//! `explain profile`: what a profile's rules are, and whether they hold.

use std::{path::Path, process::ExitCode};

use planguard::{
    PlanGuard,
    ledger::MemoryLedger,
    profile::{Endpoint, Profile, Role, built_in},
};
use serde_json::json;

use crate::drive::{Recorded, drive};

/// Loads the profile in `file`, runs its fixtures, and tells its rules.
pub async fn explain(file: &Path, as_json: bool) -> ExitCode {
    let loaded = match file.to_str().and_then(built_in) {
        Some(profile) => Ok(profile),
        None => Profile::load(file),
    };
    let profile = match loaded {
        Ok(profile) => profile,
        Err(error) => return fail(&[error.to_string()], as_json),
    };
    let failures = match run_fixtures(&profile).await {
        Ok(failures) => failures,
        Err(error) => return fail(&[error], as_json),
    };
    if as_json {
        tell_json(&profile, &failures)
    } else {
        tell(&profile, &failures)
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fail(errors: &[String], as_json: bool) -> ExitCode {
    if as_json {
        println!("{}", json!({ "errors": errors }));
    } else {
        errors.iter().for_each(|error| eprintln!("explain: {error}"));
    }
    ExitCode::FAILURE
}

/// Plays every fixture through the public layer.
async fn run_fixtures(profile: &Profile) -> Result<Vec<String>, String> {
    let plan =
        PlanGuard::builder(profile.clone()).ledger(MemoryLedger::new()).on_notice(|_| {}).build();
    let layer = plan.map_err(|error| error.to_string())?.detect_layer();
    let mut signals = Vec::new();
    for fixture in profile.fixtures().map_err(|error| error.to_string())? {
        let recorded = Recorded {
            url: fixture.url.clone(),
            request_headers: fixture.request_headers.clone(),
            status: fixture.status,
            headers: fixture.headers.clone(),
            body: fixture.body.clone(),
        };
        let detection = drive(recorded, &layer, usize::MAX).await.map_err(|e| e.to_string())?;
        signals.push(detection.and_then(|detection| detection.signal().cloned()));
    }
    let mut signals = signals.into_iter();
    let checked = profile.check_fixtures(|_| signals.next().flatten());
    Ok(checked.err().into_iter().flatten().map(|error| error.to_string()).collect())
}

fn fixtures_of(profile: &Profile, rule: &str) -> (usize, usize) {
    let fixtures = profile.fixtures().unwrap_or_default();
    let count = |role: Role| fixtures.iter().filter(|fixture| fixture.role == role).count();
    (count(Role::Proves(rule.to_owned())), count(Role::Spares(rule.to_owned())))
}

fn tell(profile: &Profile, failures: &[String]) {
    println!(
        "{}: {} {}, {}, {} {}",
        profile.id(),
        profile.provider(),
        profile.plan(),
        profile.mode().as_str(),
        if profile.terms_quote().is_empty() {
            "terms not read, checked on"
        } else {
            "terms read on"
        },
        profile.checked_on()
    );
    for endpoint in profile.endpoints() {
        println!(
            "  {:?} {:?} https://{}{}{}",
            endpoint.billing,
            endpoint.surface,
            endpoint.host,
            endpoint.path_prefix,
            credentials(endpoint)
        );
    }
    println!("\nrules, the first match wins:");
    for (place, rule) in (1..).zip(profile.rules()) {
        let (proves, spares) = fixtures_of(profile, rule.id());
        println!(
            "{place:>3}  {:<28} {:<17} +{proves} -{spares}  {rule}",
            rule.id(),
            rule.class().as_str()
        );
    }
    let all = profile.fixtures().map_or(0, <[_]>::len);
    // Loading refuses a profile with a rule or code that could never match.
    println!("\nevery rule, and every code that one names, can be reached");
    println!("{all} fixtures, {} failed", failures.len());
    failures.iter().for_each(|failure| println!("  {failure}"));
}

/// Which credentials an endpoint is about.
fn credentials(endpoint: &Endpoint) -> String {
    match &endpoint.credential {
        None => String::new(),
        Some(test) if test.not_prefix.is_empty() => {
            format!(" (credentials {}…)", test.prefix.join("…, "))
        }
        Some(test) => format!(" (no credentials {}…)", test.not_prefix.join("…, ")),
    }
}

fn tell_json(profile: &Profile, failures: &[String]) {
    let rules: Vec<_> = profile
        .rules()
        .iter()
        .map(|rule| {
            let (proves, spares) = fixtures_of(profile, rule.id());
            json!({
                "rule": rule.id(),
                "class": rule.class(),
                "certainty": rule.certainty(),
                "when": rule.to_string(),
                "hint": rule.hint(),
                "about": rule.about(),
                "false_positive_note": rule.false_positive_note(),
                "source": rule.source(),
                "proves": proves,
                "spares": spares,
            })
        })
        .collect();
    let all = profile.fixtures().map_or(0, <[_]>::len);
    println!(
        "{}",
        json!({
            "profile": profile.id(), "provider": profile.provider(), "plan": profile.plan(),
            "mode": profile.mode(), "checked_on": profile.checked_on(), "rules": rules,
            "fixtures": all, "failures": failures,
        })
    );
}
