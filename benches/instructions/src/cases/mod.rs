//! What is run: one function each, which does its work `rounds` times.

pub mod answer;
pub mod breaker;
pub mod claim;
pub mod client;
pub mod detect;
pub mod peers;
pub mod request;
pub mod workload;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Something to count.
pub struct Case {
    pub name: &'static str,
    pub run: fn(rounds: u32),
    /// The two numbers of rounds whose difference is counted. The smaller one
    /// includes everything that happens once.
    pub rounds: (u32, u32),
    /// What one round is divided by.
    pub units: fn() -> f64,
    /// What the case does besides, to be taken off.
    pub control: Option<&'static Case>,
}

impl Case {
    /// Something that is counted once a round.
    const fn each(name: &'static str, run: fn(u32)) -> Self {
        Self { name, run, rounds: (1_000, 11_000), units: || 1.0, control: None }
    }

    /// The same without what `control` costs.
    const fn without(mut self, control: &'static Case) -> Self {
        self.control = Some(control);
        self
    }

    pub fn units_per_round(&self) -> f64 {
        (self.units)()
    }
}

/// The case called `name`.
pub fn find(name: &str) -> Option<&'static Case> {
    let rows = crate::rows::all();
    let mut cases = rows.iter().flat_map(|row| row.peers.iter().copied().chain([row.case]));
    cases.find_map(|case| {
        [Some(case), case.control].into_iter().flatten().find(|case| case.name == name)
    })
}

/// Drives a future that is never left pending.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a case must not wait"),
    }
}
