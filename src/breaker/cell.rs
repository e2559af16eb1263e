//! One account in this process: its gate, what it hears, what it tells.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::Duration;

use parking_lot::Mutex;

use super::{
    config::Shared,
    disposition::Dispositions,
    event::What,
    gate::Gate,
    standing::{Limits, Struck, Writes},
};
use crate::{
    account::{Account, letters},
    clock::{Millis, to_millis},
    exchange::{Report, SignalSink, Ticket, Uninspected},
    ledger::{Author, Entry, Fact, Halt, Job, LedgerError, Opened, Person, Write, Written},
    profile::{Claim, Profile},
    refusal::Refused,
    signal::Signal,
};

/// The ledger was never read.
const NEVER: u64 = u64::MAX;
/// The answers whose outcome is kept for a caller that has not asked yet.
const VERDICTS: usize = 64;

/// One account in this process.
pub(crate) struct Cell {
    pub(crate) account: Account,
    pub(crate) profile: Profile,
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Gate,
    /// One reader of the ledger at a time.
    pub(crate) reading: tokio::sync::Mutex<()>,
    pub(crate) told: Told,
    /// The version at which the ledger was last read.
    seen: AtomicU64,
    /// Signals on their way to the ledger, in order.
    unwritten: Mutex<Vec<Unwritten>>,
    /// What became of signals, until their callers ask.
    verdicts: Mutex<Vec<Verdict>>,
    me: Weak<Self>,
}

/// What was said once and need not be said again.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) waiting: AtomicBool,
    pub(crate) no_user_agent: AtomicBool,
    pub(crate) uninspected: AtomicBool,
    /// Answers that no detector had taken.
    pub(crate) untaken: AtomicU64,
    /// The last refusal: its text is made once.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) refused: AtomicU64,
    pub(crate) summed_up: AtomicU64,
}

/// A refusal, and what it was made from.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) halt: String,
    pub(crate) endpoint: u16,
    pub(crate) not_before: Option<Millis>,
    pub(crate) revision: u64,
    pub(crate) refused: Refused,
}

#[derive(Clone)]
struct Unwritten {
    ticket: Ticket,
    endpoint: u16,
    plan: bool,
    signal: Signal,
    id: String,
}

impl Unwritten {
    fn as_struck(&self, dispositions: &Dispositions) -> Struck<'_> {
        Struck {
            ticket: self.ticket,
            endpoint: self.endpoint,
            plan: self.plan,
            signal: &self.signal,
            disposition: dispositions.get(self.signal.class),
            id: self.id.clone(),
        }
    }
}

/// What one call's signal did.
pub(crate) struct Verdict {
    serial: u64,
    /// The halt that it began or belongs to; none if it halted nothing.
    pub(crate) halt: Option<String>,
    /// Resolves when the ledger has it.
    pub(crate) written: Option<Written>,
}

impl Cell {
    pub(crate) fn new(account: Account, profile: Profile, shared: Arc<Shared>) -> Arc<Self> {
        let limits: Limits = shared.limits;
        Arc::new_cyclic(|me| Self {
            account,
            profile,
            shared,
            gate: Gate::new(limits),
            reading: tokio::sync::Mutex::new(()),
            told: Told::default(),
            seen: AtomicU64::new(NEVER),
            unwritten: Mutex::default(),
            verdicts: Mutex::default(),
            me: me.clone(),
        })
    }

    pub(crate) fn now(&self) -> Millis {
        to_millis(self.shared.clock.now())
    }

    /// The version at which the ledger was last read, if ever.
    pub(crate) fn seen(&self) -> Option<u64> {
        let seen = self.seen.load(Ordering::Acquire);
        (seen != NEVER).then_some(seen)
    }

    /// Takes over what the ledger says, beside what is still unwritten here.
    pub(crate) fn read(&self, opened: &Opened) {
        self.act(|gate, now, writes| {
            gate.with(now, writes, |state, _| {
                if state.unwritten == 0 {
                    state.standing.adopt(opened);
                } else {
                    state.standing.merge(opened);
                }
            });
        });
        self.seen.store(opened.version, Ordering::Release);
    }

    /// Does `work` on the gate; what it wants written goes to the writer.
    pub(crate) fn act<T>(&self, work: impl FnOnce(&Gate, Millis, &mut Writes) -> T) -> T {
        let mut writes = Writes::new();
        let done = work(&self.gate, self.now(), &mut writes);
        if !writes.is_empty() {
            self.submit(writes, None);
        }
        done
    }

    /// Sends `writes` to the ledger and tells the listeners.
    fn submit(&self, writes: Writes, signal: Option<u64>) -> Written {
        let (answer, written) = Written::channel();
        self.announce(&writes);
        let mut jobs = self.jobs(writes, signal);
        if let Some(last) = jobs.last_mut() {
            last.waiting.push(answer);
        }
        self.shared.writer.submit(jobs);
        written
    }

