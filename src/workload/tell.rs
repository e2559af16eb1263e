//! What is said about a request that does not look like coding work.

use crate::{
    account::Account,
    exchange::{Taken, Verdict, Workload},
};

/// What was seen, and how sure that is.
pub(super) fn seen(verdict: &Verdict, declared: Option<Workload>) -> String {
    if declared.is_some() {
        return "the caller declared it to be other work than coding".to_owned();
    }
    let lines: Vec<_> = verdict.evidence.iter().map(ToString::to_string).collect();
    let evidence =
        if lines.is_empty() { String::new() } else { format!(" ({})", lines.join("; ")) };
    match verdict.score {
        Some(score) => {
            // An estimate is never certain, however near it rounds.
            let percent = (score * 100.0).round().clamp(1.0, 99.0);
            format!("other work than coding with {percent} % by estimate{evidence}")
        }
        None => format!("no estimate could be made{evidence}"),
    }
}

/// Says what was done about such a request.
pub(super) fn tell(
    account: Option<&Account>,
    verdict: &Verdict,
    declared: Option<Workload>,
    taken: Taken,
) {
    let evidence: Vec<_> = verdict.evidence.iter().map(ToString::to_string).collect();
    tracing::info!(
        target: "planguard::workload",
        account = account.map(Account::as_str), taken = taken.as_str(),
        workload = verdict.workload.as_str(), score = verdict.score,
        declared = declared.map(Workload::as_str), evidence = evidence.join("; "),
        "a request does not look like coding work (planguard's estimate; the provider publishes no criteria)"
    );
}
