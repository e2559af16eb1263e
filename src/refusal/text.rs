//! The wording of a refusal.
//!
//! Each part that comes from outside is judged by itself: what holds a
//! trigger is replaced by a neutral form, so that one odd name costs no other
//! part. The whole is safe as well, because every such part stands between
//! characters that no trigger holds (`.`, `(`, `)`, backtick, a quote before a
//! blank), so that none can reach across. The property tests hold it to that.

use std::borrow::Cow;

use super::{
    Reason, Refused, is_safe,
    part::{MAX_CODE, clean, exact, exact_or_apart, part, plain, shorten, time},
};
use crate::{
    account::Tally,
    signal::{About, Certainty, Class, Signal},
};

/// How much of the provider's words an error shows, in characters.
const MAX_WORDS: usize = 1000;

/// The text of `Display`.
pub(super) fn compose(refused: &Refused) -> String {
    let sentences = [
        Some(head(refused)),
        Some(happened(refused)),
        refused.signal().and_then(acted_upon).map(str::to_owned),
        refused.signal().and_then(words),
        refused.signal().and_then(false_alarms),
        Some(sent(refused).to_owned()),
        strikes(refused),
        state(refused),
        refused.signal().and_then(|s| s.hint.as_deref()).and_then(|hint| labelled("Hint", hint)),
        Some(format!("Next: {}.", next(refused))),
        refused.detail().map(|detail| {
            labelled("Detail", detail).unwrap_or_else(|| "Detail: `Refused::detail()`.".to_owned())
        }),
        refused.notice().map(|notice| {
            labelled("Notice", notice).unwrap_or_else(|| "Notice: `Refused::notice()`.".to_owned())
        }),
    ];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn head(refused: &Refused) -> String {
    let (provider, plan) = refused.provider_and_plan();
    let provider = part(provider)
        .or_else(|| refused.account().and_then(|account| part(account.profile())))
        .unwrap_or_else(|| "the provider".to_owned());
    let plan = part(plan).map(|plan| format!(" ({plan})")).unwrap_or_default();
    let account = match refused.account() {
        Some(account) => match part(account.as_str()) {
            Some(name) => format!(", account `{name}`"),
            None => format!(", account `{}` (letters in place of its name)", account.letters()),
        },
        None => String::new(),
    };
    format!("planguard stopped this call [{}]: {provider}{plan}{account}.", refused.reason())
}

/// What happened, and the provider's code for it.
fn happened(refused: &Refused) -> String {
    let why = match refused.reason() {
        Reason::WorkloadRefused => {
            "The request does not look like the work that this plan is sold for; that is \
             planguard's own estimate, since no provider publishes its criteria"
        }
        Reason::Misconfigured => {
            "Answers reach the breaker without having been judged, so a strike would go unseen"
        }
        Reason::LedgerUnavailable => {
            "The ledger, which remembers whether an account is halted, cannot be read"
        }
        Reason::QueueFull => "As many calls as the queue holds wait for this account already",
        Reason::UserAgentRequired => {
            "The plan wants every client to name itself, and the request has no User-Agent"
        }
        Reason::NoGrant => {
            "The vendor's documents grant clients other than its own no use of this plan that \
             planguard knows of"
        }
        Reason::UnclaimedHost => {
            "No profile claims the host of this request, and the configuration refuses such"
        }
        Reason::AccountHalted if refused.signal().is_none() => "The account was halted by hand",
        Reason::AccountHalted | Reason::QuotaHold | Reason::BillingHold | Reason::UnknownHold => {
            "The account is halted"
        }
    };
    match refused.signal() {
        Some(signal) if refused.reason().is_halt() => {
            format!("{} ({}).", meaning(signal.class), code(signal))
        }
        Some(signal) => format!("{why}. {} ({}).", meaning(signal.class), code(signal)),
        None => format!("{why}."),
    }
}

/// A class in plain words; its name may be a trigger.
fn meaning(class: Class) -> &'static str {
    match class {
        Class::PolicyViolation => {
            "The provider says that the way this account is used breaks its usage policy"
        }
        Class::AccountLocked => "The provider has locked the account under its usage policy",
        Class::ClientRefused => "The provider refuses this client under its usage policy",
        Class::Challenge => {
            "The provider's usage policy wants a person to prove something for this account"
        }
        Class::PolicyThrottle => {
            "The provider throttles this account, on this plan a measure of its usage policy"
        }
        Class::QuotaExhausted => "The plan's quota is used up",
        Class::Billing => {
            "The provider finds nothing that it can charge for this key, endpoint and model"
        }
        Class::Entitlement => "The plan does not include what was asked for",
        Class::RateLimited => "The provider asks for fewer calls in the same time",
        Class::Overloaded => "The provider has more load than it can serve",
        Class::Authentication => "The provider did not accept the credential",
        Class::ContentFilter => "The provider filtered a prompt or a completion",
        Class::InvalidRequest => "The provider calls a request malformed",
        Class::ServerError => "The provider failed",
        Class::Unknown => "The provider answered in a way that no rule of its profile knows",
    }
}

