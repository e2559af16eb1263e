//! An inspection together with those who want to hear of it.

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};

use super::{Inspection, MAX_HELD_BYTES};
use crate::{
    clock::Clock,
    exchange::{Detection, Exchange, Report, Uninspected},
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
}

/// Who is told.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) exchange: Option<Exchange>,
    pub(super) detection: Detection,
    pub(super) clock: Arc<dyn Clock>,
}

impl Teller {
    /// Tells of `signal`, found in `body`.
    pub(super) fn tell(&self, signal: Signal, body: Bytes) {
        self.detection.found(signal.clone());
        if let Some(exchange) = &self.exchange {
            exchange.report(Report { signal, body });
        }
    }

    /// Tells that the answer could not be judged by its body, or not by all.
    pub(super) fn pass_over(&self, why: &Uninspected) {
        self.detection.passed_over(why.clone());
        if let Some(exchange) = &self.exchange {
            exchange.uninspected(why);
        }
    }
}

impl Watch {
    pub(super) fn new(inspection: Inspection, teller: Teller) -> Self {
        Self { inspection, teller, excerpt: Vec::new(), room: MAX_HELD_BYTES }
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
        let signal = self.inspection.feed_at(data, || clock.now());
        if let Some(why) = self.inspection.stopped() {
            self.teller.pass_over(why);
        }
        if signal.is_some() || !self.excerpt.is_empty() {
            self.settle(signal);
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
        let signal = how(&mut self.inspection, self.teller.clock.now());
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
