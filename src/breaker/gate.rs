//! One account's standing and queue behind one lock.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use super::standing::{Admit, Ask, Limits, Outcome, Pass, Standing, Writes};
use crate::{clock::Millis, sync::Mutex};

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
    pub unwritten: u32,
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

    /// Does `work` under the lock, then lets the queue move on. What it wants
    /// written counts as unwritten from that moment.
    pub fn with<T>(
        &self,
        now: Millis,
        writes: &mut Writes,
        work: impl FnOnce(&mut State, &mut Writes) -> T,
    ) -> T {
        let (done, wake) = {
            let mut state = self.0.lock();
            let before = writes.len();
            let done = work(&mut state, writes);
            let wake = state.move_on(now, writes);
            state.owe(writes.len() - before);
            (done, wake)
        };
        wake.into_iter().for_each(Waker::wake);
        done
    }

    /// Looks at the state without moving anything.
    pub fn look<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock())
    }

    /// May a call leave?
    pub fn admit(&self, ask: Ask, now: Millis, writes: &mut Writes) -> Admit {
        let mut state = self.0.lock();
        let State { standing, limits, queue, .. } = &mut *state;
        let before = writes.len();
        let answer = standing.admit(ask, limits, !queue.is_empty(), now, writes);
        state.owe(writes.len() - before);
        answer
    }

    /// The response of `pass` is resolved.
    pub fn answered(&self, pass: &mut Pass, now: Millis, writes: &mut Writes) {
        self.with(now, writes, |state, _| state.standing.answered(pass));
    }

    /// The call of `pass` is over.
    pub fn ended(&self, pass: Pass, outcome: Outcome, now: Millis, writes: &mut Writes) {
        self.with(now, writes, |state, writes| state.standing.ended(pass, outcome, now, writes));
    }

    /// Stands in the queue.
    pub fn enqueue(&self, ask: Ask, now: Millis, writes: &mut Writes) -> Place {
        self.with(now, writes, |state, _| {
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
    pub fn leave(&self, id: u64, now: Millis, writes: &mut Writes) {
        self.with(now, writes, |state, writes| {
            let waiter = state.place(id).and_then(|place| state.queue.remove(place));
            if let Some(Waiter { turn: Turn::Granted(pass), .. }) = waiter {
                state.standing.ended(pass, Outcome::NeverSent, now, writes);
            }
        });
    }
}

impl State {
    fn owe(&mut self, entries: usize) {
        self.unwritten = self.unwritten.saturating_add(u32::try_from(entries).unwrap_or(u32::MAX));
    }

    /// How many calls wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.queue.binary_search_by_key(&id, |waiter| waiter.id).ok()
    }

    /// Gives free slots to those who wait longest, and tells all to ask
    /// again when the account is halted.
    fn move_on(&mut self, now: Millis, writes: &mut Writes) -> Vec<Waker> {
        let mut wake = Vec::new();
        if self.queue.is_empty() {
            return wake;
        }
        for waiter in &mut self.queue {
            let Turn::Waiting(waker) = &mut waiter.turn else { continue };
            let turn = match self.standing.admit(waiter.ask, &self.limits, false, now, writes) {
                Admit::Wait => break,
                Admit::Go(pass) => Turn::Granted(pass),
                Admit::Lease(_) | Admit::Refuse { .. } => Turn::AskAgain,
            };
            wake.extend(waker.take());
            waiter.turn = turn;
        }
        wake
    }
}
