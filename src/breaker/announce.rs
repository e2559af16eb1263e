//! What an account tells the log and the listeners.

use std::sync::atomic::Ordering;

use super::{cell::Cell, event::What, standing::Writes};
use crate::ledger::{Concern, Entry, Fact, Halt, Pace};

impl Cell {
    /// Tells what was decided.
    pub(super) fn announce(&self, news: &Writes) {
        for (_, Entry { fact, .. }) in news {
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
        self.tell_of_the_limit();
    }

    /// Says that the next strike may be the last one, each time that this
    /// comes to be so.
    pub(super) fn tell_of_the_limit(&self) {
        let strikes = self.gate.look(|state| state.standing.record().strikes);
        let limit = self.profile.strike_limit();
        let before = self.told.confirmed.swap(strikes.confirmed, Ordering::Relaxed);
        if before == strikes.confirmed || !strikes.of(limit).is_last_before_limit() {
            return;
        }
        tracing::warn!(
            target: "planguard::strike",
            profile = self.profile.id(), account = self.account.as_str(),
            strikes = strikes.confirmed, suspected = strikes.suspected, limit,
            "one before the limit ({}). In the terms of {}: {}",
            strikes.of(limit), self.profile.provider(), self.profile.strike_wording(),
        );
        self.tell(What::OneBeforeLimit { strikes, limit });
    }

    fn announce_halt(&self, halt: &Halt) {
        let strikes = self.gate.look(|state| state.standing.record().strikes);
        let limit = self.profile.strike_limit();
        let signal = halt.signal.as_ref().map(|kept| &*kept.0);
        let class = signal.map_or("", |signal| signal.class.as_str());
        let code = signal.and_then(|signal| signal.code.as_deref()).unwrap_or("");
        let provider_message = signal.map_or("", |signal| signal.message.as_str());
        // The last field and the end of the message: a line ends in it whether
        // its reader shows the fields or not.
        let release = self.shared.ledger.release_command(&halt.id);
        let Some(strike) = halt.strike else {
            tracing::warn!(
                target: "planguard::breaker",
                profile = self.profile.id(), account = self.account.as_str(), class, code,
                disposition = halt.kind.as_str(), halt_id = halt.id, provider_message,
                %release,
                "halted: nothing is sent for this account. To release it: {release}"
            );
            return;
        };
        tracing::error!(
            target: "planguard::strike",
            profile = self.profile.id(), account = self.account.as_str(), class, code,
            disposition = halt.kind.as_str(), halt_id = halt.id, ?strike,
            strikes = strikes.confirmed, suspected = strikes.suspected, limit, provider_message,
            %release,
            "{} has acted on this account: nothing more is sent for it. To release it: {release}",
            self.profile.provider(),
        );
        self.tell(What::Strike { halt: halt.id.clone(), strike, strikes, limit });
    }

    /// Says that a provider may object to how the account is used.
    pub(super) fn announce_pace(&self, pace: Pace, concerns: Vec<Concern>) {
        let named: Vec<_> = concerns.iter().map(ToString::to_string).collect();
        tracing::warn!(
            target: "planguard::pace",
            profile = self.profile.id(), account = self.account.as_str(), %pace,
            "{} may object to how this account is used ({}), in planguard's own estimate; nothing is stopped for it",
            self.profile.provider(), named.join(", "),
        );
        self.tell(What::Pace { pace: Box::new(pace), concerns });
    }

    /// Tells the listeners where `halt` stands by now.
    pub(super) fn announce_move(&self, halt: &str) {
        let open = self.gate.look(|state| state.standing.record().halt(halt).cloned());
        if let Some(Halt { id, phase, .. }) = open {
            self.tell(What::Moved { halt: id, phase });
        }
    }
}
