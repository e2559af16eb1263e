//! A breaker that only listens.
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use parking_lot::Mutex;
use planguard::{
    account::Account,
    exchange::{Exchange, Report, SignalSink, Ticket, Uninspected},
    profile::Claim,
    signal::Class,
};

/// What it heard.
#[derive(Default)]
pub struct Heard {
    pub reports: Mutex<Vec<Report>>,
    pub uninspected: Mutex<Vec<Uninspected>>,
}

impl Heard {
    pub fn classes(&self) -> Vec<Class> {
        self.reports.lock().iter().map(|report| report.signal.class).collect()
    }
}

struct Sink(Arc<Heard>);

impl SignalSink for Sink {
    fn report(&self, _: &Exchange, report: &Report) {
        self.0.reports.lock().push(report.clone());
    }

    fn uninspected(&self, _: &Exchange, why: &Uninspected) {
        self.0.uninspected.lock().push(why.clone());
    }
}

/// A call to `claim` as admitted, and what will be heard of it.
pub fn admitted(claim: Claim) -> (Exchange, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let ticket = Ticket { epoch: 1, serial: 1 };
    let sink = Arc::new(Sink(heard.clone()));
    (Exchange::new(claim, Account::named("zai", "test"), ticket, sink), heard)
}
