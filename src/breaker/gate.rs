//! One account's standing and queue behind one lock.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use super::{
    outbox::{Outbox, Said},
    standing::{Admit, Ask, Limits, Outcome, Pass, Role, Standing, Trial, Writes},
};
use crate::{
    clock::Millis,
    ledger::{Answer, Entry, Opened, Written},
    sync::Mutex,
};

/// How many calls may wait on one account.
pub const QUEUE: usize = 1_024;

/// The standing, the queue, and the settings that both obey.
#[derive(Debug)]
pub struct Gate(Mutex<State>);

/// What the lock guards.
#[derive(Debug, Default)]
pub struct State {
    /// The account's state machine.
    pub standing: Standing,
    /// Entries on their way to the ledger: until they are there, this
    /// process knows more than the ledger does.
    pub outbox: Outbox,
    /// Who waits for what was said under a number.
    written: Vec<(u64, Answer)>,
    limits: Limits,
    queue: VecDeque<Waiter>,
    next_waiter: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    ask: Ask,
    turn: Turn,
}

#[derive(Debug)]
enum Turn {
    Waiting(Option<Waker>),
    Granted(Pass),
    AskAgain,
}

/// How a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Waited {
    /// With a slot.
    Granted(Pass),
    /// With a change of the standing: ask again.
    AskAgain,
}

/// A place in the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// This one.
    Taken(u64),
    /// There is none left.
    Full,
}

impl Gate {
    /// A gate that nobody has passed.
    pub fn new(limits: Limits) -> Self {
        Self(Mutex::new(State { limits, ..State::default() }))
    }

    /// Does `work` under the lock, then lets the queue move on. All that is
    /// owed to the ledger by that is in `news` too.
    pub fn with<T>(
        &self,
        now: Millis,
        news: &mut Writes,
        work: impl FnOnce(&mut State, &mut Writes) -> T,
    ) -> T {
        self.with_clock(|| now, news, work)
    }

    /// The same for work that does not depend on the time, which is read only
    /// if somebody waits.
    fn with_clock<T>(
        &self,
        now: impl FnOnce() -> Millis,
        news: &mut Writes,
        work: impl FnOnce(&mut State, &mut Writes) -> T,
    ) -> T {
        let mut state = self.0.lock();
        let done = work(&mut state, news);
        if state.queue.is_empty() {
            return done;
        }
        let wake = state.move_on(now(), news);
        drop(state);
        wake.into_iter().for_each(Waker::wake);
        done
    }

    /// Looks at the state without moving anything.
    pub fn look<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock())
    }

    /// May a call leave?
    pub fn admit(&self, ask: Ask, now: Millis, news: &mut Writes) -> Admit {
        let mut state = self.0.lock();
        let queued = !state.queue.is_empty();
        state.admit(ask, queued, now, news)
    }

    /// The response of `pass` is resolved.
    pub fn answered(&self, pass: &mut Pass, now: impl FnOnce() -> Millis, news: &mut Writes) {
        self.with_clock(now, news, |state, _| state.standing.answered(pass));
    }

    /// The call of `pass` is over.
    pub fn ended(&self, pass: Pass, outcome: Outcome, now: impl Fn() -> Millis, news: &mut Writes) {
        self.with_clock(&now, news, |state, news| match pass.role {
            Role::Plain => state.standing.give_slots_back(&pass),
            _ => state.ended(pass, outcome, now(), news),
        });
    }

    /// Stands in the queue.
    pub fn enqueue(&self, ask: Ask, now: Millis, news: &mut Writes) -> Place {
        self.with(now, news, |state, _| {
            if state.queue.len() >= QUEUE {
                return Place::Full;
            }
            let id = state.next_waiter;
            state.next_waiter += 1;
            state.queue.push_back(Waiter { id, ask, turn: Turn::Waiting(None) });
            Place::Taken(id)
        })
    }

    /// Whether it is this waiter's turn. A waiter that is told so is gone
    /// from the queue.
    pub fn poll_turn(&self, id: u64, cx: &mut Context<'_>) -> Poll<Waited> {
        let mut state = self.0.lock();
        let Some(place) = state.place(id) else { return Poll::Ready(Waited::AskAgain) };
        if let Turn::Waiting(waker) = &mut state.queue[place].turn {
            match waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => *waker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        match state.queue.remove(place).map(|waiter| waiter.turn) {
            Some(Turn::Granted(pass)) => Poll::Ready(Waited::Granted(pass)),
            _ => Poll::Ready(Waited::AskAgain),
        }
    }

    /// A waiter goes away: what it was given goes to the next one.
    pub fn leave(&self, id: u64, now: Millis, news: &mut Writes) {
        self.with(now, news, |state, news| {
            let waiter = state.place(id).and_then(|place| state.queue.remove(place));
            if let Some(Waiter { turn: Turn::Granted(pass), .. }) = waiter {
                state.ended(pass, Outcome::NeverSent, now, news);
            }
        });
    }
}

