use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::follow::{Follow, Strike};
use crate::body::AnsweredBody;

pin_project! {
    /// A response's body, with the call that it belongs to.
    ///
    /// Frames pass unchanged. The one that completes a policy signal, and
    /// what follows it, waits until the ledger has the strike, at most 2 s.
    /// Where refusals are [answered](super::BreakerLayer::answer_refusals), the
    /// refusal then stands in its place, and the body ends. When the body ends
    /// or is dropped, the call is over.
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
        Called { #[pin] inner: B, follow: Follow, waiting: Waits },
    }
}

/// Boxed, so that those which never wait stay small.
type Waits = Option<Box<Waiting>>;

/// A frame (or the end) that waits for the ledger to have its strike.
struct Waiting {
    frame: Option<Frame<Bytes>>,
    strike: Strike,
}

impl<B: Body<Data = Bytes>> BreakerBody<B> {
    pub(super) fn passed(inner: B) -> Self {
        Self { kind: Kind::Free { body: AnsweredBody::passed(inner) } }
    }

    pub(super) fn called(inner: B, mut follow: Follow) -> Self {
        if inner.is_end_stream() || follow.hand_on(&[]) {
            follow.end();
        }
        Self { kind: Kind::Called { inner, follow, waiting: None } }
    }
}

impl<B> BreakerBody<B> {
    /// All of it, if `all` finds that in the body inside: the call is over
    /// then.
    #[cfg(feature = "reqwest")]
    pub(crate) fn take_all(&mut self, all: impl FnOnce(&mut B) -> Option<Bytes>) -> Option<Bytes> {
        let Kind::Called { inner, follow, .. } = &mut self.kind else { return None };
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
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let (mut inner, follow, waiting) = match self.as_mut().project().kind.project() {
            KindProj::Free { body } => return body.poll_frame(cx),
            KindProj::Called { inner, follow, waiting } => (inner, follow, waiting),
        };
        let waits = match waiting {
            Some(waits) => waits,
            None => {
                let frame = match ready!(inner.as_mut().poll_frame(cx)).transpose() {
                    Ok(frame) => frame,
                    Err(error) => {
                        follow.fail();
                        return Poll::Ready(Some(Err(error)));
                    }
                };
                let Some(strike) = follow.strike() else {
                    if is_last(frame.as_ref(), follow) || inner.is_end_stream() {
                        follow.end();
                    }
                    return Poll::Ready(frame.map(Ok));
                };
                waiting.insert(Box::new(Waiting { frame, strike }))
            }
        };
        if let Some(wait) = &mut waits.strike.wait {
            ready!(Pin::new(wait).poll(cx));
        }
        let Some(Waiting { frame, strike }) = waiting.take().map(|waits| *waits) else {
            return Poll::Pending;
        };
        let halt = strike.halt.filter(|_| frame.as_ref().is_some_and(Frame::is_data));
        if let Some(event) = halt.and_then(|halt| follow.last_event(&halt)) {
            follow.end();
            // What the provider has to say beyond that is not read.
            self.project().kind.set(Kind::Free { body: Bytes::new().into() });
            return Poll::Ready(Some(Ok(Frame::data(event))));
        }
        if is_last(frame.as_ref(), follow) || inner.is_end_stream() {
            follow.end();
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Free { body } => body.is_end_stream(),
            Kind::Called { inner, waiting, .. } => waiting.is_none() && inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Free { body } => body.size_hint(),
            // Its end may be any other.
            Kind::Called { follow, .. } if follow.may_close() => SizeHint::default(),
            Kind::Called { inner, waiting, .. } => {
                let frame = waiting.as_ref().and_then(|waiting| waiting.frame.as_ref());
                let held = frame.and_then(Frame::data_ref).map_or(0, Bytes::len);
                inner.size_hint() + SizeHint::with_exact(held as u64)
            }
        }
    }
}

/// Whether nobody has to ask for more once `frame` is handed on.
fn is_last(frame: Option<&Frame<Bytes>>, follow: &mut Follow) -> bool {
    frame.is_none_or(|frame| follow.hand_on(frame.data_ref().map_or(&[], |data| data)))
}

impl<B> fmt::Debug for BreakerBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerBody").finish_non_exhaustive()
    }
}
