//! One account in this process: its gate, what it hears, what it tells.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
use std::time::Duration;

use http::HeaderValue;
use parking_lot::Mutex;

use super::{
    clients::Clients,
    config::Shared,
    event::What,
    gate::Gate,
    outbox::Said,
    standing::{Ask, Limits, Outcome, Pass, Role, Trial, Writes},
};
use crate::{
    account::Account,
    clock::{Millis, to_millis},
    exchange::Agent,
    ledger::{Author, Entry, LedgerError, Opened, Pace, Person, Written, latch},
    meter,
    profile::Profile,
    refusal::Refused,
};

/// The answers whose outcome is kept for a caller that has not asked yet. A
/// call takes its own along when it ends.
const VERDICTS: usize = 4_096;
/// The ledger was never read.
const NEVER: u64 = u64::MAX;

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
    /// What became of signals, until their callers ask.
    verdicts: Mutex<Vec<Verdict>>,
    /// How many those are, for calls that have none.
    unasked: AtomicUsize,
    /// Who uses the account.
    clients: Mutex<Clients>,
    me: Weak<Self>,
}

/// What was said once and need not be said again.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) waiting: AtomicBool,
    pub(crate) no_user_agent: AtomicBool,
    pub(crate) no_grant: AtomicBool,
    /// How many confirmed strikes were known when the limit was last looked at.
    pub(super) confirmed: AtomicU32,
    pub(crate) uninspected: AtomicBool,
    /// Answers that no detector had taken.
    pub(crate) untaken: AtomicU64,
    /// The last refusal: its text is made once.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) refused: AtomicU64,
    pub(crate) summed_up: AtomicU64,
    /// When the profile's notice may be due again.
    pub(crate) notice_due: AtomicU64,
    /// When the log said last that the ledger cannot be read.
    pub(crate) trouble: AtomicU64,
    /// When the pace was last looked at, and last warned about.
    pub(super) pace_looked: AtomicU64,
    pub(super) pace_warned: AtomicU64,
    /// What was counted of its halts.
    pub(super) counted: meter::Once,
}

/// Whether a minute has passed since `last`, which is now if so.
pub(crate) fn once_a_minute(last: &AtomicU64, now: Millis) -> bool {
    once_in(last, now, 60_000)
}

