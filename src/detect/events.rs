//! An event stream that is handed on event by event.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::watch::Watch;
use crate::body::{Cutter, Next, Piece, Source, longer};

/// What a poll of a body gives.
type Polled<E> = Option<Result<Frame<Bytes>, E>>;

/// Cuts a body into its events, and has each of them read when it is the next
/// to be handed on: as far as it came, even if its end is still to come.
pub(super) struct Events<E> {
    /// None once there is nothing more to find.
    watch: Option<Box<Watch>>,
    cutter: Cutter,
    /// What is cut was read when the head was held back.
    replayed: bool,
    /// What comes behind all that is held: trailers, an error, the end.
    after: Option<Polled<E>>,
}

impl<E> Events<E> {
    pub(super) fn new(watch: Box<Watch>) -> Self {
        watch.hand_on(true);
        Self { watch: Some(watch), cutter: Cutter::default(), replayed: false, after: None }
    }

    /// The next event of `source`, or what comes behind them.
    ///
    /// Out of line, since bodies that are not cut should not pay for it.
    #[inline(never)]
    pub(super) fn poll<B>(
        &mut self,
        mut source: Pin<&mut Source<B>>,
        cx: &mut Context<'_>,
    ) -> Poll<Polled<E>>
    where
        B: Body<Data = Bytes, Error = E>,
    {
        loop {
            let watch = self.watch.as_mut().filter(|_| !self.replayed);
            let whole = self.cutter.next(|part| {
                if let Some(watch) = watch {
                    watch.feed(part);
                }
            });
            let over = self.after.is_some();
            let last = || if over { self.cutter.finish() } else { None };
            if let Some(piece) = whole.or_else(last) {
                let ends = self.is_end_stream(&source);
                return Poll::Ready(Some(Ok(self.hand_on(piece, ends))));
            }
            if let Some(after) = self.after.take() {
                return Poll::Ready(after);
            }
            let (polled, replayed) = match ready!(source.as_mut().poll_next(cx)) {
                Next::Replayed(frame) => (Some(frame), true),
                Next::Fresh(polled) => (polled, false),
            };
            match polled.map(|polled| polled.map(Frame::into_data)) {
                // It has no bytes, so its place does not matter.
                Some(Ok(Ok(data))) if data.is_empty() => {
                    let piece = Piece { data, begins: self.cutter.begins() };
                    let ends = self.is_end_stream(&source);
                    return Poll::Ready(Some(Ok(self.hand_on(piece, ends))));
                }
                Some(Ok(Ok(data))) => {
                    self.cutter.push(data);
                    self.replayed = replayed;
                }
                Some(Ok(Err(trailers))) => self.after = Some(Some(Ok(trailers))),
                Some(Err(error)) => self.close(Some(Err(error)), Watch::abandon),
                None => self.close(None, Watch::finish),
            }
        }
    }

    /// The body is over, with `after`; all that came is read.
    fn close(&mut self, after: Polled<E>, how: fn(&mut Watch)) {
        self.watch.as_deref_mut().map(how);
        self.after = Some(after);
    }

    fn hand_on(&mut self, piece: Piece, ends: bool) -> Frame<Bytes> {
        if let Some(watch) = &mut self.watch {
            watch.hand_on(piece.begins);
            // Whoever knows the length asks no further once it has come.
            if ends {
                watch.finish();
            }
        }
        self.watch = self.watch.take().filter(|watch| !watch.inspection().is_over());
        Frame::data(piece.data)
    }

    /// Whether the next poll gives the end, as far as `source` knows.
    pub(super) fn is_end_stream<B>(&self, source: &Source<B>) -> bool
    where
        B: Body<Data = Bytes, Error = E>,
    {
        let behind = match &self.after {
            Some(after) => after.is_none(),
            None => source.is_end_stream(),
        };
        self.cutter.len() == 0 && behind
    }

    /// What is left: held and to come.
    pub(super) fn size_hint<B>(&self, source: &Source<B>) -> SizeHint
    where
        B: Body<Data = Bytes, Error = E>,
    {
        longer(source.size_hint(), self.cutter.len() as u64)
    }
}

impl<E> Drop for Events<E> {
    fn drop(&mut self) {
        // What came is reported, though nobody asked for it any more.
        if let Some(watch) = self.watch.as_mut().filter(|_| !self.replayed) {
            watch.feed(&self.cutter.unread());
        }
    }
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("watch", &self.watch).finish_non_exhaustive()
    }
}
