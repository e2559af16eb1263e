//! An inspection together with those who want to hear of it.

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};

use super::{Inspection, MAX_HELD_BYTES, keys::Keys};
use crate::{
    body::Remaining,
    clock::Clock,
    exchange::{Detection, Exchange, Report, Uninspected},
    meter::{self, Spent},
    signal::Signal,
};

/// Watches one response: reports in the call that recognises a signal, and
/// from its drop for what was read until then, since a caller's timeout in
/// the middle of an error body must not lose the strike.
pub(super) struct Watch {
    inspection: Inspection,
    teller: Teller,
    /// What was read while the response is held back, for the report.
    excerpt: Vec<Bytes>,
    room: usize,
    /// What of the body is still to come.
    remaining: Remaining,
    /// On reading it.
    spent: Spent,
    /// It is an event stream that is handed on event by event.
    cuts: bool,
}

/// Who is told.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) exchange: Option<Exchange>,
    pub(super) detection: Detection,
    pub(super) clock: Arc<dyn Clock>,
    /// The request's credentials.
    pub(super) keys: Keys,
}

impl Teller {
    /// Tells of `signal`, found in `body`.
    pub(super) fn tell(&self, mut signal: Signal, body: Bytes) {
        self.keys.hide_in(&mut signal.message);
        self.detection.found(signal.clone());
        match &self.exchange {
            Some(exchange) => exchange.report(Report { signal, body }),
            None => meter::signal(self.profile(), signal.class.as_str()),
        }
    }

    /// Tells that the answer could not be judged by its body, or not by all.
    pub(super) fn pass_over(&self, why: &Uninspected) {
        self.detection.passed_over(why.clone());
        match &self.exchange {
            Some(exchange) => exchange.uninspected(why),
            None => meter::uninspected(self.profile(), why.as_str()),
        }
    }

    /// The profile that the answer is judged under.
    fn profile(&self) -> &str {
        self.detection.claim().profile().id()
    }
}

impl Watch {
    /// An inspection on which so much time was `spent` already.
    pub(super) fn new(
        inspection: Inspection,
        teller: Teller,
        remaining: Remaining,
        spent: Spent,
    ) -> Self {
        let (excerpt, room) = (Vec::new(), MAX_HELD_BYTES);
        Self { inspection, teller, excerpt, room, remaining, spent, cuts: false }
    }

    /// Has the body handed on event by event, if it `cuts`.
    pub(super) fn one_event_a_frame(mut self, cuts: bool) -> Self {
        self.cuts = cuts;
        self
    }

    pub(super) fn cuts(&self) -> bool {
        self.cuts
    }

    pub(super) fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// A frame's data arrived.
    pub(super) fn feed(&mut self, data: &Bytes) {
        if self.inspection.is_over() {
            return;
        }
        if self.inspection.patience().is_some() && self.inspection.decoded().is_none() {
            let kept = data.slice(..data.len().min(self.room));
            self.room -= kept.len();
            if !kept.is_empty() {
                self.excerpt.push(kept);
            }
        }
        let clock = &self.teller.clock;
        let signal = self.spent.on(|| self.inspection.feed_at(data, || clock.now()));
        if let Some(why) = self.inspection.stopped() {
            self.teller.pass_over(why);
        }
        if signal.is_some() || !self.excerpt.is_empty() {
            self.settle(signal);
        }
        if self.remaining.came(data.len()) {
            self.finish();
        }
    }

    /// What is handed on next begins an event, or does not.
    pub(super) fn hand_on(&self, begins_event: bool) {
        if let Some(exchange) = &self.teller.exchange {
            exchange.set_begins_event(begins_event);
        }
    }

    /// The body is over.
    pub(super) fn finish(&mut self) {
        self.close(Inspection::finish);
    }

    /// The body failed, or is read no further.
    pub(super) fn abandon(&mut self) {
        self.close(Inspection::abandon);
    }

    /// The response is held back no longer.
    pub(super) fn release(&mut self) {
        self.close(Inspection::release);
    }

    fn close(&mut self, how: fn(&mut Inspection, std::time::SystemTime) -> Option<Signal>) {
        if self.inspection.is_over() {
            return;
        }
        let now = self.teller.clock.now();
        let signal = self.spent.on(|| how(&mut self.inspection, now));
        self.settle(signal);
    }

    fn settle(&mut self, signal: Option<Signal>) {
        if let Some(signal) = signal {
            let body = match self.inspection.decoded() {
                Some(decoded) => Bytes::copy_from_slice(decoded),
                None => join(&std::mem::take(&mut self.excerpt)),
            };
            self.teller.tell(signal, body);
        }
        if self.inspection.patience().is_none() {
            self.excerpt = Vec::new();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.abandon();
        meter::inspection(self.teller.profile(), self.spent);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("inspection", &self.inspection).finish_non_exhaustive()
    }
}

fn join(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [] => Bytes::new(),
        [one] => one.clone(),
        many => {
            let mut whole = BytesMut::with_capacity(many.iter().map(Bytes::len).sum());
            many.iter().for_each(|piece| whole.extend_from_slice(piece));
            whole.freeze()
        }
    }
}
