//! What an account's lock guards: its standing, what it owes the ledger, and
//! who waits.

use std::{collections::VecDeque, task::Waker};

use crate::{
    breaker::{
        outbox::{Outbox, Said},
        pace::Meter,
        standing::{Admit, Ask, Limits, Outcome, Pass, Role, Standing, Trial, Writes},
    },
    clock::Millis,
    ledger::{Answer, Entry, Opened, Written},
};

/// What the lock guards.
#[derive(Debug, Default)]
pub struct State {
    /// The account's state machine.
    pub standing: Standing,
    /// Entries on their way to the ledger: until they are there, this
    /// process knows more than the ledger does.
    pub outbox: Outbox,
    /// How fast the plan is used.
    pub pace: Meter,
    /// Who waits for what was said under a number.
    written: Vec<(u64, Answer)>,
    limits: Limits,
    pub(super) queue: VecDeque<Waiter>,
    next_waiter: u64,
}

/// A call that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) id: u64,
    pub(super) ask: Ask,
    pub(super) turn: Turn,
}

/// Whether it is its turn.
#[derive(Debug)]
pub(super) enum Turn {
    /// Not yet.
    Waiting(Option<Waker>),
    /// It has a slot.
    Granted(Pass),
    /// The standing has changed.
    AskAgain,
}

impl State {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// One more call waits, if there is room.
    pub(super) fn enqueue(&mut self, ask: Ask, most: usize) -> Option<u64> {
        if self.queue.len() >= most {
            return None;
        }
        let id = self.next_waiter;
        self.next_waiter += 1;
        self.queue.push_back(Waiter { id, ask, turn: Turn::Waiting(None) });
        Some(id)
    }

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
        match &pass {
            Some(pass) => self.count(pass, now),
            None => self.give_back(trial, now, news),
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

    #[inline]
    pub(super) fn admit_open(&mut self, ask: Ask, queued: bool, now: Millis) -> Option<Pass> {
        let pass = self.standing.admit_open(ask, &self.limits, queued, now)?;
        self.count(&pass, now);
        Some(pass)
    }

    pub(super) fn admit(
        &mut self,
        ask: Ask,
        queued: bool,
        now: Millis,
        news: &mut Writes,
    ) -> Admit {
        let limits = self.limits;
        let admit =
            self.act(news, |standing, writes| standing.admit(ask, &limits, queued, now, writes));
        if let Admit::Go(pass) = &admit {
            self.count(pass, now);
        }
        admit
    }

    /// Lets a call leave whatever the standing is: for `Posture::Report`.
    pub fn admit_anyway(&mut self, ask: Ask, now: Millis) -> Pass {
        let pass = self.standing.admit_anyway(ask, now);
        self.count(&pass, now);
        pass
    }

    #[inline]
    fn count(&mut self, pass: &Pass, now: Millis) {
        if pass.ask.plan {
            self.pace.count(now);
        }
    }

    /// The call of `pass` was admitted, and goes away unsent.
    pub fn uncount(&mut self, pass: &Pass) {
        if pass.ask.plan {
            self.pace.take_back();
        }
    }

    pub(super) fn ended(&mut self, pass: Pass, outcome: Outcome, now: Millis, news: &mut Writes) {
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

    pub(super) fn place(&self, id: u64) -> Option<usize> {
        self.queue.binary_search_by_key(&id, |waiter| waiter.id).ok()
    }

    /// Gives free slots to those who wait longest. A halt tells all to ask
    /// again, and takes back what was given and not yet taken.
    pub(super) fn move_on(&mut self, now: Millis, news: &mut Writes) -> Vec<Waker> {
        let mut wake = Vec::new();
        if self.queue.is_empty() {
            return wake;
        }
        let mut queue = std::mem::take(&mut self.queue);
        for waiter in &mut queue {
            if let Turn::Granted(pass) = &waiter.turn {
                if self.standing.forbids(pass.ask, now) {
                    if let Turn::Granted(pass) = std::mem::replace(&mut waiter.turn, Turn::AskAgain)
                    {
                        self.uncount(&pass);
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