fn code(signal: &Signal) -> String {
    let code = signal.code.as_deref().map(clean).filter(|code| !code.is_empty());
    let Some(code) = code else {
        return match plain(&signal.status.to_string()) {
            Cow::Borrowed(status) => format!("no code, status {status}"),
            Cow::Owned(status) => format!("no code, status {status}, written apart on purpose"),
        };
    };
    match plain(&shorten(&code, MAX_CODE).0) {
        Cow::Borrowed(code) => format!("code {code}"),
        Cow::Owned(apart) => format!("code {apart}, written apart on purpose"),
    }
}

/// Whom the provider acted upon: a client that is not admitted is no account
/// that is banned.
fn acted_upon(signal: &Signal) -> Option<&'static str> {
    match signal.about? {
        About::Client => Some("It refused the client; about the account itself it said nothing."),
        About::Account => Some("It acted upon the account itself."),
    }
}

fn false_alarms(signal: &Signal) -> Option<String> {
    labelled("Known false alarms", signal.false_positive_note.as_deref()?)
}

/// The provider's words, or where they are.
fn words(signal: &Signal) -> Option<String> {
    let message = clean(&signal.message);
    if message.is_empty() {
        return None;
    }
    let doubt = if signal.class.is_policy() && signal.certainty == Certainty::Suspected {
        " The same answer is also given for innocent reasons."
    } else {
        ""
    };
    let (shown, is_whole) = shorten(&message, MAX_WORDS);
    if !is_safe(&shown) {
        return Some(format!(
            "The provider's own words are left out here, because some clients send a request once \
             more on reading them; `planguard show`, the program's log and \
             `Refused::provider_message()` have them.{doubt}"
        ));
    }
    let rest = if is_whole { "" } else { " (the rest: `Refused::provider_message()`)" };
    Some(format!("In the provider's own words: \"{shown}\"{rest}.{doubt}"))
}

fn strikes(refused: &Refused) -> Option<String> {
    let strikes = refused.strikes();
    if strikes == Tally::default() && !refused.is_policy() {
        return None;
    }
    let number = |n: u32| plain(&n.to_string()).into_owned();
    Some(format!("Strikes: {}.", strikes.words(number)))
}

/// The one policy class that the account's own load may explain.
fn is_throttle(refused: &Refused) -> bool {
    refused.signal().is_some_and(|signal| signal.class == Class::PolicyThrottle)
}

