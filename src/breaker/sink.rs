//! How an account hears of signals.

use std::sync::atomic::Ordering;

use super::{
    cell::{Cell, Verdict},
    event::What,
    outbox::Said,
    standing::Struck,
};
use crate::{
    exchange::{Exchange, Report, SignalSink, Uninspected},
    ledger::{Entry, Fact},
};

impl SignalSink for Cell {
    fn report(&self, call: &Exchange, report: &Report) {
        let (ticket, claim) = (call.ticket(), call.claim());
        let signal = &report.signal.clone().bounded();
        let disposition = self.shared.dispositions.of_signal(signal, claim);
        if self.shared.reports_only() {
            if disposition.action.as_str() != "pass" {
                let signal = Box::new(signal.clone());
                tracing::warn!(
                    target: "planguard::strike",
                    account = self.account.as_str(), class = signal.class.as_str(),
                    code = signal.code.as_deref().unwrap_or(""), provider_message = signal.message,
                    "report only: this would have been a {}", disposition.action.as_str(),
                );
                self.tell(What::WouldHaveHalted {
                    signal: signal.clone(),
                    disposition: disposition.action.as_str(),
                });
                self.act(|gate, now, news| {
                    let entry = Entry::new(now, Fact::Observed { signal });
                    gate.with(now, news, |state, news| state.observe(entry, news));
                });
            }
            return;
        }
        let struck = Struck {
            ticket,
            endpoint: claim.endpoint_index(),
            plan: claim.is_plan(),
            signal: signal.clone(),
            disposition,
            id: self.fresh_id(),
            evidence: self.evidence(call, signal, disposition),
        };
        let (halt, written) = self.act(|gate, now, news| {
            gate.with(now, news, |state, news| {
                let said = Said::Signal(Box::new(struck.clone()));
                state.say(said, news, |standing, writes| standing.signal(&struck, now, writes))
            })
        });
        if halt.is_none() {
            tracing::debug!(
                target: "planguard::signal",
                profile = self.profile.id(), account = self.account.as_str(),
                class = signal.class.as_str(), code = signal.code.as_deref().unwrap_or(""),
                disposition = disposition.action.as_str(), provider_message = signal.message,
                "signal"
            );
        }
        self.keep(Verdict { serial: ticket.serial, halt, written });
    }

    fn uninspected(&self, call: &Exchange, why: &Uninspected) {
        self.tell(What::Uninspected { why: why.clone() });
        if !self.told.uninspected.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "planguard::detect",
                account = self.account.as_str(), host = call.claim().endpoint().host, %why,
                "a response could not be judged: a policy signal in it would be missed"
            );
        }
    }
}