    fn jobs(&self, writes: Writes, signal: Option<u64>) -> Vec<Job> {
        let Some(me) = self.me.upgrade() else { return Vec::new() };
        let last = writes.len().saturating_sub(1);
        writes
            .into_iter()
            .enumerate()
            .map(|(place, (epoch, entry))| Job {
                author: me.clone(),
                account: self.account.clone(),
                write: Write { epoch, entry, signal: signal.filter(|_| place == last) },
                waiting: Vec::new(),
            })
            .collect()
    }

    /// Tells the listeners and the log what was decided.
    fn announce(&self, writes: &Writes) {
        for (_, Entry { fact, .. }) in writes {
            if let Some(what) = What::of(fact) {
                self.tell(what);
            }
            match fact {
                Fact::Halted { halt } | Fact::Raised { halt } => self.announce_halt(halt),
                Fact::Hit { halt } => tracing::warn!(
                    target: "planguard::strike",
                    profile = self.profile.id(), account = self.account.as_str(), halt_id = halt,
                    "a call that was already out was answered in the same way"
                ),
                Fact::Ended { halt, how } => tracing::info!(
                    target: "planguard::breaker",
                    profile = self.profile.id(), account = self.account.as_str(), halt_id = halt, ?how,
                    "a halt is over"
                ),
                _ => {}
            }
        }
    }

    fn announce_halt(&self, halt: &Halt) {
        let strikes = self.gate.look(|state| state.standing.record().strikes);
        let limit = self.profile.strike_limit();
        let signal = halt.signal.as_ref().map(|kept| &*kept.0);
        let class = signal.map_or("", |signal| signal.class.as_str());
        let code = signal.and_then(|signal| signal.code.as_deref()).unwrap_or("");
        let message = signal.map_or("", |signal| signal.message.as_str());
        let release = self.shared.ledger.release_command(&halt.id);
        let Some(strike) = halt.strike else {
            tracing::warn!(
                target: "planguard::breaker",
                profile = self.profile.id(), account = self.account.as_str(), class, code,
                disposition = halt.kind.as_str(), halt_id = halt.id, message,
                "halted: nothing is sent for this account. To release it: {release}"
            );
            return;
        };
        tracing::error!(
            target: "planguard::strike",
            profile = self.profile.id(), account = self.account.as_str(), class, code,
            disposition = halt.kind.as_str(), halt_id = halt.id, ?strike,
            strikes = strikes.confirmed, suspected = strikes.suspected, limit, message,
            "{} has acted on this account: nothing more is sent for it. To release it: {release}",
            self.profile.provider(),
        );
        self.tell(What::Strike { halt: halt.id.clone(), strike, strikes, limit });
    }

    /// Tells the listeners where `halt` stands by now.
    pub(crate) fn announce_move(&self, halt: &str) {
        let open = self.gate.look(|state| state.standing.record().halt(halt).cloned());
        if let Some(Halt { id, phase, .. }) = open {
            self.tell(What::Moved { halt: id, phase });
        }
    }

    pub(crate) fn tell(&self, what: What) {
        self.shared.bus.send(&self.account, self.shared.clock.now(), what);
    }

    /// A person halts the account: at once in this process. Answers with the
    /// halt's id, and resolves when the ledger has it or has failed.
    pub(crate) fn halt_by(&self, by: Person) -> (String, Written) {
        let id = self.fresh_id();
        let mut writes = Writes::new();
        let now = self.now();
        self.gate.with(now, &mut writes, |state, writes| {
            state.standing.halt_by(&id, by, now, writes);
        });
        (id, self.submit(writes, None))
    }

    /// A person released a halt in the ledger: `opened` is what it is by now.
    pub(crate) fn released(&self, opened: &Opened, halt: &str, by: Person) {
        self.read(opened);
        self.tell(What::Released { halt: halt.to_owned(), how: None, by: Some(by) });
    }

    /// What became of the signal of the call `serial`, once.
    pub(crate) fn verdict(&self, serial: u64) -> Option<Verdict> {
        let mut verdicts = self.verdicts.lock();
        let place = verdicts.iter().position(|verdict| verdict.serial == serial)?;
        Some(verdicts.swap_remove(place))
    }

    /// An id of letters for a halt that may begin.
    pub(crate) fn fresh_id(&self) -> String {
        format!("h-{}", letters(&self.shared.random().to_be_bytes(), 10))
    }

