//! The provider in process: a tower service.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::{
    admission::Admission,
    body::Body,
    error::Error,
    provider::Provider,
    reply::{self, Asks},
};

/// How much of a request's body is looked at. One that is longer counts as one
/// that asks for no stream.
const READ_LIMIT: usize = 1 << 20;

/// A [`Provider`] as a tower service. Clones are the same provider.
///
/// A request **arrives at `call`**, not at the first poll of the future: tower
/// calls are not lazy over a real transport either, where a buffer or a
/// connection pool may send what its caller never polls.
///
/// The future reads the request's body to its end (looking at no more than
/// 1 MiB, and only for `stream` and `model`), waits for the latency since the
/// arrival, and then gives the response. Dropping it is a caller who went away.
/// It needs a tokio runtime with time.
///
/// # Errors
///
/// [`Error::Reset`] where the answer is [`Answer::reset`](super::Answer::reset).
/// Bodies end with [`Error::Broken`] where the answer is
/// [`close_early`](super::Answer::close_early).
#[derive(Clone, Debug)]
pub struct Service {
    provider: Provider,
}

impl Service {
    pub(super) fn new(provider: Provider) -> Self {
        Self { provider }
    }
}

impl<B: http_body::Body> tower_service::Service<Request<B>> for Service {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<B> {
        let admission = self.provider.arrive(request.uri().path(), request.headers());
        ResponseFuture {
            provider: self.provider.clone(),
            body: Some(request.into_body()),
            read: Vec::new(),
            overlong: false,
            latency: None,
            admission: Some(admission),
        }
    }
}

pin_project! {
    /// The answer to one request.
    #[must_use = "a request arrives without this, but is not answered"]
    pub struct ResponseFuture<B> {
        provider: Provider,
        #[pin]
        body: Option<B>,
        read: Vec<u8>,
        overlong: bool,
        #[pin]
        latency: Option<Sleep>,
        admission: Option<Admission>,
    }
}

impl<B: http_body::Body> Future for ResponseFuture<B> {
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        while let Some(body) = this.body.as_mut().as_pin_mut() {
            match ready!(body.poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        *this.overlong |= data.remaining() > READ_LIMIT - this.read.len();
                        while data.has_remaining() && !*this.overlong {
                            let chunk = data.chunk();
                            this.read.extend_from_slice(chunk);
                            let taken = chunk.len();
                            data.advance(taken);
                        }
                    }
                }
                // A body that fails was sent as far as it came.
                Some(Err(_)) | None => this.body.set(None),
            }
        }
        let options = this.provider.options();
        if this.latency.is_none() {
            if let Some(admission) = this.admission.as_ref() {
                let latency = admission.answer.latency.unwrap_or(options.latency);
                let left = latency.saturating_sub(admission.arrived.elapsed());
                // A timer never ends before the next millisecond.
                if !left.is_zero() {
                    this.latency.set(Some(sleep(left)));
                }
            }
        }
        if let Some(latency) = this.latency.as_mut().as_pin_mut() {
            ready!(latency.poll(cx));
        }
        let Some(admission) = this.admission.take() else {
            return Poll::Pending;
        };
        let asks = if *this.overlong { Asks::default() } else { Asks::read(this.read) };
        Poll::Ready(reply::respond(admission, asks, options))
    }
}

impl<B> fmt::Debug for ResponseFuture<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
