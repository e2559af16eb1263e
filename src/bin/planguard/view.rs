//! How an account and its halts are told.

use planguard::{
    account::{Account, Tally},
    clock::Millis,
    ledger::{Halt, Ledger, Person, Phase, Record, Released},
    profile::built_in,
    signal::{Class, Reach},
};
use serde_json::{Value, json};

use crate::{
    text::line,
    time::{rfc3339, with_distance},
};

/// What ends it.
pub fn end(halt: &Halt, now: Millis) -> String {
    let at = |until: Millis| with_distance(until, now);
    match &halt.phase {
        Phase::Latched => "a person".to_owned(),
        Phase::Held { until, test: false } => at(*until),
        Phase::Held { until, test: true } => {
            format!("{}, by one request that tests it", at(*until))
        }
        Phase::Cooling { until } => format!("{}, by one coding request sent alone", at(*until)),
        Phase::Trial { until, .. } => format!("the request that tests it, until {}", at(*until)),
        Phase::Watching { .. } => "one more request that passes".to_owned(),
        _ => "this planguard does not know".to_owned(),
    }
}

/// The moment at which time may end it, or moves it on.
fn until(halt: &Halt) -> Option<Millis> {
    match halt.phase {
        Phase::Trial { until, .. } => Some(until),
        _ => halt.ends(),
    }
}

/// What a person does next, before they release it.
pub fn next(halt: &Halt) -> &'static str {
    match (&halt.phase, halt.class()) {
        (Phase::Latched, None) => "settle what led to it, then acknowledge",
        (Phase::Latched, Some(class)) if class.is_policy() => {
            "read the provider's words, stop what breaks its terms, then acknowledge"
        }
        (Phase::Latched, Some(_)) => "read the provider's words and settle it, then acknowledge",
        (Phase::Held { .. }, Some(Class::Billing)) => {
            "check balance, plan, model, key and endpoint; acknowledge if it is settled earlier"
        }
        (Phase::Held { .. }, _) => "wait; acknowledge if it is settled earlier",
        _ => "send fewer calls at once, and wait",
    }
}

/// How far it reaches.
pub fn reach(halt: &Halt) -> &'static str {
    match halt.reach {
        Reach::Endpoint => "one endpoint",
        Reach::Plan => "the plan's endpoints",
        Reach::Profile => "every endpoint of the provider",
        _ => halt.reach.as_str(),
    }
}

/// The endpoint that answered, if it is known here.
pub fn endpoint(account: &Account, halt: &Halt) -> Option<String> {
    halt.signal.as_ref()?;
    let profile = built_in(account.profile())?;
    let endpoint = profile.endpoints().get(usize::from(halt.endpoint))?;
    Some(format!("{}{}", endpoint.host, endpoint.path_prefix))
}

/// The strikes beside the limit, as in `1 confirmed, 2 suspected, limit 3`.
pub fn strikes(account: &Account, record: &Record) -> Tally {
    record.strikes.of(built_in(account.profile()).map_or(0, |profile| profile.strike_limit()))
}

/// `name: note`, on one line.
pub fn person(by: &Person) -> String {
    format!("{}: {}", line(&by.name), line(&by.note))
}

/// An account as programs read it.
pub fn account_json(
    ledger: &dyn Ledger,
    (account, record): &(Account, Record),
    now: Millis,
) -> Value {
    let halts: Vec<_> =
        record.halts.iter().map(|halt| halt_json(ledger, account, halt, now)).collect();
    json!({
        "account": account,
        "profile": account.profile(),
        "halted": !halts.is_empty(),
        "strikes": strikes(account, record),
        "halts": halts,
    })
}

/// A halt as programs read it.
pub fn halt_json(ledger: &dyn Ledger, account: &Account, halt: &Halt, now: Millis) -> Value {
    let signal = halt.signal.as_ref().map(|kept| &*kept.0);
    json!({
        "id": halt.id,
        "standing": halt.phase.as_str(),
        "kind": halt.kind,
        "reach": halt.reach,
        "endpoint": endpoint(account, halt),
        "strike": halt.strike,
        "since": rfc3339(halt.since),
        "until": until(halt).map(rfc3339),
        "ends": end(halt, now),
        "class": halt.class(),
        "code": signal.and_then(|signal| signal.code.as_deref()),
        "message": signal.map(|signal| signal.message.as_str()),
        "request_id": signal.and_then(|signal| signal.request_id.as_deref()),
        "by": halt.by,
        "answers": halt.hits,
        "next": next(halt),
        "release": ledger.release_command(&halt.id),
    })
}

/// A halt that is over, as programs read it.
pub fn released_json(over: &Released) -> Value {
    json!({
        "id": over.id, "kind": over.kind, "reach": over.reach, "class": over.class,
        "at": rfc3339(over.at), "by": over.by, "answers": over.hits,
    })
}
