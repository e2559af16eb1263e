//! From a request that was let through to what becomes of its response.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body::Body;

use super::{
    InspectBody, Inspection, Opening,
    document::Expect,
    glance::says_nothing,
    head::{Look, look},
    keys::Keys,
    layer::Shared,
    reading::Reading,
    watch::{Teller, Watch},
};
use crate::{
    body::Remaining,
    exchange::{Detection, Exchange, FinalUrl},
    meter::{self, Spent},
    profile::{Claim, Target},
};

/// What is remembered of a request until its response comes.
pub(super) struct Called {
    pub(super) asked: Asked,
    exchange: Option<Exchange>,
    method: Method,
    shared: Arc<Shared>,
    /// Its credentials, which the provider may echo.
    keys: Keys,
}

/// Where a request went.
#[derive(Clone)]
pub(super) struct Asked {
    claim: Claim,
    /// The host that it named, where that is not the claim's own.
    host: Option<Box<str>>,
}

impl Asked {
    /// The host that it named.
    pub(super) fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(&self.claim.endpoint().host)
    }

    pub(super) fn claim(&self) -> &Claim {
        &self.claim
    }
}

/// What is to be done about a response.
pub(super) enum Opened<B: Body> {
    /// Hand it on.
    Ready(Response<InspectBody<B>>),
    /// Hold it back.
    Held(Box<Reading<B>>),
}

impl<B: Body<Data = Bytes>> Opened<B> {
    /// A response that is not held back; inspected if there is a `watch`.
    pub(super) fn flowing(response: Response<B>, watch: Option<Box<Watch>>) -> Self {
        Self::Ready(response.map(|body| InspectBody::flowing(body, watch)))
    }
}

impl Called {
    /// What has to be known of a request to judge its response; none if no
    /// profile claims it. `host` is what it names, if anything.
    pub(super) fn new(
        shared: &Arc<Shared>,
        exchange: Option<Exchange>,
        (to, host): (Target<'_>, Option<&str>),
        headers: &HeaderMap,
        method: &Method,
    ) -> Option<Self> {
        let claim = match &exchange {
            Some(exchange) => {
                exchange.take();
                exchange.claim().clone()
            }
            None => shared.registry.find(to, headers)?.clone(),
        };
        let host = host.filter(|host| *host != claim.endpoint().host).map(Box::from);
        let (method, shared) = (method.clone(), shared.clone());
        let keys = Keys::of(claim.profile(), headers);
        Some(Self { asked: Asked { claim, host }, exchange, method, shared, keys })
    }

    /// Looks at a response's head, and at a success that is here as a whole.
    pub(super) fn open<B: Body<Data = Bytes>>(
        mut self,
        mut response: Response<B>,
        cx: &mut Context<'_>,
    ) -> Opened<B> {
        let Some((claim, exchange)) = self.judged_under(&response) else {
            return Opened::flowing(response, None);
        };
        let detection = Detection::new(claim.clone());
        response.extensions_mut().insert(detection.clone());
        let clock = self.shared.clock.clone();
        let teller = Teller { exchange, detection, clock, keys: std::mem::take(&mut self.keys) };
        let look = look(&self.method, response.status(), response.headers());
        let is_over = response.body().is_end_stream();
        // A glance would pass over what the head says.
        let glances = look == Look::At(Expect::Body, None)
            && !is_over
            && !claim.profile().reads_success_heads();
        if glances {
            return glance(&claim, response, teller, cx);
        }
        match self.watch(look, &claim, &response, teller) {
            Some(mut watch) if is_over => {
                watch.finish();
                Opened::flowing(response, None)
            }
            Some(watch) if watch.inspection().patience().is_some() => {
                let (head, body) = response.into_parts();
                Opened::Held(Reading::new(head, Box::pin(body), watch))
            }
            watch => Opened::flowing(response, watch),
        }
    }

    /// Begins to inspect a response, or tells what its head alone says.
    fn watch<B: Body>(
        &self,
        look: Look,
        claim: &Claim,
        response: &Response<B>,
        teller: Teller,
    ) -> Option<Box<Watch>> {
        let (status, headers) = (response.status(), response.headers());
        let cuts = self.shared.one_event_a_frame && look == Look::At(Expect::Events, None);
        match Inspection::at(look, claim, status, headers, teller.clock.now()) {
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
                let remaining = Remaining::of(response);
                let watch = Watch::new(inspection, teller, remaining, Spent::default());
                Some(Box::new(watch.one_event_a_frame(cuts)))
            }
        }
    }

    /// The claim that the response is judged under, and who hears of it. A
    /// response that a redirect fetched from another host speaks for that
    /// host's plan, if it is anybody's; the account that asked hears of it
    /// only if that is the same vendor.
    fn judged_under<B>(&self, response: &Response<B>) -> Option<(Claim, Option<Exchange>)> {
        let (asked, claim) = (self.asked.host(), self.asked.claim());
        let redirected = response
            .extensions()
            .get::<FinalUrl>()
            .filter(|url| url.0.host().is_some_and(|host| !host.eq_ignore_ascii_case(asked)));
        let Some(FinalUrl(url)) = redirected else {
            return Some((claim.clone(), self.exchange.clone()));
        };
        let answered = url.host().unwrap_or_default();
        tracing::warn!(
            target: "planguard::detect",
            asked,
            answered,
            "a redirect led from {asked} to {answered}, whose answer is judged under its own profile, if it has one",
        );
        let other = self.shared.registry.claim(url, &HeaderMap::new())?;
        let same_vendor = other.profile().id() == claim.profile().id();
        Some((other, self.exchange.clone().filter(|_| same_vendor)))
    }
}

/// Hands a success on at once if all of it is here and says nothing.
fn glance<B: Body<Data = Bytes>>(
    claim: &Claim,
    response: Response<B>,
    teller: Teller,
    cx: &mut Context<'_>,
) -> Opened<B> {
    let remaining = Remaining::of(&response);
    let (head, body) = response.into_parts();
    let (mut body, mut spent) = (Box::pin(body), Spent::default());
    let mut is_empty = |data: &Bytes| spent.on(|| says_nothing(claim.profile(), data));
    let first = match body.as_mut().poll_frame(cx) {
        Poll::Ready(Some(Ok(frame)))
            if body.is_end_stream() && frame.data_ref().is_some_and(&mut is_empty) =>
        {
            meter::inspection(claim.profile().id(), spent);
            let data = frame.into_data().unwrap_or_default();
            let body = InspectBody::whole(data, body.size_hint());
            return Opened::Ready(Response::from_parts(head, body));
        }
        first => first,
    };
    let inspection = Inspection::of_success(claim, head.status, &head.headers);
    let watch = Box::new(Watch::new(inspection, teller, remaining, spent));
    let mut reading = Reading::new(head, body, watch);
    if let Poll::Ready(polled) = first {
        reading.take(polled);
    }
    Opened::Held(reading)
}
