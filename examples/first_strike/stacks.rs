//! What stands between a caller and the provider.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use planguard::{
    BoxError, PlanGuard,
    ledger::{Ledger, MemoryLedger},
    sim::Provider,
};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};

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
    /// In a program that is started anew for each call.
    Restarted,
    RestartedStrict,
    /// In three replicas that share a Redis.
    #[cfg(feature = "redis")]
    Replicas,
    #[cfg(feature = "redis")]
    ReplicasStrict,
    /// Where it cannot see what is repeated below it.
    Outside,
}

/// One stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Outermost first.
    pub name: &'static str,
    pub peer: Peer,
    pub place: Place,
}

const fn stack(name: &'static str, peer: Peer, place: Place) -> Stack {
    Stack { name, peer, place }
}

impl Stack {
    pub const ALL: &'static [Self] = &[
        stack("tower", Peer::Tower, Place::Nowhere),
        stack("retry", Peer::Retry, Place::Nowhere),
        stack("tower-resilience", Peer::Resilience, Place::Nowhere),
        stack("reqwest-retry", Peer::ReqwestRetry, Place::Nowhere),
        stack("async-openai", Peer::AsyncOpenai, Place::Nowhere),
        stack("planguard > reqwest-retry", Peer::ReqwestRetry, Place::Outside),
        stack("planguard > async-openai", Peer::AsyncOpenai, Place::Outside),
        stack("planguard", Peer::Tower, Place::Inside),
        stack("retry > planguard", Peer::Retry, Place::Inside),
        stack("tower-resilience > planguard", Peer::Resilience, Place::Inside),
        stack("reqwest-retry > planguard", Peer::ReqwestRetry, Place::Inside),
        stack("async-openai > planguard", Peer::AsyncOpenai, Place::Inside),
        stack("retry > planguard strict", Peer::Retry, Place::InsideStrict),
        stack("reqwest-retry > planguard strict", Peer::ReqwestRetry, Place::InsideStrict),
        stack("async-openai > planguard strict", Peer::AsyncOpenai, Place::InsideStrict),
        stack("planguard, restarted for each call", Peer::Tower, Place::Restarted),
        stack("planguard strict, restarted", Peer::Tower, Place::RestartedStrict),
        #[cfg(feature = "redis")]
        stack("three replicas on one Redis", Peer::Tower, Place::Replicas),
        #[cfg(feature = "redis")]
        stack("three replicas on one Redis, strict", Peer::Tower, Place::ReplicasStrict),
    ];

    /// The posture of the planguard in it.
    pub fn posture(self) -> Option<&'static str> {
        match self.place {
            Place::Nowhere => None,
            _ if self.is_strict() => Some("strict"),
            _ => Some("probation"),
        }
    }

    pub fn is_strict(self) -> bool {
        match self.place {
            Place::InsideStrict | Place::RestartedStrict => true,
            #[cfg(feature = "redis")]
            Place::ReplicasStrict => true,
            _ => false,
        }
    }

    /// Whether each of its calls is made by a program of its own.
    pub fn restarts(self) -> bool {
        matches!(self.place, Place::Restarted | Place::RestartedStrict)
    }

    /// Whether it takes a Redis.
    pub fn is_shared(self) -> bool {
        #[cfg(feature = "redis")]
        return matches!(self.place, Place::Replicas | Place::ReplicasStrict);
        #[cfg(not(feature = "redis"))]
        false
    }

    /// The ledgers of its guards, of which it has one, or one a replica.
    pub fn ledgers(self) -> Vec<Arc<dyn Ledger>> {
        match self.place {
            #[cfg(feature = "redis")]
            Place::Replicas | Place::ReplicasStrict => crate::replicas::ledgers(),
            _ => vec![Arc::new(MemoryLedger::new())],
        }
    }

    /// A client of `provider` through this stack.
    pub fn client(self, provider: &Provider, plan: &PlanGuard) -> Client {
        let around: fn(Client) -> Client = match self.peer {
            Peer::Tower => |inner| inner,
            Peer::Retry => peers::retried,
            Peer::Resilience => peers::broken,
            Peer::ReqwestRetry => return clients::reqwest_retry(self.place, provider, plan),
            Peer::AsyncOpenai => return clients::async_openai(self.place, provider, plan),
        };
        let transport = provider.service();
        match self.place {
            Place::Nowhere => around(boxed(transport)),
            Place::Outside => boxed(plan.layer().layer(around(boxed(transport)))),
            _ => around(boxed(plan.layer().layer(transport))),
        }
    }
}

/// Sends each call through the next of `replicas`.
pub fn in_turn(mut replicas: Vec<Client>) -> Client {
    if replicas.len() == 1 {
        return replicas.remove(0);
    }
    let turn = AtomicUsize::new(0);
    let next = move |ask: Ask| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let replica = replicas[turn % replicas.len()].clone();
        replica.oneshot(ask)
    };
    let next = Arc::new(next);
    boxed(service_fn(move |ask| next(ask)))
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
