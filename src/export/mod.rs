//! What a person takes to an appeal: all that is known of one strike, as one
//! JSON document and as one page.
//!
//! Made from what a [ledger](crate::ledger) keeps, so the program that was
//! struck need not run:
//!
//! ```
//! use planguard::{export::Document, ledger::{Ledger, MemoryLedger}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), planguard::BoxError> {
//! let ledger = MemoryLedger::new();
//! let accounts = ledger.list().await?;
//! // The id stands in the refusal, in the log and in the ledger.
//! match Document::find(&accounts, "h-bcdfghjklm") {
//!     Some(document) => println!("{}", document.to_markdown()),
//!     None => println!("no account has such a halt"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The same ledger gives the same document, to the letter. No prompt, no
//! credential and no query string is in it, because none is in the ledger.

mod markdown;
mod text;

use serde::Serialize;

use crate::{
    account::{Account, Tally},
    ledger::{Concern, Ended, Evidence, HaltKind, Person, Phase, Record, Strike, shown},
    profile::{Profile, built_in},
    signal::Signal,
};

/// What is known of one strike. `to_json` and `to_markdown` say the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// The form of this document.
    format: &'static str,
    account: Account,
    /// The id of the halt that the strike marks.
    strike: String,
    count: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    state: State,
    answers: Vec<Answer>,
    releases: Vec<Release>,
    appeal: Vec<Link>,
    reply_time: &'static str,
    left_out: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Count {
    #[serde(flatten)]
    tally: Tally,
    words: String,
}

/// What the profile says of the plan; none if it is not built in.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Plan {
    profile: String,
    provider: String,
    plan: String,
    checked_on: String,
    terms: String,
    on_violations: String,
}

/// Where the halt stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
enum State {
    /// It is open.
    Halted { kind: HaltKind, since: String, answers: u32, phase: Phase },
    /// It is over.
    Over {
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        how: Option<Ended>,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<Person>,
    },
    /// It is neither open nor among those that are remembered as over.
    Unknown,
}

/// One answer that struck.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Answer {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    strike: Option<Strike>,
    /// As it stands in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    /// Where no evidence was kept: what the halt says.
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<Signal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    concerns: Vec<Concern>,
}

/// What a person did about a halt of the account, in their own words.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Release {
    halt: String,
    at: u64,
    time: String,
    #[serde(flatten)]
    by: Person,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Link {
    region: String,
    url: String,
}

const FORMAT: &str = "planguard export 1";
const REPLY_TIME: &str = "No reply time is published.";
const LEFT_OUT: &str =
    "No prompt, no credential and no query string is in this document: planguard keeps none.";

impl Document {
    /// The strike that marks the halt `strike`, of whichever of `accounts` has
    /// or had it; none if none has. Plans are looked up among the built-in
    /// profiles.
    pub fn find(accounts: &[(Account, Record)], strike: &str) -> Option<Self> {
        accounts.iter().find_map(|(account, record)| {
            Self::new(account, record, strike, built_in(account.profile()).as_ref())
        })
    }

    /// The strike that marks the halt `strike` of `account`, whose plan is
    /// that of `profile`; none if `record` knows no such halt. Without a
    /// profile the document names no limit, terms or links.
    pub fn new(
        account: &Account,
        record: &Record,
        strike: &str,
        profile: Option<&Profile>,
    ) -> Option<Self> {
        let mut answers: Vec<_> = record.evidence_of(strike).map(Answer::kept).collect();
        if answers.is_empty() && !record.knows(strike) {
            return None;
        }
        if answers.is_empty() {
            answers.extend(record.halt(strike).and_then(Answer::of_halt));
        }
        let tally = record.strikes.of(profile.map_or(0, Profile::strike_limit));
        let places = record.evidence_of(strike).filter_map(|piece| piece.evidence.place.as_ref());
        let host = places.last().map_or("", |place| place.host.as_str());
        Some(Self {
            format: FORMAT,
            account: account.clone(),
            strike: strike.to_owned(),
            count: Count { tally, words: tally.to_string() },
            plan: profile.map(Plan::of),
            state: State::of(record, strike),
            answers,
            releases: releases(record),
            appeal: profile.map(|profile| links(profile, host)).unwrap_or_default(),
            reply_time: REPLY_TIME,
            left_out: LEFT_OUT,
        })
    }

    /// As JSON, indented, with a line's end.
    pub fn to_json(&self) -> String {
        // Strings and numbers only, under keys that are strings.
        let json = serde_json::to_string_pretty(self);
        json.map(|json| json + "\n").unwrap_or_default()
    }
}

impl Plan {
    fn of(profile: &Profile) -> Self {
        Self {
            profile: profile.id().to_owned(),
            provider: profile.provider().to_owned(),
            plan: profile.plan().to_owned(),
            checked_on: profile.checked_on().to_owned(),
            terms: profile.terms_url().to_owned(),
            on_violations: profile.strike_wording().to_owned(),
        }
    }
}

impl State {
    fn of(record: &Record, id: &str) -> Self {
        if let Some(halt) = record.halt(id) {
            return Self::Halted {
                kind: halt.kind,
                since: shown(halt.since),
                answers: halt.hits,
                phase: halt.phase.clone(),
            };
        }
        let kept = record.evidence_of(id).find_map(|piece| piece.over.clone());
        if let Some(over) = kept {
            return Self::Over { at: shown(over.at), how: over.how, by: over.by };
        }
        match record.released.iter().find(|over| over.id == id) {
            Some(over) => Self::Over { at: shown(over.at), how: None, by: over.by.clone() },
            None => Self::Unknown,
        }
    }
}

impl Answer {
    fn kept(piece: &crate::ledger::KeptEvidence) -> Self {
        let evidence = (*piece.evidence).clone();
        let concerns = evidence.pace.as_ref().map(|pace| pace.concerns()).unwrap_or_default();
        let (time, strike) = (shown(evidence.at), Some(piece.strike));
        Self { time, strike, evidence: Some(evidence), signal: None, concerns }
    }

    fn of_halt(halt: &crate::ledger::Halt) -> Option<Self> {
        let signal = Some((*halt.signal.as_ref()?.0).clone());
        let (time, strike) = (shown(halt.since), halt.strike);
        Some(Self { time, strike, evidence: None, signal, concerns: Vec::new() })
    }
}

/// Every release of the account that is remembered, oldest first: with the
/// halts that are over, or longer with the evidence.
fn releases(record: &Record) -> Vec<Release> {
    let remembered = record.released.iter().map(|over| (&over.id, over.at, over.by.as_ref()));
    let kept = record.evidence.iter().filter_map(|piece| {
        piece.over.as_ref().map(|over| (&piece.halt, over.at, over.by.as_ref()))
    });
    let by_a_person = remembered.chain(kept).filter_map(|(halt, at, by)| {
        Some(Release { halt: halt.clone(), at, time: shown(at), by: by?.clone() })
    });
    let mut all: Vec<_> = by_a_person.collect();
    all.sort_by(|a, b| (a.at, &a.halt).cmp(&(b.at, &b.halt)));
    all.dedup_by(|a, b| a.halt == b.halt);
    all
}

fn links(profile: &Profile, host: &str) -> Vec<Link> {
    let appeals = profile.appeals(host).into_iter();
    appeals.map(|a| Link { region: a.region.to_owned(), url: a.url.to_owned() }).collect()
}

#[cfg(test)]
mod tests;
