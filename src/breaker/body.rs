use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{call::Call, standing::Outcome, write_wait::WriteWait};
use crate::{body::AnsweredBody, exchange::Exchange};

pin_project! {
    /// A response's body, with the call that it belongs to.
    ///
    /// Frames pass unchanged. The one that completes a policy signal, and
    /// what follows it, waits until the ledger has the strike, at most 2 s.
    /// When the body ends or is dropped, the call is over.
    pub struct BreakerBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        // It belongs to no call.
        Free { #[pin] body: AnsweredBody<B> },
        Called { #[pin] inner: B, follow: Follow },
    }
}

/// What a body does for its call.
struct Follow {
    call: Call,
    exchange: Option<Exchange>,
    success: bool,
    noted: bool,
    /// Boxed, so that those which never wait stay small.
    waiting: Option<Box<Waiting>>,
}

/// A frame (or the end) that waits for the ledger.
struct Waiting {
    wait: WriteWait,
    frame: Option<Frame<Bytes>>,
}

impl<B: Body<Data = Bytes>> BreakerBody<B> {
    pub(super) fn passed(inner: B) -> Self {
        Self { kind: Kind::Free { body: AnsweredBody::passed(inner) } }
    }

    pub(super) fn called(inner: B, call: Call, exchange: Option<Exchange>, success: bool) -> Self {
        let noted = exchange.as_ref().is_some_and(|exchange| exchange.reported().is_some());
        let mut follow = Follow { call, exchange, success, noted, waiting: None };
        if inner.is_end_stream() {
            follow.end();
        }
        Self { kind: Kind::Called { inner, follow } }
    }
}

impl<B> BreakerBody<B> {
    /// All of it, if `all` finds that in the body inside: the call is over
    /// then.
    #[cfg(feature = "reqwest")]
    pub(crate) fn take_all(&mut self, all: impl FnOnce(&mut B) -> Option<Bytes>) -> Option<Bytes> {
        let Kind::Called { inner, follow } = &mut self.kind else { return None };
        let bytes = all(inner)?;
        follow.end();
        Some(bytes)
    }
}

impl<B> From<Bytes> for BreakerBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self { kind: Kind::Free { body: bytes.into() } }
    }
}

impl<B: Body<Data = Bytes>> Body for BreakerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let (mut inner, follow) = match self.project().kind.project() {
            KindProj::Free { body } => return body.poll_frame(cx),
            KindProj::Called { inner, follow } => (inner, follow),
        };
        let frame = if let Some(waiting) = &mut follow.waiting {
            ready!(Pin::new(&mut waiting.wait).poll(cx));
            follow.waiting.take().and_then(|waiting| waiting.frame)
        } else {
            let frame = match ready!(inner.as_mut().poll_frame(cx)).transpose() {
                Ok(frame) => frame,
                Err(error) => {
                    follow.over(Outcome::Other);
                    return Poll::Ready(Some(Err(error)));
                }
            };
            if let Some(mut wait) = follow.strike() {
                if Pin::new(&mut wait).poll(cx).is_pending() {
                    follow.waiting = Some(Box::new(Waiting { wait, frame }));
                    return Poll::Pending;
                }
            }
            frame
        };
        if frame.is_none() || inner.is_end_stream() {
            follow.end();
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Free { body } => body.is_end_stream(),
            Kind::Called { inner, follow } => follow.waiting.is_none() && inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Free { body } => body.size_hint(),
            Kind::Called { inner, follow } => {
                let frame = follow.waiting.as_ref().and_then(|waiting| waiting.frame.as_ref());
                let held = frame.and_then(Frame::data_ref).map_or(0, Bytes::len);
                inner.size_hint() + SizeHint::with_exact(held as u64)
            }
        }
    }
}

impl Follow {
    /// The wait for a strike that was recognised by now, once.
    fn strike(&mut self) -> Option<WriteWait> {
        if self.noted || self.exchange.as_ref()?.reported().is_none() {
            return None;
        }
        self.noted = true;
        self.call.note_signal(self.exchange.as_ref()?);
        let written = self.call.verdict()?.written?;
        Some(WriteWait::new(self.call.cell().clone(), written))
    }

    fn end(&mut self) {
        let signal = self.exchange.as_ref().is_some_and(|exchange| exchange.reported().is_some());
        let passed = self.success && !signal;
        self.over(if passed { Outcome::Passed } else { Outcome::Other });
    }

    fn over(&mut self, outcome: Outcome) {
        self.call.end(outcome);
    }
}

impl<B> fmt::Debug for BreakerBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerBody").finish_non_exhaustive()
    }
}