impl State {
    /// Changes the standing; what that wants written is owed.
    pub fn act<T>(
        &mut self,
        news: &mut Writes,
        work: impl FnOnce(&mut Standing, &mut Writes) -> T,
    ) -> T {
        let from = news.len();
        let done = work(&mut self.standing, news);
        if news.len() > from {
            self.outbox.owe(&news[from..], None);
        }
        done
    }

    /// Changes the standing by what `said` stands for; if that wants
    /// anything written, it is owed until the ledger has it, and said again
    /// if the ledger has moved on.
    pub fn say<T>(
        &mut self,
        said: Said,
        news: &mut Writes,
        work: impl FnOnce(&mut Standing, &mut Writes) -> T,
    ) -> (T, Option<Written>) {
        let from = news.len();
        let done = work(&mut self.standing, news);
        let written = self.outbox.owe(&news[from..], Some(said)).map(|number| {
            let (answer, written) = Written::channel();
            self.written.push((number, answer));
            written
        });
        (done, written)
    }

    /// Owes an observation, if there is room: it changes nothing.
    pub fn observe(&mut self, entry: Entry, news: &mut Writes) {
        if self.outbox.has_room() {
            let from = news.len();
            news.push((self.standing.record().epoch, entry));
            self.outbox.owe(&news[from..], None);
        }
    }

    /// Takes in what the ledger says.
    pub fn read(&mut self, opened: &Opened) {
        self.outbox.read(&mut self.standing, opened);
    }

    /// The ledger has lent `trial`, as `opened` says: the call leaves, or the
    /// lease goes back.
    pub fn lent(
        &mut self,
        trial: Trial,
        opened: &Opened,
        ask: Ask,
        now: Millis,
        news: &mut Writes,
    ) -> Option<Pass> {
        self.read(opened);
        let pass = self.standing.begin_trial(trial.clone(), ask, now);
        if pass.is_none() {
            self.give_back(trial, now, news);
        }
        pass
    }

    /// Gives back a trial that was lent, or may have been.
    pub fn give_back(&mut self, trial: Trial, now: Millis, news: &mut Writes) {
        let said = Said::Trial(trial.clone(), Outcome::NeverSent);
        self.say(said, news, |standing, writes| standing.give_back(&trial, now, writes));
    }

    /// The ledger has the next entry.
    pub fn recorded(&mut self, opened: &Opened) {
        let over = self.outbox.recorded(&mut self.standing, opened);
        self.answer(|number| over == Some(number));
    }

    /// The account had moved on, to `opened`.
    pub fn overruled(&mut self, opened: &Opened, now: Millis, news: &mut Writes) {
        let over = self.outbox.overruled(&mut self.standing, opened, now, news);
        self.answer(|number| over.contains(&number));
    }

    /// The ledger has failed: nobody waits for it any longer.
    pub fn trouble(&mut self) {
        self.answer(|_| true);
    }

    fn answer(&mut self, over: impl Fn(u64) -> bool) {
        let mut at = 0;
        while let Some((number, _)) = self.written.get(at) {
            if over(*number) {
                // A caller that has gone does not need to hear.
                let _ = self.written.swap_remove(at).1.send(());
            } else {
                at += 1;
            }
        }
    }

    fn admit(&mut self, ask: Ask, queued: bool, now: Millis, news: &mut Writes) -> Admit {
        let limits = self.limits;
        self.act(news, |standing, writes| standing.admit(ask, &limits, queued, now, writes))
    }

    fn ended(&mut self, pass: Pass, outcome: Outcome, now: Millis, news: &mut Writes) {
        match &pass.role {
            Role::Trial(trial) => {
                let said = Said::Trial((**trial).clone(), outcome);
                self.say(said, news, |standing, writes| {
                    standing.ended(pass, outcome, now, writes);
                });
            }
            _ => self.act(news, |standing, writes| standing.ended(pass, outcome, now, writes)),
        }
    }

    /// How many calls wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.queue.binary_search_by_key(&id, |waiter| waiter.id).ok()
    }

    /// Gives free slots to those who wait longest. A halt tells all to ask
    /// again, and takes back what was given and not yet taken.
    fn move_on(&mut self, now: Millis, news: &mut Writes) -> Vec<Waker> {
        let mut wake = Vec::new();
        let mut queue = std::mem::take(&mut self.queue);
        for waiter in &mut queue {
            if let Turn::Granted(pass) = &waiter.turn {
                if self.standing.forbids(pass.ask, now) {
                    if let Turn::Granted(pass) = std::mem::replace(&mut waiter.turn, Turn::AskAgain)
                    {
                        self.ended(pass, Outcome::NeverSent, now, news);
                    }
                }
            }
        }
        for waiter in &mut queue {
            let Turn::Waiting(waker) = &mut waiter.turn else { continue };
            let turn = match self.admit(waiter.ask, false, now, news) {
                Admit::Wait => break,
                Admit::Go(pass) => Turn::Granted(pass),
                Admit::Lease(_) | Admit::Refuse { .. } => Turn::AskAgain,
            };
            wake.extend(waker.take());
            waiter.turn = turn;
        }
        self.queue = queue;
        wake
    }
}

#[cfg(all(test, planguard_loom))]
mod loom;
#[cfg(all(test, not(planguard_loom)))]
mod tests;
