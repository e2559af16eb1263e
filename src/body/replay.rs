//! Frames that were read before their turn, and the body that they came from.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// What was read of a body, in order: frames, then its end or its error.
///
/// Frames are stored as they came: bytes out are bytes in, cut at the same
/// places, with their trailers.
#[derive(Debug)]
pub(crate) struct Kept<E> {
    frames: VecDeque<Frame<Bytes>>,
    /// Bytes of data in `frames`.
    bytes: u64,
    /// What keeping them costs: an empty frame counts as a byte, so that a
    /// body of empty frames is bounded too.
    cost: usize,
    error: Option<E>,
    ended: bool,
}

impl<E> Default for Kept<E> {
    fn default() -> Self {
        Self { frames: VecDeque::new(), bytes: 0, cost: 0, error: None, ended: false }
    }
}

impl<E> Kept<E> {
    /// Stores what a poll gave.
    pub(crate) fn push(&mut self, polled: Option<Result<Frame<Bytes>, E>>) {
        match polled {
            Some(Ok(frame)) => {
                let len = frame.data_ref().map_or(0, Bytes::len);
                self.bytes = self.bytes.saturating_add(len as u64);
                self.cost = self.cost.saturating_add(len.max(1));
                self.frames.push_back(frame);
            }
            Some(Err(error)) => self.error = Some(error),
            None => self.ended = true,
        }
    }

    /// What is kept, in bytes, no frame counting less than one.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    /// Whether the body has no more to give.
    pub(super) fn is_over(&self) -> bool {
        self.ended || self.error.is_some()
    }

    /// Whether it came to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether trailers are among what is kept.
    pub(super) fn has_trailers(&self) -> bool {
        self.frames.iter().any(Frame::is_trailers)
    }

    /// All data that is kept, in one piece; copied if it came in several.
    pub(super) fn data(&self) -> Bytes {
        let mut pieces = self.frames.iter().filter_map(Frame::data_ref);
        let first = pieces.next().cloned().unwrap_or_default();
        let mut whole = None;
        for piece in pieces {
            whole.get_or_insert_with(|| BytesMut::from(&*first)).extend_from_slice(piece);
        }
        whole.map_or(first, BytesMut::freeze)
    }

    /// Whether nothing is left to hand on but the end.
    pub(crate) fn is_drained(&self) -> bool {
        self.frames.is_empty() && self.error.is_none()
    }

    /// What is left, where the body says `rest` of what is to come. No more
    /// exact than that, even if its end is known: an exact hint makes a server
    /// announce a length and leave out the trailers.
    pub(super) fn size_hint(&self, rest: SizeHint) -> SizeHint {
        longer(rest, self.bytes)
    }

    /// Whether nothing is left, where the body says whether it `ends`.
    pub(super) fn is_end(&self, ends: bool) -> bool {
        self.is_drained() && (self.ended || ends)
    }

    pub(super) fn pop(&mut self) -> Option<Result<Frame<Bytes>, E>> {
        let Some(frame) = self.frames.pop_front() else {
            // The ring is not needed for the rest of a stream.
            if self.frames.capacity() > 0 {
                self.frames = VecDeque::new();
            }
            return self.error.take().map(Err);
        };
        let len = frame.data_ref().map_or(0, Bytes::len);
        self.bytes = self.bytes.saturating_sub(len as u64);
        Some(Ok(frame))
    }
}

pin_project! {
    /// Where a body's frames come from.
    #[project = SourceProj]
    pub(crate) enum Source<B>
    where
        B: Body,
    {
        // Nobody has polled it.
        Untouched { #[pin] body: B },
        // What was kept of it comes first. It has been polled, so it may not
        // move any more.
        Read { kept: Kept<B::Error>, body: Pin<Box<B>> },
        // It was one frame and is over; `hint` is what it said then.
        Whole { data: Option<Bytes>, hint: SizeHint },
    }
}

/// One frame of a [`Source`].
pub(crate) enum Next<E> {
    /// It was kept, and read before.
    Replayed(Result<Frame<Bytes>, E>),
    /// The body gave it, or its end, at this moment.
    Fresh(Option<Result<Frame<Bytes>, E>>),
}

impl<B: Body<Data = Bytes>> Source<B> {
    /// All of a body that is here as a whole, unless it never told its length.
    #[cfg(feature = "reqwest")]
    pub(crate) fn take_all(&mut self) -> Option<Bytes> {
        match self {
            Self::Whole { data, hint } if hint.exact() == Some(0) => data.take(),
            _ => None,
        }
    }

    /// The next frame.
    pub(crate) fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next<B::Error>> {
        let polled = match self.project() {
            SourceProj::Untouched { body } => body.poll_frame(cx),
            SourceProj::Read { kept, body } => {
                if let Some(frame) = kept.pop() {
                    return Poll::Ready(Next::Replayed(frame));
                }
                if kept.ended {
                    return Poll::Ready(Next::Fresh(None));
                }
                body.as_mut().poll_frame(cx)
            }
            SourceProj::Whole { data, .. } => {
                let Some(data) = data.take() else { return Poll::Ready(Next::Fresh(None)) };
                return Poll::Ready(Next::Replayed(Ok(Frame::data(data))));
            }
        };
        polled.map(Next::Fresh)
    }

    /// Whether the next poll gives the end, as far as the body knows.
    pub(crate) fn is_end_stream(&self) -> bool {
        match self {
            Self::Untouched { body } => body.is_end_stream(),
            Self::Read { kept, body } => kept.is_end(body.is_end_stream()),
            Self::Whole { data, .. } => data.is_none(),
        }
    }

    /// What is left: kept and to come.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Untouched { body } => body.size_hint(),
            Self::Read { kept, body } => kept.size_hint(body.size_hint()),
            Self::Whole { data, hint } => longer(*hint, data.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}

/// `rest`, and so many bytes before it.
pub(crate) fn longer(rest: SizeHint, bytes: u64) -> SizeHint {
    let mut hint = SizeHint::new();
    hint.set_lower(rest.lower().saturating_add(bytes));
    if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(bytes)) {
        hint.set_upper(upper);
    }
    hint
}
