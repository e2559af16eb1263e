use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    InspectBody,
    called::{Called, Opened},
    reading::Reading,
};

pin_project! {
    /// The future of [`Detect`](super::Detect).
    ///
    /// Ready with the response below, once as much of its body was read as
    /// its kind needs. Dropped before that, it still reports what was read.
    pub struct ResponseFuture<F, B>
    where
        B: Body,
    {
        #[pin]
        call: Option<F>,
        called: Option<Called>,
        // Boxed, so that those which need none of it stay small.
        reading: Option<Box<Reading<B>>>,
    }
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn new(call: F, called: Option<Called>) -> Self {
        Self { call: Some(call), called, reading: None }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<InspectBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(call) = this.call.as_mut().as_pin_mut() {
            let result = ready!(call.poll(cx));
            // What the call holds, a permit perhaps, is free from here on.
            this.call.set(None);
            let response = result?;
            let opened = match this.called.take() {
                Some(called) => called.open(response, cx),
                None => Opened::flowing(response, None),
            };
            match opened {
                Opened::Ready(response) => return Poll::Ready(Ok(response)),
                Opened::Held(reading) => *this.reading = Some(reading),
            }
        }
        let Some(reading) = this.reading.as_mut() else {
            // Polled again after it was ready, which nobody may do.
            return Poll::Pending;
        };
        ready!(reading.poll(cx));
        match this.reading.take() {
            Some(reading) => Poll::Ready(Ok(reading.hand_on())),
            None => Poll::Pending,
        }
    }
}

impl<F, B: Body> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("called", &self.called.as_ref().map(|called| called.asked.claim()))
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}
