//! Requests, transports, and what came over them.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture, stream};
use http::{HeaderMap, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody, combinators::BoxBody};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use parking_lot::Mutex;
use planguard::{
    BoxError, PlanGuard,
    clock::TokioClock,
    ledger::MemoryLedger,
    profile::zai,
    refusal::Refused,
    sim::{self, Provider, ServeOptions, Server},
};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

pub const METERED: &str = "https://api.z.ai/api/paas/v4/chat/completions";

/// A surface of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    OpenAi,
    Anthropic,
    Responses,
}

impl Surface {
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Responses];

    pub fn url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.z.ai/api/coding/paas/v4/chat/completions",
            Self::Anthropic => "https://api.z.ai/api/anthropic/v1/messages",
            Self::Responses => "https://api.z.ai/api/v1/responses",
        }
    }
}

/// How requests reach the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    InProcess,
    Http1,
    Http2,
}

pub type WireRequest = Request<Full<Bytes>>;
pub type WireBody = BoxBody<Bytes, BoxError>;

/// A request of the account `id`.
pub fn request(url: &str, id: &str, stream: bool) -> WireRequest {
    let body = format!(r#"{{"model":"glm-5.2","messages":[],"stream":{stream}}}"#);
    Request::post(url)
        .header("authorization", format!("Bearer {id}.secret"))
        .header("user-agent", "planguard-tests/1")
        .body(Full::from(body))
        .unwrap()
}

/// A whole second before all that the tests say.
pub fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

/// A provider on the tests' date, which answers at once on real sockets.
pub fn provider(transport: Transport) -> sim::Builder {
    let builder = Provider::builder().starting_at(start());
    match transport {
        Transport::InProcess => builder,
        Transport::Http1 | Transport::Http2 => builder.latency(Duration::ZERO).pace(Duration::ZERO),
    }
}

/// A guard of the Z.AI plan, on the tests' date.
pub fn guard() -> planguard::Builder {
    PlanGuard::builder(zai()).ledger(MemoryLedger::new()).clock(TokioClock::starting_at(start()))
}

/// One call of `service`, its types erased. Sent when it is made.
fn boxed<S, B>(
    mut service: S,
    request: WireRequest,
) -> impl Future<Output = Result<Response<WireBody>, BoxError>> + Send + 'static
where
    S: Service<WireRequest, Response = Response<B>, Future: Send + 'static, Error: Into<BoxError>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let future = service.call(request);
    async move {
        let response = future.await.map_err(Into::into)?;
        Ok(response.map(|body| body.map_err(Into::into).boxed()))
    }
}

/// One response as it came over the wire.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

/// A transport that writes down what comes over it. Clones write to the same
/// book.
#[derive(Clone)]
pub struct Wire {
    inner: BoxCloneSyncService<WireRequest, Response<WireBody>, BoxError>,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: Option<Arc<Server>>,
}

impl Wire {
    pub fn in_process(provider: &Provider) -> Self {
        let service = provider.service();
        let service =
            tower::service_fn(move |request: WireRequest| boxed(service.clone(), request));
        Self::new(BoxCloneSyncService::new(service))
    }

    pub fn new(inner: BoxCloneSyncService<WireRequest, Response<WireBody>, BoxError>) -> Self {
        Self { inner, seen: Arc::default(), _server: None }
    }

    pub async fn to(provider: &Provider, transport: Transport) -> Self {
        match transport {
            Transport::InProcess => Self::in_process(provider),
            Transport::Http1 => Self::over_sockets(provider, false, ServeOptions::new()).await,
            Transport::Http2 => Self::over_sockets(provider, true, ServeOptions::new()).await,
        }
    }

    /// The same in process, where bodies tell neither their length nor their
    /// end, as within tower-http's `TimeoutBody`, and end late. The head says
    /// how long they are, if it `announces` that.
    pub fn forgetful(provider: &Provider, announces: bool) -> Self {
        let inner = Self::in_process(provider).inner;
        let inner = inner.and_then(async move |response: Response<WireBody>| {
            let (mut head, body) = response.into_parts();
            let frames: Vec<_> = StreamExt::collect(BodyStream::new(body)).await;
            let data = frames.iter().flatten().filter_map(Frame::data_ref);
            if announces {
                let length: usize = data.map(Bytes::len).sum();
                head.headers.insert(CONTENT_LENGTH, length.into());
            }
            let end = stream::once(tokio::time::sleep(Duration::from_secs(60)));
            let frames = stream::iter(frames).chain(end.filter_map(async |()| None));
            Ok(Response::from_parts(head, BodyExt::boxed(StreamBody::new(frames))))
        });
        Self::new(BoxCloneSyncService::new(inner))
    }

    /// Sends every request to the provider's port, whatever its host.
    pub async fn over_sockets(provider: &Provider, http2: bool, options: ServeOptions) -> Self {
        let server = provider.serve_with(options).await.unwrap();
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let addr = server.addr();
        let service = tower::service_fn(move |mut request: WireRequest| {
            let path = request.uri().path();
            *request.uri_mut() = format!("http://{addr}{path}").parse().unwrap();
            boxed(client.clone(), request)
        });
        Self { _server: Some(Arc::new(server)), ..Self::new(BoxCloneSyncService::new(service)) }
    }

    /// The responses that came, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }
}

impl Service<WireRequest> for Wire {
    type Response = Response<WireBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        let (future, seen) = (self.inner.call(request), self.seen.clone());
        Box::pin(async move {
            let response = future.await?;
            let place = {
                let mut seen = seen.lock();
                let (status, headers) = (response.status(), response.headers().clone());
                seen.push(Seen { status, headers, bytes: Vec::new() });
                seen.len() - 1
            };
            Ok(response.map(|inner| Noted { inner, seen, place }.boxed()))
        })
    }
}

/// A body whose bytes are written down.
struct Noted {
    inner: WireBody,
    seen: Arc<Mutex<Vec<Seen>>>,
    place: usize,
}

impl Body for Noted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|f| f.as_ref().ok()).and_then(Frame::data_ref) {
            self.seen.lock()[self.place].bytes.extend_from_slice(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// One response as the caller got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

/// Sends a request to `service` and reads the answer to its end.
pub async fn hear<S, B>(service: S, request: WireRequest) -> Result<Heard, Refused>
where
    S: Service<WireRequest, Response = Response<B>, Error = BoxError>,
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    match service.oneshot(request).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.expect("a whole body").to_bytes();
            Ok(Heard { status: head.status, headers: head.headers, bytes })
        }
        Err(error) => Err(Refused::find(error.as_ref()).expect("a refusal").clone()),
    }
}
