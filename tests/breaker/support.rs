//! A transport that plays a script and reports signals as a detector would.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use planguard::{
    BoxError, PlanGuard,
    breaker::BreakerBody,
    exchange::{Exchange, Report},
    refusal::Refused,
    signal::{Certainty, Class, Signal},
};
use tower::{Layer, Service, ServiceExt};

/// What the transport answers.
#[derive(Clone, Debug)]
pub enum Play {
    /// 200 with a body.
    Good,
    /// A signal of this class with the head.
    Says(Class),
    /// A connection error.
    Breaks,
    /// Never.
    Hangs,
}

/// Answers each call as `play` says, after 100 ms of tokio's clock.
#[derive(Clone)]
pub struct Transport {
    play: Arc<dyn Fn(u32) -> Play + Send + Sync>,
    pub hits: Arc<AtomicU32>,
    takes: bool,
}

impl Transport {
    pub fn new(play: impl Fn(u32) -> Play + Send + Sync + 'static) -> Self {
        Self { play: Arc::new(play), hits: Arc::default(), takes: true }
    }

    /// One that leaves the exchange alone, as without a detect layer.
    pub fn without_detector(mut self) -> Self {
        self.takes = false;
        self
    }

    pub fn hits(&self) -> u32 {
        self.hits.load(Ordering::SeqCst)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("connection broke")]
pub struct Broke;

impl Service<Request<Full<Bytes>>> for Transport {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let play = (self.play)(self.hits.fetch_add(1, Ordering::SeqCst) + 1);
        let exchange = request.extensions().get::<Exchange>().cloned();
        if let Some(exchange) = exchange.as_ref().filter(|_| self.takes) {
            exchange.take();
        }
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            match play {
                Play::Good => Ok(Response::new(Full::new(Bytes::from_static(b"{\"choices\":[]}")))),
                Play::Breaks => Err(Broke.into()),
                Play::Hangs => std::future::pending().await,
                Play::Says(class) => {
                    let body = Bytes::from_static(b"{\"error\":{}}");
                    if let Some(exchange) = exchange {
                        let signal = said(class);
                        exchange.report(Report { signal, body: body.clone() });
                    }
                    let mut response = Response::new(Full::new(body));
                    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                    Ok(response)
                }
            }
        })
    }
}

/// A signal of `class` in the provider's words.
pub fn said(class: Class) -> Signal {
    let certainty = match class {
        Class::PolicyThrottle => Certainty::Suspected,
        _ => Certainty::Confirmed,
    };
    let mut signal = Signal::new(class, certainty, 429);
    signal.code = Some("1313".to_owned());
    signal.message = "the provider's own words".to_owned();
    signal
}

pub const PLAN: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
pub const METERED: &str = "https://api.z.ai/api/paas/v4/chat/completions";

/// A request of the account that `key` names.
pub fn request(url: &str, key: &str) -> Request<Full<Bytes>> {
    Request::post(url)
        .header("authorization", format!("Bearer {key}"))
        .header("user-agent", "planguard-tests/1")
        .body(Full::new(Bytes::from_static(b"{}")))
        .expect("a valid request")
}

pub type Answered = Result<Response<BreakerBody<Full<Bytes>>>, BoxError>;

/// Sends one request through the breaker of `plan`.
pub async fn send(plan: &PlanGuard, transport: &Transport, url: &str) -> Answered {
    plan.breaker_layer().layer(transport.clone()).oneshot(request(url, "an-id.a-secret")).await
}

/// Sends one request and reads its body to the end.
pub async fn ask(plan: &PlanGuard, transport: &Transport) -> Result<StatusCode, Refused> {
    match send(plan, transport, PLAN).await {
        Ok(response) => {
            let status = response.status();
            let _: Result<_, Infallible> = response.into_body().collect().await;
            Ok(status)
        }
        Err(error) => Err(Refused::find(error.as_ref()).expect("a refusal").clone()),
    }
}
