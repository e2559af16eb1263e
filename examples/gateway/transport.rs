//! The way out: a pooled client, with its deadlines.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use planguard::exchange::{Asked, Exchange, Verdict};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tower::Service;
use tower_http::timeout::TimeoutBody;

use crate::{config::Timeouts, journal::Line, upstream::Via};

/// How long a request of the gateway's own may take.
const POST: Duration = Duration::from_secs(10);

/// The innermost service: what it gets has been admitted.
#[derive(Clone)]
pub struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    head: Duration,
    idle: Duration,
}

/// Why an upstream gave no answer.
#[derive(Debug)]
pub enum Trouble {
    /// It cannot be reached, or its certificate is not good.
    Connect(String),
    /// No head came in time.
    Timeout(Duration),
    /// The client sent more than is allowed, or stopped sending.
    RequestBody(String),
    /// The connection broke.
    Broken(String),
}

impl Transport {
    pub fn new(timeouts: Timeouts) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(Duration::from_secs(timeouts.connect_secs)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(trusting_the_machine())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(http);
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
        let head = Duration::from_secs(timeouts.head_secs);
        Self { client, head, idle: Duration::from_secs(timeouts.idle_secs) }
    }

    /// One request of the gateway's own, to where the operator named.
    pub async fn post(&self, url: Uri, json: String) -> Result<http::StatusCode, Trouble> {
        let request = Request::post(url)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Body::from(json))
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        let answer = tokio::time::timeout(POST, self.client.request(request)).await;
        let response = answer.map_err(|_| Trouble::Timeout(POST))?;
        Ok(response.map_err(|error| Trouble::of(&error))?.status())
    }
}

/// TLS with the certificates that this machine trusts. A machine may have none,
/// as small containers do: then no server is trusted, and what needs no TLS
/// works all the same.
fn trusting_the_machine() -> ClientConfig {
    let native = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (trusted, _) = roots.add_parsable_certificates(native.certs);
    if trusted == 0 {
        tracing::warn!("this machine trusts no certificates: no upstream can be reached by https");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of both TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Trouble;
    type Future = BoxFuture<'static, Result<Self::Response, Trouble>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        note(&request);
        if let Some(via) = request.extensions_mut().remove::<Via>() {
            connect_via(&via, request.uri_mut());
        }
        let (answer, head, idle) = (self.client.request(request), self.head, self.idle);
        Box::pin(async move {
            let response = match tokio::time::timeout(head, answer).await {
                Ok(response) => response.map_err(|error| Trouble::of(&error))?,
                Err(_) => return Err(Trouble::Timeout(head)),
            };
            Ok(response.map(|body| Body::new(TimeoutBody::new(idle, body))))
        })
    }
}

/// Writes down what was found out about the request by the time it leaves.
fn note(request: &Request<Body>) {
    let told = request.extensions();
    if let Some(line) = told.get::<Line>() {
        let account = told.get::<Exchange>().map(|exchange| exchange.account().clone());
        let model = told.get::<Asked>().and_then(Asked::asked_model);
        line.sent(account, model, told.get::<Verdict>().map(|verdict| verdict.workload));
    }
}

/// What was rerouted to another server goes there.
fn connect_via(via: &Via, uri: &mut Uri) {
    if !uri.authority().is_some_and(|authority| via.instead_of.contains(authority)) {
        return;
    }
    let mut parts = std::mem::take(uri).into_parts();
    parts.scheme = Some(via.scheme.clone());
    parts.authority = Some(via.authority.clone());
    if let Ok(there) = Uri::from_parts(parts) {
        *uri = there;
    }
}

impl Trouble {
    fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let why = innermost(error);
        if error.is_connect() {
            return Self::Connect(why);
        }
        // hyper calls the error of a request's body one of its user.
        let mut source = error.source();
        while let Some(error) = source {
            if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_user) {
                return Self::RequestBody(why);
            }
            source = error.source();
        }
        Self::Broken(why)
    }
}

/// The first cause, which says more than those that wrap it.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) => write!(f, "the upstream cannot be reached ({why})"),
            Self::Timeout(after) => {
                write!(f, "the upstream gave no answer within {} s", after.as_secs())
            }
            Self::RequestBody(why) => write!(f, "the request's body cannot be passed on ({why})"),
            Self::Broken(why) => write!(f, "the upstream broke off ({why})"),
        }
    }
}

impl Error for Trouble {}
