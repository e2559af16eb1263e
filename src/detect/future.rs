use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, response::Parts, uri::Authority};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::{
    InspectBody, Inspection, MAX_HELD_BYTES, Opening,
    layer::Shared,
    watch::{Teller, Watch},
};
use crate::{
    body::Kept,
    exchange::{Detection, Exchange, FinalUrl},
    profile::{Claim, Target},
};

/// What is remembered of a request until its response comes.
pub(super) struct Called {
    pub(super) claim: Claim,
    pub(super) exchange: Option<Exchange>,
    pub(super) method: Method,
    /// What the request's URI names. A front that has no URI says itself
    /// when the answer came from another host.
    pub(super) authority: Option<Authority>,
    pub(super) shared: Arc<Shared>,
}

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
        reading: Option<Reading<B>>,
        #[pin]
        sleep: Option<Sleep>,
    }
}

/// A response that is held back while its body is read.
struct Reading<B: Body> {
    head: Parts,
    /// Boxed, since it is polled here and handed on later: a pinned body
    /// cannot move.
    body: Pin<Box<B>>,
    kept: Kept<B::Error>,
    watch: Box<Watch>,
    /// When it was waited for first, if it was.
    since: Option<Instant>,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn new(call: F, called: Option<Called>) -> Self {
        Self { call: Some(call), called, reading: None, sleep: None }
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
                Some(called) => called.open(response),
                None => Opened::Ready(response.map(|body| InspectBody::flowing(body, None))),
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
        ready!(reading.poll(this.sleep.as_mut(), cx));
        this.sleep.set(None);
        match this.reading.take() {
            Some(Reading { head, body, kept, watch, .. }) => {
                let body = InspectBody::held(kept, body, watch);
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
            None => Poll::Pending,
        }
    }
}

enum Opened<B: Body> {
    Ready(Response<InspectBody<B>>),
    Held(Reading<B>),
}

impl Called {
    /// What has to be known of a request to judge its response; none if no
    /// profile claims it.
    pub(super) fn new(
        shared: &Arc<Shared>,
        exchange: Option<Exchange>,
        to: Target<'_>,
        headers: &HeaderMap,
        method: &Method,
    ) -> Option<Self> {
        let claim = match &exchange {
            Some(exchange) => {
                exchange.take();
                exchange.claim().clone()
            }
            None => shared.registry.claim_on(to, headers)?,
        };
        let (method, shared) = (method.clone(), shared.clone());
        Some(Self { claim, exchange, method, authority: None, shared })
    }

    /// Looks at a response's head.
    fn open<B: Body<Data = Bytes>>(self, mut response: Response<B>) -> Opened<B> {
        let Some((claim, exchange)) = self.judged_under(&response) else {
            return Opened::Ready(response.map(|body| InspectBody::flowing(body, None)));
        };
        let clock = self.shared.clock.clone();
        let (status, now) = (response.status(), clock.now());
        let detection = Detection::new(claim.clone());
        let opening = Inspection::begin(&claim, &self.method, status, response.headers(), now);
        response.extensions_mut().insert(detection.clone());
        let teller = Teller { exchange, detection, clock };
        let watch = match opening {
            Opening::Pass => None,
            Opening::Unreadable(why, signal) => {
                teller.pass_over(&why);
                if let Some(signal) = signal {
                    teller.tell(signal, Bytes::new());
                }
                None
            }
            Opening::Found(signal) => {
                teller.tell(signal, Bytes::new());
                None
            }
            Opening::Inspect(inspection) => {
                let inspection = match self.shared.first_event {
                    Some(patience) => inspection.hold_first_event(patience),
                    None => inspection,
                };
                Some(Box::new(Watch::new(inspection, teller)))
            }
        };
        match watch {
            Some(mut watch) if response.body().is_end_stream() => {
                watch.finish();
                Opened::Ready(response.map(|body| InspectBody::flowing(body, None)))
            }
            Some(watch) if watch.inspection().patience().is_some() => {
                let (head, body) = response.into_parts();
                let (body, kept) = (Box::pin(body), Kept::default());
                Opened::Held(Reading { head, body, kept, watch, since: None })
            }
            watch => Opened::Ready(response.map(|body| InspectBody::flowing(body, watch))),
        }
    }

    /// The claim that the response is judged under, and who hears of it. A
    /// response that a redirect fetched from another host speaks for that
    /// host's plan, if it is anybody's; the account that asked hears of it
    /// only if that is the same vendor.
    fn judged_under<B>(&self, response: &Response<B>) -> Option<(Claim, Option<Exchange>)> {
        let asked = match &self.authority {
            Some(authority) => authority.host(),
            None => &self.claim.endpoint().host,
        };
        let redirected = response
            .extensions()
            .get::<FinalUrl>()
            .filter(|url| url.0.host().is_some_and(|host| !host.eq_ignore_ascii_case(asked)));
        let Some(FinalUrl(url)) = redirected else {
            return Some((self.claim.clone(), self.exchange.clone()));
        };
        let answered = url.host().unwrap_or_default();
        tracing::warn!(
            target: "planguard::detect",
            asked,
            answered,
            "a redirect led from {asked} to {answered}, whose answer is judged under its own profile, if it has one",
        );
        let claim = self.shared.registry.claim(url, &http::HeaderMap::new())?;
        let same_vendor = claim.profile().id() == self.claim.profile().id();
        Some((claim, self.exchange.clone().filter(|_| same_vendor)))
    }
}

impl<B: Body<Data = Bytes>> Reading<B> {
    /// Reads until the response need not be held back any longer.
    fn poll(&mut self, mut sleep: Pin<&mut Option<Sleep>>, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(patience) = self.watch.inspection().patience() {
            if self.kept.cost() >= MAX_HELD_BYTES {
                self.watch.release();
                continue;
            }
            let Poll::Ready(polled) = self.body.as_mut().poll_frame(cx) else {
                let since = *self.since.get_or_insert_with(Instant::now);
                // No timer without a runtime: then the body's own end decides.
                if tokio::runtime::Handle::try_current().is_err() {
                    return Poll::Pending;
                }
                let deadline = since + patience;
                if sleep.as_ref().as_pin_ref().is_none_or(|sleep| sleep.deadline() != deadline) {
                    sleep.set(Some(tokio::time::sleep_until(deadline)));
                }
                if let Some(sleep) = sleep.as_mut().as_pin_mut() {
                    ready!(sleep.poll(cx));
                }
                self.watch.release();
                continue;
            };
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
        Poll::Ready(())
    }
}

impl<F, B: Body> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("called", &self.called.as_ref().map(|called| &called.claim))
            .field("watch", &self.reading.as_ref().map(|reading| &reading.watch))
            .finish_non_exhaustive()
    }
}
