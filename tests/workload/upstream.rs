//! What arrived, as it arrived.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, request::Parts};
use http_body::{Body, SizeHint};
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use planguard::{
    exchange::{Verdict, Workload},
    profile::{Registry, zai},
    workload::{Classifier, Limits, Policy, View, WorkloadLayer},
};
use tokio::time::Instant;

pub const PLAN: &str = "https://api.z.ai/api/anthropic/v1/messages";
/// Other work than coding, beyond doubt.
pub const STORY: &str = "Write me a bedtime story about a dragon who is afraid of the dark";

/// The body of a turn of `words`.
pub fn turn(words: &str) -> String {
    serde_json::json!({"model": "glm-5.2", "messages": [{"role": "user", "content": words}]})
        .to_string()
}

/// A request to the plan.
pub fn request<B>(body: B) -> Request<B> {
    Request::post(PLAN).header("authorization", "Bearer a.secret").body(body).unwrap()
}

/// The guard alone, for Z.AI's plan.
pub fn layer(policy: Policy) -> WorkloadLayer {
    WorkloadLayer::new(Registry::new(&[zai()]), policy)
}

pub fn limit(bytes: usize) -> Limits {
    let mut limits = Limits::default();
    limits.body_bytes = bytes;
    limits
}

/// One frame of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    Error(String),
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub head: Parts,
    /// What the body said of itself before it was read.
    pub hint: SizeHint,
    pub was_over: bool,
    pub pieces: Vec<(Duration, Piece)>,
}

/// What arrived at an upstream. Clones are the same book.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Vec<Arrived>>>);

impl Book {
    pub fn all(&self) -> Vec<Arrived> {
        self.0.lock().clone()
    }

    /// The only one.
    pub fn one(&self) -> Arrived {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "one request arrived");
        all.remove(0)
    }
}

impl Arrived {
    pub fn pieces(&self) -> Vec<Piece> {
        self.pieces.iter().map(|(_, piece)| piece.clone()).collect()
    }
}

pub type Answering =
    Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send>>;

/// A service that reads every request to its end, writes it down and answers.
pub fn upstream<B>(
    book: &Book,
) -> tower::util::ServiceFn<impl Fn(Request<B>) -> Answering + Clone + use<B>>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: ToString + Send,
{
    let book = book.clone();
    tower::service_fn(move |request: Request<B>| {
        let book = book.clone();
        let answering: Answering = Box::pin(async move {
            let (head, body) = request.into_parts();
            let (hint, was_over) = (body.size_hint(), body.is_end_stream());
            let pieces = pieces(body).await;
            book.0.lock().push(Arrived { head, hint, was_over, pieces });
            Ok(Response::new(Full::from("answered")))
        });
        answering
    })
}

/// All frames of `body`, and when each of them came.
pub async fn pieces<B>(body: B) -> Vec<(Duration, Piece)>
where
    B: Body<Data = Bytes>,
    B::Error: ToString,
{
    let (began, mut pieces) = (Instant::now(), Vec::new());
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        let piece = match frame {
            Ok(frame) => match frame.into_data() {
                Ok(data) => Piece::Data(data),
                Err(frame) => Piece::Trailers(frame.into_trailers().unwrap()),
            },
            Err(error) => Piece::Error(error.to_string()),
        };
        pieces.push((began.elapsed(), piece));
    }
    pieces
}

/// Passes everything, and remembers the words that it was asked about.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub fn about(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

impl Classifier for Asked {
    fn classify(&self, view: &View) -> Verdict {
        self.0.lock().push(view.newest.clone());
        Verdict::new(Workload::Coding)
    }
}

/// Runs `test` on a clock that is paused.
pub fn on_paused_clock<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(test)
}
