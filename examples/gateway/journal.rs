//! What happened lately, for the status page. In memory, bounded, no prompts.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, StatusCode, header::USER_AGENT};
use parking_lot::Mutex;
use planguard::{
    account::Account,
    breaker::{Event, What},
    exchange::Workload,
    profile::Surface,
    refusal::Refused,
};
use serde::Serialize;
use tokio::sync::watch;

use crate::releases::Release;

/// So many lines are kept.
const LINES: usize = 500;
/// The longest name of a client that is shown, in characters.
const CLIENT_CHARS: usize = 60;

/// One line of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    #[serde(skip)]
    id: u64,
    #[serde(serialize_with = "crate::status::moment")]
    pub at: SystemTime,
    pub what: Kind,
    pub account: Option<String>,
    pub client: Option<String>,
    pub format: Option<&'static str>,
    pub model: Option<String>,
    pub workload: Option<&'static str>,
    pub status: Option<u16>,
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One that came: it was sent, unless its text says otherwise.
    Request,
    /// One that was refused.
    Refusal,
    Strike,
    Halt,
    Release,
    /// What the operator should know.
    Warning,
}

/// The last lines. Clones are the same journal.
#[derive(Clone)]
pub struct Journal(Arc<Shared>);

struct Shared {
    lines: Mutex<(u64, VecDeque<Entry>)>,
    changed: watch::Sender<()>,
}

/// A request's line, which is written as more of it is known.
#[derive(Clone)]
pub struct Line {
    id: u64,
    journal: Weak<Shared>,
}

impl Journal {
    pub fn new() -> Self {
        let changed = watch::Sender::new(());
        Self(Arc::new(Shared { lines: Mutex::default(), changed }))
    }

    /// Wakes whoever shows it.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// The newest first.
    pub fn newest(&self) -> Vec<Entry> {
        self.0.lines.lock().1.iter().rev().cloned().collect()
    }

    /// A request came.
    pub fn begin(&self, headers: &HeaderMap, surface: Surface) -> Line {
        let mut entry = Entry::new(SystemTime::now(), Kind::Request);
        entry.client = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map(client);
        entry.format = Some(surface.as_str());
        Line { id: self.0.push(entry), journal: Arc::downgrade(&self.0) }
    }

    /// Something happened to an account.
    pub fn event(&self, event: &Event) {
        let (what, text) = match &event.what {
            What::Halted { halt } => (Kind::Halt, format!("halt {} began", halt.id)),
            What::Relapsed { halt } => (Kind::Halt, format!("halt {} became graver", halt.id)),
            What::Moved { halt, .. } => (Kind::Halt, format!("halt {halt} moved on")),
            What::Strike { strikes, limit, .. } => (Kind::Strike, strikes.of(*limit).to_string()),
            What::OneBeforeLimit { strikes, limit } => {
                (Kind::Warning, format!("one before the limit: {}", strikes.of(*limit)))
            }
            What::LedgerTrouble { error, .. } => (Kind::Warning, format!("ledger: {error}")),
            What::Waiting { unanswered } => {
                (Kind::Warning, format!("calls wait: {unanswered} may be unanswered at once"))
            }
            What::WouldHaveHalted { signal, disposition } => {
                let class = signal.class.as_str();
                (Kind::Warning, format!("{class}: in another posture a {disposition}"))
            }
            What::Uninspected { why } => {
                (Kind::Warning, format!("an answer could not be judged: {}", why.as_str()))
            }
            What::Misconfigured => {
                (Kind::Warning, "an answer came back that was not judged".to_owned())
            }
            What::Pace { concerns, .. } => {
                let named: Vec<_> = concerns.iter().map(ToString::to_string).collect();
                let named = named.join(", ");
                (Kind::Warning, format!("the provider may object to how it is used: {named}"))
            }
            _ => return,
        };
        let mut entry = Entry::new(event.at, what);
        entry.account = Some(event.account.to_string());
        entry.text = Some(text);
        self.0.push(entry);
    }

    /// A halt is over.
    pub fn release(&self, Release { account, released }: &Release) {
        let at = UNIX_EPOCH + Duration::from_millis(released.at);
        let mut entry = Entry::new(at, Kind::Release);
        entry.account = Some(account.to_string());
        entry.text = Some(match &released.by {
            Some(by) => format!("halt {} was released by {}: {}", released.id, by.name, by.note),
            None => format!("halt {} is over", released.id),
        });
        self.0.push(entry);
    }
}

impl Shared {
    fn push(&self, mut entry: Entry) -> u64 {
        let id = {
            let (next, lines) = &mut *self.lines.lock();
            *next += 1;
            entry.id = *next;
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(entry);
            *next
        };
        self.changed.send_replace(());
        id
    }
}

impl Line {
    fn write(&self, write: impl FnOnce(&mut Entry)) {
        let Some(journal) = self.journal.upgrade() else { return };
        {
            let (_, lines) = &mut *journal.lines.lock();
            // Ids ascend without a gap.
            let first = lines.front().map_or(0, |entry| entry.id);
            let place = self.id.checked_sub(first).and_then(|at| usize::try_from(at).ok());
            if let Some(entry) = place.and_then(|at| lines.get_mut(at)) {
                write(entry);
            }
        }
        journal.changed.send_replace(());
    }

    /// Says so if its client goes away before it is answered.
    pub fn waiting(&self) -> Waiting {
        Waiting(Some(self.clone()))
    }

    /// It leaves.
    pub fn sent(&self, account: Option<Account>, model: Option<&str>, workload: Option<Workload>) {
        self.write(|entry| {
            entry.account = account.map(|account| account.to_string());
            entry.model = model.map(str::to_owned);
            entry.workload = workload.map(Workload::as_str);
        });
    }

    /// It was answered, or refused.
    pub fn answered(&self, status: StatusCode, refused: Option<&Refused>) {
        self.write(|entry| {
            entry.status = Some(status.as_u16());
            if let Some(refused) = refused {
                entry.what = Kind::Refusal;
                entry.account = refused.account().map(|account| account.to_string());
                entry.text = Some(refused.reason().to_string());
            }
        });
    }

    /// Its answer did not come to its end.
    pub fn broke(&self, why: &'static str) {
        self.write(|entry| {
            entry.text.get_or_insert_with(|| format!("{why} before the answer's end"));
        });
    }

    /// It came to nothing.
    pub fn failed(&self, status: StatusCode, why: String) {
        self.write(|entry| {
            entry.status = Some(status.as_u16());
            entry.text = Some(why);
        });
    }
}

/// A request that has no answer yet.
pub struct Waiting(Option<Line>);

impl Waiting {
    pub fn over(mut self) {
        self.0 = None;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.write(|entry| entry.text = Some("its client went away".to_owned()));
        }
    }
}

impl Entry {
    fn new(at: SystemTime, what: Kind) -> Self {
        Self {
            id: 0,
            at,
            what,
            account: None,
            client: None,
            format: None,
            model: None,
            workload: None,
            status: None,
            text: None,
        }
    }
}

/// The name and version of a client, without what it says about its machine.
fn client(agent: &str) -> String {
    agent.split(" (").next().unwrap_or_default().chars().take(CLIENT_CHARS).collect()
}