/// The same for any `span`. A clock that was set back by more than that makes
/// it due too, or it would be due no more until that time came again.
#[inline]
pub(super) fn once_in(last: &AtomicU64, now: Millis, span: Millis) -> bool {
    let before = last.load(Ordering::Relaxed);
    let due = now.abs_diff(before) >= span;
    due && last.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
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

/// What one call's signal did.
pub(crate) struct Verdict {
    pub(super) serial: u64,
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
            verdicts: Mutex::default(),
            unasked: AtomicUsize::new(0),
            clients: Mutex::default(),
            me: me.clone(),
        })
    }

    pub(crate) fn now(&self) -> Millis {
        to_millis(self.shared.clock.now())
    }

    /// The client that `agent` names, if it does.
    #[inline]
    pub(crate) fn client(&self, agent: Option<&HeaderValue>) -> Option<Agent> {
        Some(self.clients.lock().see(agent?.as_bytes(), || self.now()))
    }

    /// How the account is used at `now`.
    pub(super) fn pace(&self, now: Millis) -> Pace {
        let clients = self.clients.lock().count(now);
        self.gate.look(|state| state.pace.read(now, state.standing.in_flight(), clients))
    }

    /// Looks once a minute at how the account is used.
    #[inline]
    pub(crate) fn watch_pace(&self, now: Millis) {
        if once_in(&self.told.pace_looked, now, 60_000) {
            self.look_at_pace(now);
        }
    }

    /// Warns, once an hour at most. Nobody is stopped.
    #[cold]
    fn look_at_pace(&self, now: Millis) {
        self.clients.lock().touch(now);
        let pace = self.pace(now);
        let concerns = pace.concerns();
        if !concerns.is_empty() && once_in(&self.told.pace_warned, now, 3_600_000) {
            self.announce_pace(pace, concerns);
        }
    }

    /// The version at which the ledger was last read, if ever.
    pub(crate) fn seen(&self) -> Option<u64> {
        let seen = self.seen.load(Ordering::Acquire);
        (seen != NEVER).then_some(seen)
    }

    /// Takes over what the ledger says, beside what is still unwritten here.
    pub(crate) fn read(&self, opened: &Opened) {
        self.hear(opened, |gate, now, news| {
            gate.with(now, news, |state, _| state.read(opened));
            true
        });
        self.tell_of_the_limit();
    }

    /// The ledger has lent `trial`, as `opened` says: the call leaves, or the
    /// lease goes back.
    pub(crate) fn lent(&self, trial: Trial, opened: &Opened, ask: Ask) -> Option<Pass> {
        let halt = trial.halt.clone();
        let pass = self.act(|gate, now, news| {
            gate.with(now, news, |state, news| state.lent(trial, opened, ask, now, news))
        });
        self.seen.store(opened.version, Ordering::Release);
        if pass.is_some() {
            self.announce_move(&halt);
        }
        pass
    }

    /// Gives back a trial that the ledger may have lent.
    pub(crate) fn give_back(&self, trial: Trial) {
        self.act(|gate, now, news| {
            gate.with(now, news, |state, news| state.give_back(trial, now, news));
        });
    }

    /// Does `work` with what the ledger says; `work` tells whether all of
    /// that is known here now.
    fn hear(&self, opened: &Opened, work: impl FnOnce(&Gate, Millis, &mut Writes) -> bool) {
        if self.act(work) {
            self.seen.store(opened.version, Ordering::Release);
        }
    }

    /// Does `work` on the gate; what is owed to the ledger by then goes to
    /// the writer.
    pub(crate) fn act<T>(&self, work: impl FnOnce(&Gate, Millis, &mut Writes) -> T) -> T {
        let mut news = Writes::new();
        let done = work(&self.gate, self.now(), &mut news);
        if !news.is_empty() {
            self.say(&news);
        }
        done
    }

    /// The response of `pass` is resolved.
    pub(crate) fn answered(&self, pass: &mut Pass) {
        if self.gate.answered(pass) {
            self.move_on();
        }
    }

    /// The call of `pass` is over, and ended so. Reads the clock only if
    /// others wait, or the call was a test.
    pub(crate) fn ended(&self, pass: Pass, outcome: Outcome) {
        match pass.role {
            Role::Plain => {
                if self.gate.over(&pass) {
                    self.move_on();
                }
            }
            _ => self.act(|gate, now, news| gate.ended(pass, outcome, now, news)),
        }
    }

    #[cold]
    fn move_on(&self) {
        self.act(Gate::move_on);
    }

    /// Tells the listeners and the ledger what is owed by now.
    #[cold]
    fn say(&self, news: &Writes) {
        self.announce(news);
        if let Some(me) = self.me.upgrade() {
            self.shared.writer.submit(me);
        }
    }

    pub(crate) fn tell(&self, what: What) {
        self.count(&what);
        self.shared.bus.send(&self.account, self.shared.clock.now(), what);
    }

    /// A person halts the account: at once in this process. Answers with the
    /// halt's id, and resolves when the ledger has it or has failed.
    pub(crate) fn halt_by(&self, by: Person) -> (String, Written) {
        let id = self.fresh_id();
        let said = Said::Halt { id: id.clone(), by: by.clone() };
        let (id, written) = self.act(|gate, now, news| {
            gate.with(now, news, |state, news| {
                state.say(said, news, |standing, writes| standing.halt_by(&id, by, now, writes))
            })
        });
        (id, written.unwrap_or_else(Written::already))
    }

    /// A person released a halt in the ledger: `opened` is what it is by now.
    pub(crate) fn released(&self, opened: &Opened, halt: &str, by: Person) {
        self.read(opened);
        self.tell(What::Released { halt: halt.to_owned(), how: None, by: Some(by) });
    }

    /// Keeps what became of a call's signal until its caller asks. Of too
    /// many that nobody asks for, the oldest goes.
    pub(super) fn keep(&self, verdict: Verdict) {
        let mut verdicts = self.verdicts.lock();
        if verdicts.len() >= VERDICTS {
            verdicts.remove(0);
        }
        verdicts.push(verdict);
        self.unasked.store(verdicts.len(), Ordering::Release);
    }

    /// What became of the signal of the call `serial`, once.
    #[inline]
    pub(crate) fn verdict(&self, serial: u64) -> Option<Verdict> {
        if self.unasked.load(Ordering::Acquire) == 0 { None } else { self.kept(serial) }
    }

    #[cold]
    fn kept(&self, serial: u64) -> Option<Verdict> {
        let mut verdicts = self.verdicts.lock();
        let place = verdicts.iter().position(|verdict| verdict.serial == serial)?;
        let verdict = verdicts.remove(place);
        self.unasked.store(verdicts.len(), Ordering::Release);
        Some(verdict)
    }

    /// An id of letters for a halt that may begin.
    pub(crate) fn fresh_id(&self) -> String {
        latch::fresh_id()
    }

    /// An answer was delivered before its strike was written.
    pub(crate) fn unwritten_after(&self, waited: Duration) {
        meter::ledger_error(self.profile.id(), "write");
        let error = format!("no answer within {} s", waited.as_secs());
        tracing::error!(
            target: "planguard::ledger",
            account = self.account.as_str(), error,
            "a strike is not written yet; its answer is delivered, and the write goes on"
        );
        self.tell(What::LedgerTrouble { error, again_in: None });
    }
}

impl Author for Cell {
    fn account(&self) -> &Account {
        &self.account
    }

    fn next(&self) -> Option<(u64, Entry)> {
        self.gate.look(|state| state.outbox.next())
    }

    fn recorded(&self, opened: &Opened) {
        self.hear(opened, |gate, now, news| {
            gate.with(now, news, |state, _| {
                state.recorded(opened);
                state.outbox.is_empty()
            })
        });
    }

    fn overruled(&self, opened: &Opened) {
        self.hear(opened, |gate, now, news| {
            gate.with(now, news, |state, news| {
                state.overruled(opened, now, news);
                state.outbox.is_empty()
            })
        });
    }

    fn trouble(&self, error: &LedgerError, pause: Duration) {
        meter::ledger_error(self.profile.id(), "write");
        tracing::error!(
            target: "planguard::ledger",
            account = self.account.as_str(), %error, again_in_secs = pause.as_secs(),
            "the ledger could not be written; this process stays halted and tries again"
        );
        self.tell(What::LedgerTrouble { error: error.to_string(), again_in: Some(pause) });
        self.gate.look(|state| state.trouble());
    }
}

#[cfg(all(test, not(planguard_loom)))]
mod tests;
