//! One account's standing and queue behind one lock.

use std::task::{Context, Poll, Waker};

use super::standing::{Admit, Ask, Limits, Outcome, Pass, Writes};
use crate::{clock::Millis, sync::Mutex};

mod state;

pub use state::State;
use state::{Turn, Waiter};

/// How many calls may wait on one account.
pub const QUEUE: usize = 1_024;

/// The standing, the queue, and the settings that both obey.
#[derive(Debug)]
pub struct Gate(Mutex<State>);

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
        Self(Mutex::new(State::new(limits)))
    }

    /// Does `work` under the lock, then lets the queue move on. All that is
    /// owed to the ledger by that is in `news` too.
    pub fn with<T>(
        &self,
        now: Millis,
        news: &mut Writes,
        work: impl FnOnce(&mut State, &mut Writes) -> T,
    ) -> T {
        let (done, wake) = {
            let mut state = self.0.lock();
            let done = work(&mut state, news);
            (done, state.move_on(now, news))
        };
        wake.into_iter().for_each(Waker::wake);
        done
    }

    /// Looks at the state without moving anything.
    pub fn look<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock())
    }

    /// Lets a call leave where nothing is halted and a slot is free: the
    /// short way of [`admit`](Self::admit), which is to be asked otherwise.
    #[inline]
    pub fn admit_open(&self, ask: Ask, now: Millis) -> Option<Pass> {
        let mut state = self.0.lock();
        let queued = !state.queue.is_empty();
        state.admit_open(ask, queued, now)
    }

    /// May a call leave?
    pub fn admit(&self, ask: Ask, now: Millis, news: &mut Writes) -> Admit {
        let mut state = self.0.lock();
        let queued = !state.queue.is_empty();
        state.admit(ask, queued, now, news)
    }

    /// The response of `pass` is resolved. Whether others wait for its slot:
    /// [`move_on`](Self::move_on) then.
    #[inline]
    #[must_use]
    pub fn answered(&self, pass: &mut Pass) -> bool {
        let mut state = self.0.lock();
        state.standing.answered(pass);
        !state.queue.is_empty()
    }

    /// The call of `pass`, which is plain, is over. Whether
    /// others wait for its slot: [`move_on`](Self::move_on) then.
    #[inline]
    #[must_use]
    pub fn over(&self, pass: &Pass) -> bool {
        let mut state = self.0.lock();
        state.standing.over(pass);
        !state.queue.is_empty()
    }

    /// The call of `pass` is over, and ended so.
    pub fn ended(&self, pass: Pass, outcome: Outcome, now: Millis, news: &mut Writes) {
        self.with(now, news, |state, news| state.ended(pass, outcome, now, news));
    }

    /// Lets the queue move on. Whoever frees a slot may let go of the lock
    /// before: nobody passes a queue.
    pub fn move_on(&self, now: Millis, news: &mut Writes) {
        self.with(now, news, |_, _| ());
    }

    /// Stands in the queue.
    pub fn enqueue(&self, ask: Ask, now: Millis, news: &mut Writes) -> Place {
        let id = self.with(now, news, |state, _| state.enqueue(ask, QUEUE));
        id.map_or(Place::Full, Place::Taken)
    }

    /// Whether it is this waiter's turn. A waiter that is told so is gone
    /// from the queue.
    pub fn poll_turn(&self, id: u64, cx: &mut Context<'_>) -> Poll<Waited> {
        // Wakers are made and dropped outside of the lock: what hangs on the
        // last one of a task may come back here.
        let mut waker = Some(cx.waker().clone());
        let mut state = self.0.lock();
        let Some(place) = state.place(id) else { return Poll::Ready(Waited::AskAgain) };
        if let Some(Waiter { turn: Turn::Waiting(known), .. }) = state.queue.get_mut(place) {
            std::mem::swap(known, &mut waker);
            drop(state);
            return Poll::Pending;
        }
        match state.queue.remove(place).map(|waiter| waiter.turn) {
            Some(Turn::Granted(pass)) => Poll::Ready(Waited::Granted(pass)),
            _ => Poll::Ready(Waited::AskAgain),
        }
    }

    /// A waiter goes away: what it was given goes to the next one.
    pub fn leave(&self, id: u64, now: Millis, news: &mut Writes) {
        let waker = self.with(now, news, |state, news| {
            let waiter = state.place(id).and_then(|place| state.queue.remove(place))?;
            match waiter.turn {
                Turn::Waiting(waker) => return waker,
                Turn::Granted(pass) => {
                    state.uncount(&pass);
                    state.ended(pass, Outcome::NeverSent, now, news);
                }
                Turn::AskAgain => {}
            }
            None
        });
        drop(waker);
    }
}

#[cfg(all(test, planguard_loom))]
mod loom;
#[cfg(all(test, not(planguard_loom)))]
mod tests;
