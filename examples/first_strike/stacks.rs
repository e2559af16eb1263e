//! What stands between a caller and the provider.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use planguard::{BoxError, PlanGuard, sim::Provider};
use tower::{Layer, ServiceExt, util::BoxCloneSyncService};

use crate::{clients, peers};

pub type Ask = Request<Full<Bytes>>;
pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;
pub type Client = BoxCloneSyncService<Ask, Answer, BoxError>;

/// What is in the stack besides planguard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Nothing.
    Tower,
    /// A retry layer as tower's documentation has it.
    Retry,
    /// tower-resilience's circuit breaker.
    Resilience,
    /// reqwest-retry on a reqwest client.
    ReqwestRetry,
    /// async-openai's HTTP stack.
    AsyncOpenai,
}

/// Where planguard stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Nowhere,
    Inside,
    InsideStrict,
    /// Where it cannot see what is repeated below it.
    Outside,
}

/// One stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    pub peer: Peer,
    pub place: Place,
}

const fn stack(peer: Peer, place: Place) -> Stack {
    Stack { peer, place }
}

impl Stack {
    pub const ALL: [Self; 15] = [
        stack(Peer::Tower, Place::Nowhere),
        stack(Peer::Retry, Place::Nowhere),
        stack(Peer::Resilience, Place::Nowhere),
        stack(Peer::ReqwestRetry, Place::Nowhere),
        stack(Peer::AsyncOpenai, Place::Nowhere),
        stack(Peer::ReqwestRetry, Place::Outside),
        stack(Peer::AsyncOpenai, Place::Outside),
        stack(Peer::Tower, Place::Inside),
        stack(Peer::Retry, Place::Inside),
        stack(Peer::Resilience, Place::Inside),
        stack(Peer::ReqwestRetry, Place::Inside),
        stack(Peer::AsyncOpenai, Place::Inside),
        stack(Peer::Retry, Place::InsideStrict),
        stack(Peer::ReqwestRetry, Place::InsideStrict),
        stack(Peer::AsyncOpenai, Place::InsideStrict),
    ];

    /// Outermost first.
    pub fn name(self) -> &'static str {
        match (self.peer, self.place) {
            (Peer::Tower, Place::Nowhere) => "tower",
            (Peer::Tower, Place::Inside | Place::Outside) => "planguard",
            (Peer::Tower, Place::InsideStrict) => "planguard strict",
            (Peer::Retry, Place::Nowhere) => "retry",
            (Peer::Retry, Place::Inside) => "retry > planguard",
            (Peer::Retry, Place::InsideStrict) => "retry > planguard strict",
            (Peer::Retry, Place::Outside) => "planguard > retry",
            (Peer::Resilience, Place::Nowhere) => "tower-resilience",
            (Peer::Resilience, Place::Inside) => "tower-resilience > planguard",
            (Peer::Resilience, Place::InsideStrict) => "tower-resilience > planguard strict",
            (Peer::Resilience, Place::Outside) => "planguard > tower-resilience",
            (Peer::ReqwestRetry, Place::Nowhere) => "reqwest-retry",
            (Peer::ReqwestRetry, Place::Inside) => "reqwest-retry > planguard",
            (Peer::ReqwestRetry, Place::InsideStrict) => "reqwest-retry > planguard strict",
            (Peer::ReqwestRetry, Place::Outside) => "planguard > reqwest-retry",
            (Peer::AsyncOpenai, Place::Nowhere) => "async-openai",
            (Peer::AsyncOpenai, Place::Inside) => "async-openai > planguard",
            (Peer::AsyncOpenai, Place::InsideStrict) => "async-openai > planguard strict",
            (Peer::AsyncOpenai, Place::Outside) => "planguard > async-openai",
        }
    }

    /// The posture of the planguard in it.
    pub fn posture(self) -> Option<&'static str> {
        match self.place {
            Place::Nowhere => None,
            Place::Inside | Place::Outside => Some("probation"),
            Place::InsideStrict => Some("strict"),
        }
    }

    /// Whether planguard stands where it belongs.
    pub fn is_guarded(self) -> bool {
        matches!(self.place, Place::Inside | Place::InsideStrict)
    }

    pub fn is_strict(self) -> bool {
        self.place == Place::InsideStrict
    }

    /// A client of `provider` through this stack.
    pub fn client(self, provider: &Provider, plan: &PlanGuard) -> Client {
        let transport = provider.service();
        let inner = match self.is_guarded() {
            true => boxed(plan.layer().layer(transport.clone())),
            false => boxed(transport.clone()),
        };
        match self.peer {
            Peer::Tower => inner,
            Peer::Retry => peers::retried(inner),
            Peer::Resilience => peers::broken(inner),
            Peer::ReqwestRetry => clients::reqwest_retry(self.place, provider, plan),
            Peer::AsyncOpenai => clients::async_openai(self.place, provider, plan),
        }
    }
}

pub fn boxed<S, B>(service: S) -> Client
where
    S: tower::Service<Ask, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let service = service
        .map_err(Into::into)
        .map_response(|response| response.map(|body| body.map_err(Into::into).boxed_unsync()));
    BoxCloneSyncService::new(service)
}
