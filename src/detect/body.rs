use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{events::Events, watch::Watch};
use crate::body::{Kept, Next, Source};

pin_project! {
    /// The response body of [`Detect`](super::Detect).
    ///
    /// Hands on the frames of the body below, unchanged and in order, those
    /// first that were read while the head was held back; and reads them as
    /// they pass. If the layer says so, an event stream is handed on
    /// [event by event](super::DetectLayer::one_event_a_frame).
    pub struct InspectBody<B>
    where
        B: Body,
    {
        #[pin]
        source: Source<B>,
        watch: Option<Box<Watch>>,
        // Has the watch, if there is one.
        events: Option<Box<Events<B::Error>>>,
    }
}

impl<B: Body<Data = Bytes>> InspectBody<B> {
    /// A body that is not held back; inspected if there is a `watch`.
    pub(super) fn flowing(body: B, watch: Option<Box<Watch>>) -> Self {
        Self::read_by(watch, Source::Untouched { body })
    }

    /// A body that was read to its end, was `data`, and said nothing.
    pub(super) fn whole(data: Bytes, hint: SizeHint) -> Self {
        Self::read_by(None, Source::Whole { data: Some(data), hint })
    }

    /// All of it, if it is here as a whole.
    #[cfg(feature = "reqwest")]
    pub(crate) fn take_all(&mut self) -> Option<Bytes> {
        self.source.take_all()
    }

    /// A body of which `kept` was read while it was held back.
    pub(super) fn held(kept: Kept<B::Error>, body: Pin<Box<B>>, watch: Box<Watch>) -> Self {
        Self::read_by(Some(watch), Source::Read { kept, body })
    }

    fn read_by(watch: Option<Box<Watch>>, source: Source<B>) -> Self {
        let (watch, events) = match watch {
            Some(watch) if watch.cuts() => (None, Some(Box::new(Events::new(watch)))),
            watch => (watch.filter(|watch| !watch.inspection().is_over()), None),
        };
        Self { source, watch, events }
    }
}

impl<B: Body<Data = Bytes>> Body for InspectBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let Some(watch) = this.watch else {
            return match this.events {
                Some(events) => events.poll(this.source, cx),
                None => unread(this.source, cx),
            };
        };
        let polled = match ready!(this.source.as_mut().poll_next(cx)) {
            // It was fed when it was read.
            Next::Replayed(frame) => Some(frame),
            Next::Fresh(polled) => {
                match &polled {
                    Some(Ok(frame)) => {
                        if let Some(data) = frame.data_ref() {
                            watch.feed(data);
                        }
                    }
                    Some(Err(_)) => watch.abandon(),
                    None => watch.finish(),
                }
                polled
            }
        };
        // Whoever knows the length asks no further once it has come.
        if this.source.is_end_stream() {
            watch.finish();
        }
        if watch.inspection().is_over() {
            *this.watch = None;
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        match &self.events {
            Some(events) => events.is_end_stream(&self.source),
            None => self.source.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.events {
            Some(events) => events.size_hint(&self.source),
            None => self.source.size_hint(),
        }
    }
}

/// The next frame of a body that nobody reads. Out of line, for the sake of
/// those that are read.
#[inline(never)]
fn unread<B: Body<Data = Bytes>>(
    source: Pin<&mut Source<B>>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    source.poll_next(cx).map(|next| match next {
        Next::Replayed(frame) => Some(frame),
        Next::Fresh(polled) => polled,
    })
}

impl<B: Body> fmt::Debug for InspectBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InspectBody")
            .field("watch", &self.watch)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