    /// An answer was delivered before its strike was written.
    pub(crate) fn unwritten_after(&self, waited: Duration) {
        let error = format!("no answer within {} s", waited.as_secs());
        tracing::error!(
            target: "planguard::ledger",
            account = self.account.as_str(), error,
            "a strike is not written yet; its answer is delivered, and the write goes on"
        );
        self.tell(What::LedgerTrouble { error, again_in: None });
    }
}

impl SignalSink for Cell {
    fn report(&self, ticket: Ticket, claim: &Claim, report: &Report) {
        let signal = &report.signal;
        let disposition = self.shared.dispositions.get(signal.class);
        let now = self.now();
        if self.shared.reports_only() {
            if disposition.action.as_str() != "pass" {
                let signal = Box::new(signal.clone());
                tracing::warn!(
                    target: "planguard::strike",
                    account = self.account.as_str(), class = signal.class.as_str(),
                    code = signal.code.as_deref().unwrap_or(""), message = signal.message,
                    "report only: this would have been a {}", disposition.action.as_str(),
                );
                self.tell(What::WouldHaveHalted {
                    signal: signal.clone(),
                    disposition: disposition.action.as_str(),
                });
                self.act(|gate, now, writes| {
                    gate.with(now, writes, |state, writes| {
                        let entry = Entry::new(now, Fact::Observed { signal });
                        writes.push((state.standing.record().epoch, entry));
                    });
                });
            }
            return;
        }
        let struck = Unwritten {
            ticket,
            endpoint: claim.endpoint_index(),
            plan: claim.is_plan(),
            signal: signal.clone(),
            id: self.fresh_id(),
        };
        let mut writes = Writes::new();
        let halt = self.gate.with(now, &mut writes, |state, writes| {
            state.standing.signal(&struck.as_struck(&self.shared.dispositions), now, writes)
        });
        let mut written = None;
        if !writes.is_empty() {
            self.unwritten.lock().push(struck);
            written = Some(self.submit(writes, Some(ticket.serial)));
        }
        if halt.is_none() {
            tracing::debug!(
                target: "planguard::signal",
                profile = self.profile.id(), account = self.account.as_str(),
                class = signal.class.as_str(), code = signal.code.as_deref().unwrap_or(""),
                disposition = disposition.action.as_str(), message = signal.message,
                "signal"
            );
        }
        let mut verdicts = self.verdicts.lock();
        if verdicts.len() >= VERDICTS {
            verdicts.swap_remove(0);
        }
        verdicts.push(Verdict { serial: ticket.serial, halt, written });
    }

    fn uninspected(&self, _ticket: Ticket, claim: &Claim, why: &Uninspected) {
        self.tell(What::Uninspected { why: why.clone() });
        if !self.told.uninspected.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "planguard::detect",
                account = self.account.as_str(), host = claim.endpoint().host, %why,
                "a response could not be judged: a policy signal in it would be missed"
            );
        }
    }
}

impl Author for Cell {
    fn recorded(&self, write: &Write, opened: &Opened) {
        if let Some(serial) = write.signal {
            self.unwritten.lock().retain(|struck| struck.ticket.serial != serial);
        }
        self.act(|gate, now, writes| {
            gate.with(now, writes, |state, _| {
                state.unwritten = state.unwritten.saturating_sub(1);
                if state.unwritten == 0 {
                    state.standing.adopt(opened);
                    self.seen.store(opened.version, Ordering::Release);
                }
            });
        });
    }

    fn overruled(&self, opened: &Opened) -> Vec<Write> {
        let again = self.unwritten.lock().clone();
        let now = self.now();
        let (mut writes, mut last_of) = (Writes::new(), Vec::new());
        // Under one lock: between the ledger's word and the signals that it
        // has not heard of, no call may slip through.
        self.gate.with(now, &mut writes, |state, writes| {
            state.unwritten = 0;
            state.standing.overrule(opened);
            for struck in &again {
                let before = writes.len();
                state.standing.signal(&struck.as_struck(&self.shared.dispositions), now, writes);
                if writes.len() > before {
                    last_of.push((writes.len() - 1, struck.ticket.serial));
                }
            }
        });
        self.unwritten
            .lock()
            .retain(|struck| last_of.iter().any(|(_, serial)| *serial == struck.ticket.serial));
        let serial_of = |place| last_of.iter().find(|(last, _)| *last == place).map(|(_, s)| *s);
        let write = |(place, (epoch, entry))| Write { epoch, entry, signal: serial_of(place) };
        writes.into_iter().enumerate().map(write).collect()
    }

    fn trouble(&self, error: &LedgerError, pause: Duration) {
        tracing::error!(
            target: "planguard::ledger",
            account = self.account.as_str(), %error, again_in_secs = pause.as_secs(),
            "the ledger could not be written; this process stays halted and tries again"
        );
        self.tell(What::LedgerTrouble { error: error.to_string(), again_in: Some(pause) });
    }
}
