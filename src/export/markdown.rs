//! The page.

use std::fmt::Write as _;

use super::{
    Answer, Document, State,
    text::{fenced, link, span},
};
use crate::{
    exchange::Workload,
    ledger::{Evidence, Pace, Phase, Strike, shown},
    signal::Signal,
};

const UNKNOWN: &str = "not recorded";

impl Document {
    /// As a page in Markdown (CommonMark), fit to be sent with an appeal.
    ///
    /// All that comes from outside stands in code spans and fences that it
    /// cannot leave; control characters in it are written as `\u{1b}`.
    pub fn to_markdown(&self) -> String {
        let mut page = Page::default();
        page.text(&format!(
            "# Strike {} on account {}",
            span(&self.strike),
            span(self.account.as_str())
        ));
        if let Some(plan) = &self.plan {
            page.text(&format!("{} of {}.", span(&plan.plan), span(&plan.provider)));
        }
        page.text(&format!("Strikes so far: {}.", self.count.words));
        self.what_was_said(&mut page);
        self.since_then(&mut page);
        self.what_was_done(&mut page);
        self.where_to_appeal(&mut page);
        page.text("## About this page");
        page.text(&format!(
            "planguard wrote it from its ledger ({}). Times are in UTC. The provider's words are \
             verbatim, at most 8 KiB of them; control characters in them, and in names and notes, \
             are written as `\\u{{1b}}`. {}",
            self.format, self.left_out,
        ));
        page.0
    }

    fn what_was_said(&self, page: &mut Page) {
        page.text("## What happened");
        if self.answers.is_empty() {
            page.text("Nothing is recorded of an answer of the provider.");
        }
        for (number, answer) in (1..).zip(&self.answers) {
            page.text(&format!("### {number}. {}{}", answer.time, strike(answer.strike)));
            let signal = answer.evidence.as_ref().map(|evidence| &evidence.signal);
            if let Some(signal) = signal.or(answer.signal.as_ref()) {
                said(signal, page);
            }
            match &answer.evidence {
                Some(evidence) => sent(evidence, answer, page),
                None => page.text("What was sent is not recorded."),
            }
        }
    }

    fn since_then(&self, page: &mut Page) {
        page.text("## Since then");
        page.text(&match &self.state {
            State::Halted { since, answers, phase, .. } => format!(
                "The account has been halted since {since}: {}. Answers of this kind: {answers}.",
                stands(phase)
            ),
            State::Over { at, by: Some(by), .. } => {
                format!("A person, {}, released the halt at {at}.", span(&by.name))
            }
            State::Over { at, by: None, .. } => format!("The halt ended by itself at {at}."),
            State::Unknown => "The halt is over; how it ended is no longer recorded.".to_owned(),
        });
    }

    fn what_was_done(&self, page: &mut Page) {
        page.text("## What was done about it");
        if self.releases.is_empty() {
            page.text("No release by a person is recorded for this account.");
        }
        for release in &self.releases {
            page.text(&format!(
                "{}: {} released {}, with the note:",
                release.time,
                span(&release.by.name),
                span(&release.halt)
            ));
            page.text(&fenced(&release.by.note));
        }
    }

    fn where_to_appeal(&self, page: &mut Page) {
        page.text("## Where to appeal");
        if self.appeal.is_empty() {
            page.text("The profile of this plan is not built in, or names no place.");
        }
        let places = self.appeal.iter();
        page.list(places.map(|place| format!("{}: {}", span(&place.region), link(&place.url))));
        page.text(self.reply_time);
        if let Some(plan) = &self.plan {
            page.text(&format!(
                "The plan's terms, as known on {}: {}. On violations:",
                span(&plan.checked_on),
                link(&plan.terms)
            ));
            page.text(&fenced(&plan.on_violations));
        }
    }
}

/// What the provider said.
fn said(signal: &Signal, page: &mut Page) {
    let or_none = |text: Option<&str>| text.map_or("none".to_owned(), span);
    page.list([
        format!("Code: {}, status {}", or_none(signal.code.as_deref()), signal.status),
        format!("Request id: {}", or_none(signal.request_id.as_deref())),
        format!("Read as: `{}`, by rule {}", signal.class, or_none(signal.rule.as_deref())),
    ]);
    match signal.message.as_str() {
        "" => page.text("The provider gave no words."),
        words => {
            page.text("In the provider's own words:");
            page.text(&fenced(words));
        }
    }
}

