//! A gateway with an upstream of its own.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use planguard::sim::{Provider, Script};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    app::App,
    config::{Config, Upstream},
    secret::Secret,
};

pub const CODING: &str = r#"{"model":"glm-5.2","messages":[{"role":"user","content":"Rename foo to bar in src/main.rs and fix the tests"}]}"#;
pub const KEY: &str = "tester.very-secret";

/// What arrived upstream.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

type Answer = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// A server that answers as a test wants.
pub struct Behind {
    pub addr: SocketAddr,
    pub arrived: Arc<Mutex<Vec<Arrived>>>,
    _tasks: JoinSet<()>,
}

impl Behind {
    /// Reads each request to its end, and then answers.
    pub async fn answering<F>(answer: F) -> Self
    where
        F: Fn(&Arrived) -> Response<Body> + Send + Sync + 'static,
    {
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (arrived.clone(), Arc::new(answer));
        Self::with(arrived, move |request| {
            let (log, answer) = (log.clone(), answer.clone());
            Box::pin(async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map(|all| all.to_bytes()).unwrap_or_default();
                let (method, uri, headers) = (parts.method, parts.uri, parts.headers);
                let one = Arrived { method, uri, headers, body };
                log.lock().unwrap().push(one.clone());
                answer(&one)
            })
        })
        .await
    }

    pub async fn with<F>(arrived: Arc<Mutex<Vec<Arrived>>>, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> BoxFuture<'static, Response<Body>> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let answer: Answer = Arc::new(answer);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let answer = answer(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let builder = auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { addr, arrived, _tasks: tasks }
    }

    /// One that answers everything alike.
    pub async fn json(text: &'static str) -> Self {
        Self::answering(move |_| {
            Response::builder()
                .header("content-type", "application/json")
                .body(text.into())
                .unwrap()
        })
        .await
    }

    /// One that answers one request with a stream of what is sent to it.
    pub async fn streaming() -> (Self, mpsc::Sender<Bytes>) {
        let (send, events) = mpsc::channel::<Bytes>(8);
        let events = Mutex::new(Some(events));
        let behind = Self::answering(move |_| {
            let events = events.lock().unwrap().take().expect("one request");
            let stream = futures_util::stream::unfold(events, |mut events| async {
                Some((Ok::<_, Infallible>(events.recv().await?), events))
            });
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(Body::from_stream(stream))
                .unwrap()
        });
        (behind.await, send)
    }

    pub fn count(&self) -> usize {
        self.arrived.lock().unwrap().len()
    }

    /// Waits until `n` requests have come.
    pub async fn hears(&self, n: usize) {
        let heard = async {
            while self.count() < n {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), heard).await.expect("it hears");
    }

    pub fn last(&self) -> Arrived {
        self.arrived.lock().unwrap().last().expect("something arrived").clone()
    }
}

/// A gateway that runs until this is dropped.
pub struct Desk {
    pub addr: SocketAddr,
    pub folder: tempfile::TempDir,
    pub plan: planguard::PlanGuard,
    stop: Option<oneshot::Sender<()>>,
    pub served: tokio::task::JoinHandle<()>,
}

/// A configuration that leads to `via` in place of the plan.
pub fn config(via: SocketAddr) -> Config {
    let upstream = Upstream { via: Some(format!("http://{via}")), ..Upstream::zai() };
    Config { upstream: vec![upstream], ..Config::default() }
}

impl Desk {
    pub async fn before(via: SocketAddr) -> Self {
        Self::with(config(via)).await
    }

    pub async fn with(mut config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("ledger.jsonl").display().to_string();
        config.ledger.get_or_insert(place);
        let app = App::new(&config).await.unwrap();
        let plan = app.plan();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            app.serve(listener, stopped).await;
        });
        Self { addr, folder, plan, stop: Some(stop), served }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Asks as an SDK does.
    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new()
            .post(self.url(path))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {KEY}"))
            .header("user-agent", "OpenAI/Python 2.54.0")
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub async fn status(&self) -> serde_json::Value {
        let url = self.url("/planguard/status.json");
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// A secret in a file of `folder` that its owner alone may read.
pub fn secret(folder: &tempfile::TempDir, text: &str) -> Secret {
    let file = folder.path().join("secret");
    std::fs::write(&file, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    format!("file:{}", file.display()).try_into().unwrap()
}

/// The simulated provider, which gives `answers` in turn.
pub async fn simulated<const N: usize>(
    answers: [planguard::sim::Answer; N],
) -> (Provider, planguard::sim::Server) {
    let provider = Provider::builder()
        .mode(Script::new(answers))
        .latency(std::time::Duration::ZERO)
        .pace(std::time::Duration::ZERO)
        .build();
    let server = provider.serve().await.unwrap();
    (provider, server)
}

pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
