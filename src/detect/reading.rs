//! A response that is held back until it is known what it says.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Response, response::Parts};
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{InspectBody, MAX_HELD_BYTES, watch::Watch};
use crate::body::Kept;

/// A response that is held back while its body is read.
pub(super) struct Reading<B: Body> {
    head: Parts,
    /// Boxed, since it is polled here and handed on later: a pinned body
    /// cannot move.
    body: Pin<Box<B>>,
    kept: Kept<B::Error>,
    watch: Box<Watch>,
    /// When it was waited for first, if it was.
    since: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<B: Body<Data = Bytes>> Reading<B> {
    pub(super) fn new(head: Parts, body: Pin<Box<B>>, watch: Box<Watch>) -> Box<Self> {
        let kept = Kept::default();
        Box::new(Self { head, body, kept, watch, since: None, sleep: None })
    }

    /// The response as it came.
    pub(super) fn hand_on(self) -> Response<InspectBody<B>> {
        Response::from_parts(self.head, InspectBody::held(self.kept, self.body, self.watch))
    }

    /// Reads until the response need not be held back any longer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(patience) = self.watch.inspection().patience() {
            if self.kept.cost() >= MAX_HELD_BYTES {
                self.watch.release();
                continue;
            }
            match self.body.as_mut().poll_frame(cx) {
                Poll::Ready(polled) => self.take(polled),
                Poll::Pending => {
                    ready!(self.lose_patience(patience, cx));
                    self.watch.release();
                }
            }
        }
        Poll::Ready(())
    }

    /// Ready once the response was waited for that long.
    fn lose_patience(&mut self, patience: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.since.get_or_insert_with(Instant::now) + patience;
        // No timer without a runtime: then the body's own end decides.
        if tokio::runtime::Handle::try_current().is_err() {
            return Poll::Pending;
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    /// Reads what a poll of the body gave, and keeps it.
    pub(super) fn take(&mut self, polled: Option<Result<Frame<Bytes>, B::Error>>) {
        match &polled {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.watch.feed(data);
                }
                if self.body.is_end_stream() {
                    self.watch.finish();
                }
            }
            Some(Err(_)) => self.watch.abandon(),
            None => self.watch.finish(),
        }
        self.kept.push(polled);
    }
}

impl<B: Body> fmt::Debug for Reading<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("watch", &self.watch).finish_non_exhaustive()
    }
}
