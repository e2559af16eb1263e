//! Why a call is stopped, told from the account's standing.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use http::StatusCode;

use super::cell::{Cell, Refusal, once_a_minute};
use crate::{
    clock::{Millis, from_millis},
    exchange::Report,
    ledger::{Halt, HaltKind},
    meter,
    profile::Claim,
    refusal::{Details, Reason, Refused},
    signal::{Class, Signal},
};

/// The account is halted.
pub(crate) fn halted(
    cell: &Arc<Cell>,
    claim: &Claim,
    halt: &str,
    not_before: Option<Millis>,
) -> Refused {
    let endpoint = claim.endpoint_index();
    let revision = cell.gate.look(|state| state.standing.record().revision);
    let mut last = cell.told.refusal.lock();
    let same = last.as_ref().filter(|last| {
        let then = (last.halt.as_str(), last.endpoint, last.not_before, last.revision);
        then == (halt, endpoint, not_before, revision)
    });
    let refused = match same {
        Some(same) => same.refused.clone(),
        None => {
            let open = cell.gate.look(|state| state.standing.record().halt(halt).cloned());
            let refused: Refused = match open {
                Some(open) => of_halt(cell, claim, &open, not_before).into(),
                None => details(cell, claim, Reason::AccountHalted).into(),
            };
            let (halt, refused) = (halt.to_owned(), refused.clone());
            let last = last.insert(Refusal { halt, endpoint, not_before, revision, refused });
            last.refused.clone()
        }
    };
    drop(last);
    tell(cell, &refused);
    refused
}

/// The call's own answer halted the account.
pub(crate) fn struck(
    cell: &Arc<Cell>,
    claim: &Claim,
    halt: &str,
    report: &Report,
) -> Option<Refused> {
    let open = cell.gate.look(|state| {
        let record = state.standing.record();
        // Where another process was faster, this halt has given way to that one.
        let gravest = || record.halts.iter().max_by_key(|halt| (halt.kind, halt.reach));
        record.halt(halt).or_else(gravest).cloned()
    })?;
    let status = StatusCode::from_u16(report.signal.status).unwrap_or(StatusCode::OK);
    let answer: (StatusCode, Bytes) = (status, report.body.clone());
    Some(of_halt(cell, claim, &open, None).signal(report.signal.clone()).answer(answer).into())
}

pub(crate) fn queue_full(cell: &Arc<Cell>, claim: &Claim, most: usize) -> Refused {
    let detail = format!("{most} calls wait for this account already; send fewer at once");
    stopped(cell, details(cell, claim, Reason::QueueFull).detail(detail))
}

pub(crate) fn no_user_agent(cell: &Arc<Cell>, claim: &Claim) -> Refused {
    let detail =
        "set a User-Agent that names your program, on the request itself: what an HTTP client \
                  adds by default is not seen here, and planguard never sets one"
            .to_owned();
    stopped(cell, details(cell, claim, Reason::UserAgentRequired).detail(detail))
}

#[cold]
pub(crate) fn no_grant(cell: &Arc<Cell>, claim: &Claim) -> Refused {
    let profile = claim.profile();
    let detail = format!(
        "if the vendor has permitted this program's use, say so: \
         PlanGuard::builder(..).allow_tripwire(\"{}\")",
        profile.id()
    );
    stopped(cell, details(cell, claim, Reason::NoGrant).detail(detail))
}

#[cold]
pub(crate) fn misconfigured(cell: &Arc<Cell>, claim: &Claim) -> Refused {
    let detail = "responses come back that no detector has judged: put DetectLayer directly \
                  inside BreakerLayer, or use PlanGuard::layer(), which has the order right"
        .to_owned();
    stopped(cell, details(cell, claim, Reason::Misconfigured).detail(detail))
}

pub(crate) fn ledger_unavailable(cell: &Arc<Cell>, claim: &Claim, trouble: &str) -> Refused {
    let place = cell.shared.ledger.place();
    let detail = format!(
        "the ledger ({place}) cannot be read: {trouble}; mend the store, or choose another \
         one with PlanGuard::builder(..).ledger(..)"
    );
    stopped(cell, details(cell, claim, Reason::LedgerUnavailable).detail(detail))
}

pub(crate) fn unclaimed(host: &str) -> Refused {
    let reason = Reason::UnclaimedHost;
    meter::refusal("", reason.code());
    tracing::debug!(target: "planguard::refused", host, reason = reason.code(), "refused");
    let detail = "add the profile of this host, or let such requests pass with on_unclaimed";
    Details::new(reason, host, "").detail(detail.to_owned()).into()
}

fn stopped(cell: &Arc<Cell>, details: Details) -> Refused {
    let refused = details.into();
    tell(cell, &refused);
    refused
}

fn details(cell: &Arc<Cell>, claim: &Claim, reason: Reason) -> Details {
    let profile = claim.profile();
    let strikes = cell.gate.look(|state| state.standing.record().strikes);
    Details::new(reason, profile.provider(), profile.plan())
        .account(cell.account.clone())
        .strikes(strikes.of(profile.strike_limit()))
        .notice(profile.notice().short.clone())
}

fn of_halt(cell: &Arc<Cell>, claim: &Claim, halt: &Halt, not_before: Option<Millis>) -> Details {
    let signal: Option<Signal> = halt.signal.as_ref().map(|kept| (*kept.0).clone());
    let reason = match (halt.kind, signal.as_ref().map(|signal| signal.class)) {
        (HaltKind::Hold, Some(Class::QuotaExhausted)) => Reason::QuotaHold,
        (HaltKind::Hold, Some(Class::Billing)) => Reason::BillingHold,
        (HaltKind::Hold, Some(Class::Unknown)) => Reason::UnknownHold,
        _ => Reason::AccountHalted,
    };
    let appeal = claim.profile().appeal_url(&claim.endpoint().host).map(str::to_owned);
    let detail = halt.by.as_ref().map(|by| format!("halted by {}: {}", by.name, by.note));
    details(cell, claim, reason)
        .halt(halt.id.clone())
        .not_before(not_before.or_else(|| halt.ends()).map(from_millis))
        .release(cell.shared.ledger.release_command(&halt.id))
        .appeal(appeal)
        .signal(signal)
        .detail(detail)
}

/// Counts a refused call, and logs it: one line each for those who debug, one
/// a minute for the others.
fn tell(cell: &Arc<Cell>, refused: &Refused) {
    let (account, reason) = (cell.account.as_str(), refused.reason().code());
    meter::refused(cell.profile.id(), reason);
    tracing::debug!(
        target: "planguard::refused",
        account, reason, halt_id = refused.halt().unwrap_or(""), "refused"
    );
    let refused = cell.told.refused.fetch_add(1, Ordering::Relaxed) + 1;
    if once_a_minute(&cell.told.summed_up, cell.now()) {
        cell.told.refused.fetch_sub(refused, Ordering::Relaxed);
        tracing::info!(target: "planguard::refused", account, reason, refused, "calls refused since the last such line");
    }
}
