//! How an account hears of signals.

use std::sync::atomic::Ordering;

use super::{
    cell::{Cell, Verdict},
    event::What,
    outbox::Said,
    standing::Struck,
};
use crate::{
    exchange::{Report, SignalSink, Ticket, Uninspected},
    ledger::{Entry, Fact, Strike},
    profile::Claim,
    signal::Signal,
};

impl SignalSink for Cell {
    fn report(&self, ticket: Ticket, claim: &Claim, report: &Report) {
        let signal = &report.signal;
        let disposition = self.shared.dispositions.get(signal.class);
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
        };
        let (halt, written) = self.act(|gate, now, news| {
            gate.with(now, news, |state, news| {
                let said = Said::Signal(Box::new(struck.clone()));
                state.say(said, news, |standing, writes| standing.signal(&struck, now, writes))
            })
        });
        self.log(halt.as_deref(), signal);
        self.keep(Verdict { serial: ticket.serial, halt, written });
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

impl Cell {
    fn log(&self, halt: Option<&str>, signal: &Signal) {
        let disposition = self.shared.dispositions.get(signal.class).action.as_str();
        let (profile, account) = (self.profile.id(), self.account.as_str());
        let (class, code) = (signal.class.as_str(), signal.code.as_deref().unwrap_or(""));
        let record = self.gate.look(|state| state.standing.record().clone());
        let open = halt.and_then(|id| record.halt(id));
        match open {
            Some(open)
                if open.hits <= 1
                    || open.strike == Some(Strike::Confirmed)
                        && open.signal.as_ref().is_some_and(|s| *s.0 == *signal) =>
            {
                let release = self.shared.ledger.release_command(&open.id);
                tracing::error!(
                    target: "planguard::strike",
                    profile, account, class, code, disposition,
                    halt_id = open.id,
                    strikes = record.strikes.confirmed,
                    suspected = record.strikes.suspected,
                    limit = self.profile.strike_limit(),
                    message = signal.message,
                    "{} has acted on this account; nothing more is sent for it. To release it: {release}",
                    self.profile.provider(),
                );
            }
            Some(open) => tracing::warn!(
                target: "planguard::strike",
                profile, account, class, code, disposition,
                halt_id = open.id, hits = open.hits,
                "a call that was already out got the same answer"
            ),
            None => tracing::debug!(
                target: "planguard::signal",
                profile, account, class, code, disposition, message = signal.message,
                "signal"
            ),
        }
    }
}
