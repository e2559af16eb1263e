//! From an answer to its signal.

use super::{Claim, Evidence, Inner, Place, extract::Facts, reset, rule::Rule};
use crate::signal::{Signal, front};

pub(super) fn judge(profile: &Inner, claim: &Claim, evidence: &Evidence<'_>) -> Option<Signal> {
    let facts = profile.extract.facts(evidence);
    let rule = profile.rules.iter().find(|rule| rule.matches(claim, &facts));
    if rule.is_none() && evidence.place == Place::Success {
        return None;
    }
    Some(signal(profile, rule, &facts))
}

fn signal(profile: &Inner, rule: Option<&Rule>, facts: &Facts<'_>) -> Signal {
    let evidence = facts.evidence;
    let mut signal = match rule {
        Some(rule) => Signal {
            rule: Some(rule.id.clone()),
            hint: rule.hint.clone(),
            reach: rule.reach,
            about: rule.about,
            false_positive_note: rule.false_positive_note.clone(),
            ..Signal::new(rule.class, rule.certainty, 0)
        },
        None => profile.unmatched.clone(),
    };
    signal.status = evidence.status.as_u16();
    signal.code = facts.code.as_ref().map(|(code, _)| (**code).to_owned());
    signal.message = facts.message.map(|text| front(text).to_owned()).unwrap_or_default();
    signal.request_id = facts.request_id.map(str::to_owned);
    let wall = rule.and_then(|rule| rule.reset.as_deref());
    signal.reset = reset::read(wall, evidence, facts.message);
    signal
}
