//! From a client's request to its answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, extract::State};
use http::{HeaderMap, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Limited};
use planguard::{
    PlanGuard,
    ledger::Ledger,
    profile::Surface,
    refusal::{Dialect, Refused},
};
use tokio::sync::watch;
use tower::{Layer, ServiceExt, util::BoxCloneSyncService};
use tower_http::timeout::TimeoutBody;

use crate::{
    answer,
    config::{Config, ConfigError},
    figures,
    followed::Followed,
    journal::{Journal, Line},
    route::{NoRoute, Route, below, route},
    transport::{Transport, Trouble},
    upstream::{NoRequest, Upstream, strip_connection},
};

/// How long an answer's head waits for the first event of its stream: as long
/// as it is not sent, a refusal can still be told by status.
const FIRST_EVENT: Duration = Duration::from_secs(30);

/// How long a body that is too long is read on.
const DISCARD: Duration = Duration::from_secs(10);

/// What Claude Code asks for before its first request.
const HELLO: &str = "/api/hello";

type Stack = BoxCloneSyncService<Request<Body>, Response<Body>, Trouble>;

/// What all requests share.
pub struct Gateway {
    pub plan: PlanGuard,
    pub ledger: Arc<dyn Ledger>,
    pub upstreams: Vec<Upstream>,
    pub journal: Journal,
    pub posture: &'static str,
    /// Becomes true when the gateway is stopped.
    pub stopping: watch::Sender<bool>,
    openai: Stack,
    responses: Stack,
    anthropic: Stack,
    max_body: usize,
    idle: Duration,
}

impl Gateway {
    pub fn new(
        config: &Config,
        upstreams: Vec<Upstream>,
        plan: PlanGuard,
        ledger: Arc<dyn Ledger>,
        transport: &Transport,
    ) -> Result<Self, ConfigError> {
        let max_body = config.max_body_mib.checked_mul(1024 * 1024);
        let max_body =
            max_body.ok_or_else(|| config.wrong("max_body_mib", "max_body_mib is too large"))?;
        Ok(Self {
            openai: stack(&plan, Dialect::OpenAi, transport),
            responses: stack(&plan, Dialect::Responses, transport),
            anthropic: stack(&plan, Dialect::Anthropic, transport),
            journal: Journal::new(),
            posture: config.posture.as_str(),
            stopping: watch::Sender::new(false),
            idle: Duration::from_secs(config.timeouts.idle_secs),
            plan,
            ledger,
            upstreams,
            max_body,
        })
    }

    /// The upstream with the longest path that `path` lies under, and the rest.
    fn upstream<'a>(&'a self, path: &'a str) -> Option<(&'a Upstream, &'a str)> {
        self.upstreams
            .iter()
            .filter_map(|upstream| Some((upstream, below(path, &upstream.path)?)))
            .max_by_key(|(upstream, _)| upstream.path.len())
    }

    fn stack(&self, surface: Surface) -> Stack {
        match Dialect::from(surface) {
            Dialect::Anthropic => self.anthropic.clone(),
            Dialect::Responses => self.responses.clone(),
            _ => self.openai.clone(),
        }
    }
}

/// Guard around transport. Retrying is the clients' business, outside.
fn stack(plan: &PlanGuard, dialect: Dialect, transport: &Transport) -> Stack {
    let layer = plan.layer().hold_head_for_first_event(FIRST_EVENT).answer_refusals(dialect);
    let guarded = layer.layer(transport.clone());
    BoxCloneSyncService::new(guarded.map_response(|response| response.map(Body::new)))
}

/// Passes one request on.
pub async fn proxy(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let Some((upstream, rest)) = gateway.upstream(&path) else {
        let serves: Vec<_> = gateway.upstreams.iter().map(|up| up.path.as_str()).collect();
        let message = format!("{path} leads to no upstream; there is {}", serves.join(", "));
        let surface = guess(&path, request.headers());
        return answer::error(surface, StatusCode::NOT_FOUND, &message);
    };
    if rest == HELLO {
        return Response::new(Body::empty());
    }
    let guess = || guess(rest, request.headers());
    let route = match route(request.method(), rest, request.headers()) {
        Ok(route) => route,
        Err(NoRoute::Method(methods)) => return answer::only(guess(), methods, &path),
        Err(NoRoute::Path) => {
            let message = format!(
                "{path} is not served; there is /v1/chat/completions, /v1/responses, /v1/messages and /v1/models, with or without /v1"
            );
            return answer::error(guess(), StatusCode::NOT_FOUND, &message);
        }
    };
    let began = Instant::now();
    let response = forward(&gateway, upstream, &route, request).await;
    figures::answered(route.surface, response.status(), began);
    response
}

