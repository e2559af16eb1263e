//! Which rules can never match, because earlier ones take all their answers.

use std::sync::Arc;

use super::{
    Billing, Surface,
    condition::{Condition, Subject, Test},
    error::{ProfileError, ProfileErrorKind},
    rule::Rule,
};

const BILLINGS: [Billing; 2] = [Billing::Plan, Billing::Metered];
const SURFACES: [Surface; 4] =
    [Surface::Openai, Surface::Responses, Surface::Anthropic, Surface::Other];

/// The first rule, or code of a rule, that can never match.
///
/// A rule is cut into cells of one code, billing and surface each; a cell is
/// dead if one earlier rule takes all of it. Exact for these three; statuses
/// and conditions count as covered only if a single earlier rule covers them,
/// so a dead rule may pass, a live one is never refused.
pub(super) fn unreachable(file: &str, rules: &[Rule]) -> Result<(), ProfileError> {
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..index).unwrap_or_default();
        let codes: Vec<Option<&str>> = match rule.codes.is_empty() {
            true => vec![None],
            false => rule.codes.iter().map(|code| Some(code.as_str())).collect(),
        };
        let dead: Vec<_> =
            codes.iter().filter_map(|code| Some((*code, dead_by(rule, *code, earlier)?))).collect();
        let error = match dead.first() {
            None => continue,
            Some((Some(code), by)) if dead.len() < codes.len() => {
                ProfileErrorKind::UnreachableCode { code: (*code).to_owned(), by: by.to_string() }
            }
            Some((_, by)) => ProfileErrorKind::Unreachable { by: by.to_string() },
        };
        return Err(ProfileError::new(file, error).in_rule(&rule.id));
    }
    Ok(())
}

/// The rule that takes the last cell of `rule` with `code`, if all are taken.
fn dead_by(rule: &Rule, code: Option<&str>, earlier: &[Rule]) -> Option<Arc<str>> {
    let mut last = None;
    for billing in BILLINGS.into_iter().filter(|b| rule.billing.is_none_or(|own| own == *b)) {
        let own = |s: &Surface| rule.surfaces.is_empty() || rule.surfaces.contains(s);
        for surface in SURFACES.into_iter().filter(own) {
            let taker = earlier.iter().find(|by| takes(by, rule, code, billing, surface))?;
            last = Some(taker.id.clone());
        }
    }
    last
}

/// Whether `by` matches whatever `rule` matches in one cell.
fn takes(by: &Rule, rule: &Rule, code: Option<&str>, billing: Billing, surface: Surface) -> bool {
    by.place == rule.place
        && by.statuses.covers(&rule.statuses)
        && by.billing.is_none_or(|own| own == billing)
        && (by.surfaces.is_empty() || by.surfaces.contains(&surface))
        && (by.codes.is_empty() || code.is_some_and(|code| by.codes.iter().any(|c| c == code)))
        && (!by.no_code || rule.no_code)
        && by.when.iter().all(|wanted| rule.when.iter().any(|given| implies(given, wanted)))
}

/// Whether `wanted` holds wherever `given` does. May say no too often.
fn implies(given: &Condition, wanted: &Condition) -> bool {
    if given == wanted {
        return true;
    }
    match (given, wanted) {
        (Condition::All(list), _) => list.iter().any(|given| implies(given, wanted)),
        (_, Condition::Any(list)) => list.iter().any(|wanted| implies(given, wanted)),
        (_, Condition::All(list)) => list.iter().all(|wanted| implies(given, wanted)),
        (Condition::Test(subject, test), Condition::Test(wider, wanted)) => {
            within(subject, wider) && test_implies(test, wanted)
        }
        _ => false,
    }
}

/// Whether everything of `narrow` is also of `wide`.
fn within(narrow: &Subject, wide: &Subject) -> bool {
    match (narrow, wide) {
        (Subject::Json(narrow), Subject::Json(wide)) => narrow.iter().all(|at| wide.contains(at)),
        _ => narrow == wide,
    }
}

fn test_implies(given: &Test, wanted: &Test) -> bool {
    match (given, wanted) {
        (Test::Absent, _) | (_, Test::Absent) => false,
        (_, Test::Present) => true,
        (Test::OneOf { values, fold }, Test::OneOf { values: wide, fold: wide_fold }) => {
            (*wide_fold || !*fold) && values.iter().all(|value| wide.contains(value))
        }
        (Test::Contains(given), Test::Contains(wanted)) => given.implies(wanted),
        _ => given == wanted,
    }
}
