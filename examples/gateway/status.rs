//! What the status page shows, as data: `/planguard/status.json`.

use std::{collections::BTreeMap, time::SystemTime};

use jiff::Timestamp;
use planguard::{
    Snapshot,
    account::{Account, Tally},
    clock::to_millis,
    ledger::{Evidence, Halt, Ledger, Phase, Record, Strike},
    profile::{Notice, Profile},
    workload::WorkloadTally,
};
use serde::{Serialize, Serializer};

use crate::{journal::Entry, proxy::Gateway};

#[derive(Serialize)]
pub struct Status {
    #[serde(serialize_with = "moment")]
    pub at: SystemTime,
    pub posture: &'static str,
    pub ledger: String,
    /// Why accounts of other processes are not shown, if so.
    pub ledger_trouble: Option<String>,
    pub accounts: Vec<AccountStatus>,
    pub notices: Vec<NoticeText>,
    pub timeline: Vec<Entry>,
}

#[derive(Serialize)]
pub struct NoticeText {
    pub plan: String,
    pub checked_on: String,
    pub text: String,
}

#[derive(Serialize)]
pub struct AccountStatus {
    pub account: String,
    pub plan: String,
    /// The gravest of its halts, or `open`.
    pub standing: &'static str,
    pub halts: Vec<HaltStatus>,
    pub strikes: Tally,
    pub strike_wording: Option<String>,
    pub unanswered: u32,
    pub in_flight: u32,
    pub waiting: usize,
    pub workload: WorkloadTally,
}

impl AccountStatus {
    /// Whether nothing is sent for it.
    pub fn is_halted(&self) -> bool {
        !matches!(self.standing, "open" | "due")
    }
}

#[derive(Serialize)]
pub struct HaltStatus {
    pub id: String,
    pub standing: &'static str,
    pub since: Option<String>,
    /// When time ends it or moves it on; none where only a person does.
    pub until: Option<String>,
    pub class: Option<&'static str>,
    pub code: Option<String>,
    pub status: Option<u16>,
    pub provider_message: Option<String>,
    pub hint: Option<String>,
    /// The person who halted it, and why.
    pub by: Option<String>,
    pub strike: Option<Strike>,
    pub answers: u32,
    /// What was sent that the provider answered so.
    pub sent: Option<Sent>,
    pub release: String,
}

#[derive(Serialize)]
pub struct Sent {
    pub at: Option<String>,
    pub model: Option<String>,
    pub workload: Option<&'static str>,
    pub client: Option<String>,
}

/// How things stand.
pub async fn status(gateway: &Gateway) -> Status {
    let (recorded, ledger_trouble) = match gateway.plan.ledger().await {
        Ok(all) => (all, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let mut known: BTreeMap<Account, (Record, Option<Snapshot>)> = BTreeMap::new();
    for (account, record) in recorded {
        // Under some the ledger keeps no more than when a notice was shown.
        if record.epoch > 0 {
            known.insert(account, (record, None));
        }
    }
    for snapshot in gateway.plan.snapshot() {
        let (account, record) = (snapshot.account.clone(), snapshot.record.clone());
        // What the ledger says is newer, unless it was silent.
        known.entry(account).or_insert((record, None)).1 = Some(snapshot);
    }
    let profiles: Vec<_> = gateway.upstreams.iter().map(|up| up.profile.clone()).collect();
    let mut notices: Vec<NoticeText> = Vec::new();
    for Notice { plan, checked_on, text, .. } in profiles.iter().map(Profile::notice) {
        if notices.iter().all(|notice| notice.plan != plan) {
            notices.push(NoticeText { plan, checked_on, text });
        }
    }
    let accounts = known.into_iter().map(|(account, (record, snapshot))| {
        let profile = profiles.iter().find(|profile| profile.id() == account.profile());
        account_status(&account, &record, snapshot, profile, &*gateway.ledger)
    });
    Status {
        at: SystemTime::now(),
        posture: gateway.posture,
        ledger: gateway.ledger.place(),
        ledger_trouble,
        accounts: accounts.collect(),
        notices,
        timeline: gateway.journal.newest(),
    }
}

fn account_status(
    account: &Account,
    record: &Record,
    snapshot: Option<Snapshot>,
    profile: Option<&Profile>,
    ledger: &dyn Ledger,
) -> AccountStatus {
    // One whose time is over stops nothing more.
    let gravest = record.halts.iter().max_by_key(|halt| (!is_due(halt), halt.kind));
    let plan = profile.map(|profile| format!("{} {}", profile.provider(), profile.plan()));
    AccountStatus {
        account: account.to_string(),
        plan: plan.unwrap_or_else(|| account.profile().to_owned()),
        standing: gravest.map_or("open", standing),
        halts: record.halts.iter().map(|halt| halt_status(halt, record, ledger)).collect(),
        strikes: record.strikes.of(profile.map_or(0, Profile::strike_limit)),
        strike_wording: profile.map(|profile| profile.strike_wording().to_owned()),
        unanswered: snapshot.as_ref().map_or(0, |now| now.unanswered),
        in_flight: snapshot.as_ref().map_or(0, |now| now.in_flight),
        waiting: snapshot.as_ref().map_or(0, |now| now.waiting),
        workload: snapshot.map(|now| now.workload).unwrap_or_default(),
    }
}

fn halt_status(halt: &Halt, record: &Record, ledger: &dyn Ledger) -> HaltStatus {
    let signal = halt.signal.as_ref().map(|kept| &*kept.0);
    let evidence = record.evidence_of(&halt.id).last().map(|kept| &*kept.evidence);
    HaltStatus {
        id: halt.id.clone(),
        standing: standing(halt),
        since: at(halt.since),
        until: halt.ends().and_then(at),
        class: halt.class().map(|class| class.as_str()),
        code: signal.and_then(|signal| signal.code.clone()),
        status: signal.map(|signal| signal.status),
        provider_message: signal.map(|signal| signal.message.clone()),
        hint: signal.and_then(|signal| signal.hint.as_deref().map(str::to_owned)),
        by: halt.by.as_ref().map(|by| format!("{}: {}", by.name, by.note)),
        strike: halt.strike,
        answers: halt.hits,
        sent: evidence.map(sent),
        release: ledger.release_command(&halt.id),
    }
}

fn sent(evidence: &Evidence) -> Sent {
    Sent {
        at: at(evidence.at),
        model: evidence.model.clone(),
        workload: evidence.verdict.map(|verdict| verdict.as_str()),
        client: evidence.user_agent.clone(),
    }
}

/// Whether its time is over, so that the next request may test it.
pub fn is_due(halt: &Halt) -> bool {
    matches!(halt.phase, Phase::Held { until, .. } if until <= to_millis(SystemTime::now()))
}

fn standing(halt: &Halt) -> &'static str {
    if is_due(halt) { "due" } else { halt.phase.as_str() }
}

fn at(millis: planguard::clock::Millis) -> Option<String> {
    let moment = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    Some(format!("{moment:.0}"))
}

/// A moment as RFC 3339 has it, in whole seconds.
pub fn rfc3339(at: SystemTime) -> String {
    Timestamp::try_from(at).map_or_else(|_| String::new(), |at| format!("{at:.0}"))
}

pub fn moment<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}