/// What holds for the calls to come.
fn state(refused: &Refused) -> Option<String> {
    let halt = refused.halt().map(|id| format!(" (halt `{}`)", exact_or_apart(id)));
    let halt = halt.unwrap_or_default();
    if !refused.reason().is_halt() {
        return match (refused.halt(), refused.not_before()) {
            (None, None) => None,
            (_, Some(at)) => Some(format!("Nothing is sent before {}{halt}.", time(at))),
            (Some(_), None) => Some(format!("The account is halted too{halt}.")),
        };
    }
    let what = match refused.reason() {
        Reason::BillingHold => "Nothing more is sent to this endpoint for this account",
        _ => "Nothing more is sent for this account",
    };
    let until = match (refused.reason(), refused.not_before()) {
        (Reason::AccountHalted, None) => format!("until a person releases it{halt}"),
        (_, None) => format!("while the hold lasts{halt}"),
        (Reason::AccountHalted, Some(at)) if is_throttle(refused) => {
            format!("before {}{halt}; then one coding request, sent alone, may test it", time(at))
        }
        (Reason::AccountHalted, Some(at)) => format!("before {}{halt}", time(at)),
        (_, Some(at)) => format!("before {}{halt}; the hold ends by itself", time(at)),
    };
    Some(format!("{what} {until}."))
}

/// Whether this call itself reached the provider.
fn sent(refused: &Refused) -> &'static str {
    match refused.provider_status() {
        Some(_) => "That was the answer to this call.",
        None => "This call was not sent.",
    }
}

/// What a person does next.
fn next(refused: &Refused) -> String {
    let release = match refused.release() {
        Some(command) => match exact(command) {
            Some(command) => format!("run `{command}`"),
            None => "run the command that `Refused::release()` and the log hold".to_owned(),
        },
        None => "release the halt".to_owned(),
    };
    let or_release = match refused.release() {
        Some(_) => format!("; if that is settled earlier, {release}"),
        None => String::new(),
    };
    let then = match refused.not_before() {
        Some(_) => or_release.clone(),
        None => format!("; then {release}"),
    };
    let review = match refused.appeal() {
        Some(url) => match exact(url) {
            Some(url) => format!(", ask the provider for a review (`{url}`)"),
            None => ", ask the provider for a review (`Refused::appeal()`)".to_owned(),
        },
        None => String::new(),
    };
    match refused.reason() {
        Reason::AccountHalted if refused.is_policy() => {
            let load = if is_throttle(refused) { "send fewer calls at once, " } else { "" };
            format!("{load}read the plan's usage policy, stop what breaks it{review}{then}")
        }
        Reason::AccountHalted => format!("settle what led to it{review}{then}"),
        Reason::QuotaHold => format!("wait for the reset{or_release}"),
        Reason::BillingHold => {
            format!("check balance, plan, model, key and endpoint{or_release}")
        }
        Reason::UnknownHold => format!("read what the provider said{or_release}"),
        Reason::WorkloadRefused => {
            "send such work to a metered endpoint, or, if the estimate is wrong, declare it (`Workload::Coding` \
             in the request's extensions, or, where declarations are trusted, the header `x-planguard-workload: coding`), and report the \
             misjudgement to planguard with a redacted sample"
                .to_owned()
        }
        Reason::Misconfigured => {
            "put a detect layer right inside the breaker, as `PlanGuard` does".to_owned()
        }
        Reason::LedgerUnavailable => "make the ledger readable".to_owned(),
        Reason::QueueFull => "send fewer calls at once, or raise the queue's bound".to_owned(),
        Reason::UserAgentRequired => {
            "set your client's own true User-Agent; planguard never sets one".to_owned()
        }
        Reason::NoGrant => {
            "use the vendor's own client, or an endpoint that is paid by the call; a program that \
             has the vendor's permission says so in its code (`allow_tripwire`)"
                .to_owned()
        }
        Reason::UnclaimedHost => {
            "add a profile that claims the host, or let unclaimed hosts pass".to_owned()
        }
    }
}

fn labelled(label: &str, text: &str) -> Option<String> {
    let text = part(text)?;
    Some(format!("{label}: {}.", text.trim_end_matches('.')))
}