async fn forward(
    gateway: &Gateway,
    upstream: &Upstream,
    route: &Route,
    request: Request<Body>,
) -> Response<Body> {
    let surface = route.surface;
    let method = request.method().clone();
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > gateway.max_body) {
        let message = format!(
            "the request is longer than {} MiB; nothing was sent upstream (max_body_mib raises that)",
            gateway.max_body / 1024 / 1024
        );
        // A client that is still sending would not read an answer.
        discard(request.into_body()).await;
        return answer::error(surface, StatusCode::PAYLOAD_TOO_LARGE, &message);
    }
    let line = gateway.journal.begin(request.headers(), surface);
    let waiting = line.waiting();
    let request = request.map(|body| bounded(body, gateway.max_body, gateway.idle));
    let response = match upstream.prepare(route, request) {
        Ok(mut request) => {
            request.extensions_mut().insert(line.clone());
            match gateway.stack(surface).oneshot(request).await {
                Ok(response) if leads_elsewhere(response.status()) => {
                    let message = "the upstream redirects, and whoever follows goes past the guard: correct its base URL";
                    not_sent(&line, surface, StatusCode::BAD_GATEWAY, message)
                }
                Ok(response) if response.status().is_informational() => {
                    let message = "the upstream changed the protocol, which nobody asked it to";
                    not_sent(&line, surface, StatusCode::BAD_GATEWAY, message)
                }
                Ok(mut response) => {
                    line.answered(response.status(), response.extensions().get::<Refused>());
                    strip_connection(response.headers_mut());
                    Followed::answer(response, &method, line, surface)
                }
                Err(trouble) => failed(&line, surface, &trouble),
            }
        }
        Err(why) => unprepared(&line, upstream, surface, why),
    };
    waiting.over();
    response
}

/// A client that follows it would go past the guard, with its key.
fn leads_elsewhere(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}

/// A request that cannot be made one to `upstream`.
fn unprepared(
    line: &Line,
    upstream: &Upstream,
    surface: Surface,
    why: NoRequest,
) -> Response<Body> {
    let (path, name) = (&upstream.path, surface.as_str());
    let (status, message) = match why {
        NoRequest::Format => (
            StatusCode::NOT_FOUND,
            format!(
                "the upstream at {path} has no base URL for this format: add `{name} = \"https://…\"` to its [[upstream]]"
            ),
        ),
        NoRequest::Credentials => (
            StatusCode::BAD_REQUEST,
            "Authorization and x-api-key hold different keys; send one of them".to_owned(),
        ),
        NoRequest::TooLong => {
            (StatusCode::URI_TOO_LONG, "the path and its query are too long".to_owned())
        }
    };
    not_sent(line, surface, status, &message)
}

fn not_sent(line: &Line, surface: Surface, status: StatusCode, message: &str) -> Response<Body> {
    line.failed(status, message.to_owned());
    answer::error(surface, status, message)
}

fn failed(line: &Line, surface: Surface, trouble: &Trouble) -> Response<Body> {
    let sent = match trouble {
        Trouble::Connect(_) => "nothing was sent upstream",
        _ => "the request may have been sent",
    };
    let response = answer::trouble(surface, trouble, sent);
    line.failed(response.status(), trouble.to_string());
    response
}

/// A request's body that ends with an error where it is too long, or where
/// nothing more of it comes.
fn bounded(body: Body, most: usize, idle: Duration) -> Body {
    match body.is_end_stream() {
        // It has none, and says so.
        true => Body::empty(),
        false => Body::new(TimeoutBody::new(idle, Limited::new(body, most))),
    }
}

/// Reads what a client still sends, for a while.
async fn discard(mut body: Body) {
    let read = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(DISCARD, read).await;
}

/// The format of a path that is not served, for the form of its error.
pub fn guess(path: &str, headers: &HeaderMap) -> Surface {
    match path.contains("/messages") || headers.contains_key("anthropic-version") {
        true => Surface::Anthropic,
        false => Surface::Openai,
    }
}