/// What the request was, without its content.
fn sent(evidence: &Evidence, answer: &Answer, page: &mut Page) {
    let known = |text: &Option<String>| text.as_deref().map_or(UNKNOWN.to_owned(), span);
    let place = evidence.place.as_ref().map_or(UNKNOWN.to_owned(), |place| {
        let pays = if place.plan { "the plan pays" } else { "the balance pays" };
        format!(
            "{} under {} ({}; {pays})",
            span(&place.host),
            span(&place.path_prefix),
            span(&place.surface)
        )
    });
    let profile = match &evidence.checked_on {
        Some(day) => format!("{}, checked on {}", span(&evidence.profile), span(day)),
        None => span(&evidence.profile),
    };
    page.text("What was sent, without its content:");
    page.list([
        format!("Endpoint: {place}"),
        format!("Model: {}", known(&evidence.model)),
        format!("User-Agent: {}", known(&evidence.user_agent)),
        format!("Kind of work, as declared by the caller: {}", workload(evidence.declaration)),
        format!(
            "Kind of work, as judged by planguard: {}{}",
            workload(evidence.verdict),
            features(evidence)
        ),
        format!("Profile: {profile}"),
        format!("planguard: {}, posture {}", known(&evidence.version), known(&evidence.posture)),
    ]);
    let Some(pace) = &evidence.pace else { return };
    page.text("How the account was used by the same process:");
    page.list(used(pace));
    if !answer.concerns.is_empty() {
        let concerns: Vec<_> = answer.concerns.iter().map(ToString::to_string).collect();
        page.text(&format!(
            "In planguard's own estimate a provider may object to: {}.",
            concerns.join(", ")
        ));
    }
}

fn used(pace: &Pace) -> Vec<String> {
    let minutes: Vec<_> = pace.minutes.iter().map(u32::to_string).collect();
    let system = match pace.same_system {
        Some(share) => format!("{} of the last {}", share.same, share.of),
        None => UNKNOWN.to_owned(),
    };
    vec![
        format!("Requests by minute, the present one first: {}", minutes.join(", ")),
        format!("Requests in parallel: {}", pace.parallel),
        format!("Active hours of the last 24: {}", pace.hours_active),
        format!("Distinct User-Agents within 24 hours: {}", clients(pace.clients)),
        format!("Requests with the same system prompt: {system}"),
    ]
}

fn clients(number: u8) -> String {
    if number < 16 { number.to_string() } else { "16 or more".to_owned() }
}

fn workload(workload: Option<Workload>) -> String {
    workload.map_or(UNKNOWN.to_owned(), |workload| format!("`{}`", workload.as_str()))
}

fn features(evidence: &Evidence) -> String {
    let features = evidence.features.iter();
    let named: Vec<_> =
        features.map(|feature| format!("{} {}", span(&feature.name), feature.weight)).collect();
    if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
}

fn strike(strike: Option<Strike>) -> &'static str {
    match strike {
        Some(Strike::Confirmed) => ", a confirmed strike",
        Some(Strike::Suspected) => ", a suspected strike",
        None => ", no strike",
    }
}

fn stands(phase: &Phase) -> String {
    match phase {
        Phase::Latched => "it waits for a person".to_owned(),
        Phase::Held { until, .. } => format!("it waits until {}", shown(*until)),
        Phase::Cooling { until } => format!("it waits for its one test, until {}", shown(*until)),
        Phase::Trial { .. } => "one request is out to test it".to_owned(),
        Phase::Watching { .. } => {
            "its test has passed, and one request at a time may leave".to_owned()
        }
    }
}

/// Blocks with a blank line between two.
#[derive(Default)]
struct Page(String);

impl Page {
    fn text(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        let _ = writeln!(self.0, "{}", text.trim_end_matches('\n'));
    }

    fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: Vec<_> = items.into_iter().map(|item| format!("- {item}")).collect();
        if !items.is_empty() {
            self.text(&items.join("\n"));
        }
    }
}
