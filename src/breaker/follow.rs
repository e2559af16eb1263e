//! What a response's body does for the call that it belongs to.

use bytes::Bytes;

use super::{call::Call, closing::Closing, refuse, standing::Outcome, write_wait::WriteWait};
use crate::{body::Remaining, exchange::Exchange, refusal::Dialect};

/// Follows a call from its response's head to the end of the body.
pub(super) struct Follow {
    call: Call,
    exchange: Option<Exchange>,
    success: bool,
    remaining: Remaining,
    /// Only where a halt hangs on how the call ends.
    closing: Option<Box<Closing>>,
    noted: bool,
    /// How an event that halts the account is told, if not by itself.
    closes: Option<Dialect>,
}

/// A signal in the body, and what came of it.
pub(super) struct Strike {
    /// Resolves when the ledger has it.
    pub(super) wait: Option<WriteWait>,
    /// The halt that is told in the place of the event that led to it.
    pub(super) halt: Option<String>,
}

impl Follow {
    pub(super) fn new(
        call: Call,
        exchange: Option<Exchange>,
        success: bool,
        remaining: Remaining,
        closes: Option<Dialect>,
    ) -> Self {
        let noted = exchange.as_ref().is_some_and(|exchange| exchange.reported().is_some());
        let closing = call.is_test().then(Box::default);
        Self { call, exchange, success, remaining, closing, noted, closes }
    }

    /// A strike that was recognised by now, once.
    pub(super) fn strike(&mut self) -> Option<Strike> {
        if self.noted {
            return None;
        }
        let exchange = self.exchange.as_ref()?;
        let signal = &exchange.reported()?.signal;
        self.noted = true;
        self.call.note_signal(exchange);
        let verdict = self.call.verdict()?;
        let wait = verdict.written.map(|written| WriteWait::new(self.call.cell().clone(), written));
        let told = self.closes.is_some() && self.call.refuses(signal) && exchange.begins_event();
        Some(Strike { wait, halt: verdict.halt.filter(|_| told) })
    }

    /// The last event of a stream whose call led to `halt`.
    pub(super) fn last_event(&self, halt: &str) -> Option<Bytes> {
        let report = self.exchange.as_ref()?.reported()?;
        let refused = refuse::struck(self.call.cell(), self.call.claim(), halt, report)?;
        Some(refused.to_event(self.closes?))
    }

    /// Whether the body may end with an event that is not its own.
    pub(super) fn may_close(&self) -> bool {
        self.closes.is_some()
    }

    /// `data` is handed on. Whether that was all, so that nobody has to ask for
    /// the end.
    pub(super) fn hand_on(&mut self, data: &[u8]) -> bool {
        let closed = self.closing.as_mut().is_some_and(|closing| closing.read(data));
        self.remaining.came(data.len()) || closed
    }

    /// The body came to its end.
    pub(super) fn end(&mut self) {
        let signal = self.exchange.as_ref().is_some_and(|exchange| exchange.reported().is_some());
        let passed = self.success && !signal;
        self.call.end(if passed { Outcome::Passed } else { Outcome::Other });
    }

    /// The body failed.
    pub(super) fn fail(&mut self) {
        self.call.end(Outcome::Other);
    }
}
