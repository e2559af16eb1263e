//! The detect layer over services that answer as providers and networks do.

#[path = "detect/events.rs"]
mod events;
#[path = "support/heard.rs"]
mod heard;

use std::{
    collections::VecDeque,
    convert::Infallible,
    error::Error as _,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use planguard::{
    detect::{Detect, DetectLayer, InspectBody, ResponseFuture},
    exchange::{Detection, Exchange, FinalUrl, Uninspected},
    profile::{self, Registry},
    signal::Class,
};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};

use heard::{Heard, admitted};

const CHAT: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
const STRIKE: &str = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;

// --- a body that does as it is told ---------------------------------------------

#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Pending,
    /// Pending, and nobody will ever wake.
    Silence,
    After(Duration),
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken;
impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection reset")
    }
}
impl std::error::Error for Broken {}

#[derive(Default)]
struct Scripted {
    steps: VecDeque<Step>,
    /// Knows its length, and so its end, as a body with Content-Length does.
    knows_its_end: bool,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Scripted {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), ..Self::default() }
    }

    fn of(text: &str) -> Self {
        Self::new([Step::Data(Bytes::copy_from_slice(text.as_bytes()))])
    }

    fn knowing_its_end(mut self) -> Self {
        self.knows_its_end = true;
        self
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                std::task::ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            return Poll::Ready(match self.steps.pop_front() {
                None => None,
                Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
                Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
                Some(Step::Error) => Some(Err(Broken)),
                Some(Step::Pending) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Silence) => {
                    self.steps.push_front(Step::Silence);
                    return Poll::Pending;
                }
                Some(Step::After(time)) => {
                    self.sleep = Some(Box::pin(tokio::time::sleep(time)));
                    continue;
                }
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.knows_its_end {
            return SizeHint::default();
        }
        let len = |step: &Step| if let Step::Data(data) = step { data.len() as u64 } else { 0 };
        SizeHint::with_exact(self.steps.iter().map(len).sum())
    }
}

// --- a call ---------------------------------------------------------------------

fn registry() -> Registry {
    Registry::new(&[profile::zai()])
}

fn request(uri: &str) -> (Request<()>, Arc<Heard>, Exchange) {
    let claim = registry().claim(&CHAT.parse().unwrap(), &HeaderMap::new()).unwrap();
    let (exchange, heard) = admitted(claim);
    let mut request = Request::post(uri).body(()).unwrap();
    request.extensions_mut().insert(exchange.clone());
    (request, heard, exchange)
}

fn response(status: u16, kind: &str, body: Scripted) -> Response<Scripted> {
    let kind = HeaderValue::from_str(kind).unwrap();
    Response::builder().status(status).header("content-type", kind).body(body).unwrap()
}

async fn detect(
    request: Request<()>,
    response: Response<Scripted>,
) -> Response<InspectBody<Scripted>> {
    detect_with(DetectLayer::new(registry()), request, response).await
}

async fn detect_with(
    layer: DetectLayer,
    request: Request<()>,
    response: Response<Scripted>,
) -> Response<InspectBody<Scripted>> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    layer.layer(service).oneshot(request).await.unwrap()
}

/// What came out of a body: frames as text, trailers and errors by name.
async fn frames<B>(body: B) -> Vec<String>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => match frame.into_data() {
                Ok(data) => out.push(format!("{data:?}")),
                Err(frame) => out.push(format!("trailers {:?}", frame.into_trailers())),
            },
            Err(error) => {
                out.push(format!("error {error}"));
                break;
            }
        }
    }
    out
}

fn chunks(text: &str, size: usize) -> Vec<Step> {
    text.as_bytes()
        .chunks(size)
        .flat_map(|chunk| [Step::Pending, Step::Data(Bytes::copy_from_slice(chunk))])
        .collect()
}

// --- when and what is reported --------------------------------------------------

#[tokio::test]
async fn a_strike_is_reported_before_the_response_is_there() {
    for size in [1, 7, 4096] {
        let (request, heard, exchange) = request(CHAT);
        let answer = response(429, "application/json", Scripted::new(chunks(STRIKE, size)));
        let response = detect(request, answer).await;
        assert!(exchange.is_taken());
        assert_eq!(heard.classes(), [Class::PolicyViolation]);
        assert_eq!(heard.reports.lock()[0].body, STRIKE);
        let detection = response.extensions().get::<Detection>().unwrap();
        assert_eq!(detection.signal().unwrap().class, Class::PolicyViolation);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), STRIKE);
    }
}

#[tokio::test]
async fn without_an_exchange_the_response_is_only_annotated() {
    let request = Request::post(CHAT).body(()).unwrap();
    let response = detect(request, response(429, "application/json", Scripted::of(STRIKE))).await;
    assert!(response.extensions().get::<Detection>().unwrap().signal().is_some());
}

#[tokio::test]
async fn a_host_that_nobody_claims_is_left_alone() {
    let request = Request::post("https://api.z.ai.example/api/coding/paas/v4").body(()).unwrap();
    let silent = Scripted::new([Step::Silence]);
    let response = detect(request, response(429, "application/json", silent)).await;
    assert!(response.extensions().get::<Detection>().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_slow_end_is_not_waited_for() {
    let (request, heard, _) = request(CHAT);
    let steps = [Step::Data(STRIKE.into()), Step::Silence];
    let response = detect(request, response(429, "application/json", Scripted::new(steps)))
        .now_or_never()
        .expect("the value is complete");
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    drop(response);
}

#[tokio::test(start_paused = true)]
async fn an_error_body_that_never_ends_is_judged_after_five_seconds() {
    let (request, heard, _) = request(CHAT);
    let start = tokio::time::Instant::now();
    let steps = [Step::Data(r#"{"error":{"code":"1313","#.into()), Step::Silence];
    let response = detect(request, response(429, "application/json", Scripted::new(steps))).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    let mut body = response.into_body();
    assert!(body.frame().await.is_some());
    assert!(body.frame().now_or_never().is_none());
}

/// The provider is slow, or says much before it says why.
#[tokio::test(start_paused = true)]
async fn an_error_of_which_too_little_came_is_read_on_as_it_flows() {
    let rest = r#"{"code":"1313","message":"x"}}"#;
    let slow = [
        Step::Data(r#"{"error":"#.into()),
        Step::After(Duration::from_secs(6)),
        Step::Data(rest.into()),
    ];
    let much = " ".repeat(70_000);
    let wordy =
        [Step::Data(r#"{"error":"#.into()), Step::Data(much.into()), Step::Data(rest.into())];
    let event = [
        Step::Data("data: {\"error\":".into()),
        Step::After(Duration::from_secs(6)),
        Step::Data(format!("{rest}\n\n").into()),
    ];
    for (kind, steps) in
        [("application/json", slow), ("application/json", wordy), ("text/event-stream", event)]
    {
        let (request, heard, _) = request(CHAT);
        let response = detect(request, response(429, kind, Scripted::new(steps))).await;
        assert!(heard.classes().is_empty(), "{kind}");
        response.into_body().collect().await.unwrap();
        assert_eq!(heard.classes(), [Class::PolicyViolation], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_never_says_why_is_unknown_once_it_is_over() {
    for dropped in [false, true] {
        let (request, heard, _) = request(CHAT);
        let steps = [
            Step::Data(r#"{"error":{"message":"so"#.into()),
            Step::After(Duration::from_secs(9)),
            Step::Data(r#"rry"}}"#.into()),
        ];
        let response =
            detect(request, response(403, "application/json", Scripted::new(steps))).await;
        assert!(heard.classes().is_empty());
        if dropped {
            drop(response);
        } else {
            response.into_body().collect().await.unwrap();
        }
        assert_eq!(heard.classes(), [Class::Unknown]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_200_is_held_two_seconds_at_most_and_read_on_as_it_flows() {
    let (request, heard, _) = request(CHAT);
    let start = tokio::time::Instant::now();
    let rest = r#""error":{"code":"1313","message":"x"}}"#;
    let steps = [
        Step::Data(r#"{"id":"1","#.into()),
        Step::After(Duration::from_secs(9)),
        Step::Data(rest.into()),
    ];
    let response = detect(request, response(200, "application/json", Scripted::new(steps))).await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert!(heard.classes().is_empty());
    response.into_body().collect().await.unwrap();
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
}

#[tokio::test(start_paused = true)]
async fn an_error_with_status_200_is_read_like_an_error() {
    let (request, heard, _) = request(CHAT);
    let rest = r#"{"code":"1313","message":"x"}}"#;
    let steps = [
        Step::Data(r#"{"type":"error","error":"#.into()),
        Step::After(Duration::from_secs(4)),
        Step::Data(rest.into()),
    ];
    detect(request, response(200, "application/json", Scripted::new(steps))).await;
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
}

#[tokio::test]
async fn a_success_is_released_at_its_first_decisive_key() {
    let (request, heard, _) = request(CHAT);
    let steps = [Step::Data(r#"{"id":"1","choices":["#.into()), Step::Silence];
    let response = detect(request, response(200, "application/json", Scripted::new(steps)))
        .now_or_never()
        .expect("a success is not held");
    drop(response);
    assert!(heard.classes().is_empty());
}

#[tokio::test]
async fn an_ordinary_text_and_a_stream_are_not_held() {
    for (kind, begin) in
        [("text/plain", "It was"), ("text/html", "<html>"), ("text/event-stream", "data: {")]
    {
        let (request, ..) = request(CHAT);
        let steps = [Step::Data(begin.into()), Step::Silence];
        let held = detect(request, response(200, kind, Scripted::new(steps))).now_or_never();
        assert!(held.is_some(), "{kind}");
    }
}

#[tokio::test]
async fn a_strike_in_a_stream_is_reported_in_the_poll_that_completes_it() {
    let (request, heard, _) = request(CHAT);
    let steps = [
        Step::Data("data: {\"choices\":[]}\n\n".into()),
        Step::Data(format!("data: {STRIKE}").into()),
        Step::Silence,
    ];
    let response = detect(request, response(200, "text/event-stream", Scripted::new(steps))).await;
    let mut body = response.into_body();
    body.frame().await;
    assert!(heard.classes().is_empty());
    body.frame().await;
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    assert!(heard.reports.lock()[0].body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_first_event_can_be_waited_for() {
    let strike = format!("data: {STRIKE}\n\n");
    let (request, heard, _) = request(CHAT);
    let steps = [
        Step::Data(": hello\n\n".into()),
        Step::After(Duration::from_secs(1)),
        Step::Data(strike.into()),
    ];
    let layer = DetectLayer::new(registry()).hold_head_for_first_event(Duration::from_secs(3));
    let answer = response(200, "text/event-stream", Scripted::new(steps));
    let response = detect_with(layer.clone(), request, answer).await;
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    assert_eq!(frames(response.into_body()).await.len(), 2);

    let (request, ..) = self::request(CHAT);
    let start = tokio::time::Instant::now();
    let answer = self::response(200, "text/event-stream", Scripted::new([Step::Silence]));
    detect_with(layer, request, answer).await;
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

// --- drops, errors, ends ----------------------------------------------------------

#[tokio::test(start_paused = true)]
async fn a_timeout_in_the_middle_of_an_error_body_does_not_lose_the_strike() {
    let (request, heard, _) = request(CHAT);
    let steps = [Step::Data(r#"{"error":{"code":"1313","message":"Fair "#.into()), Step::Silence];
    let call = detect(request, response(429, "application/json", Scripted::new(steps)));
    assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    assert!(!heard.reports.lock()[0].body.is_empty());
}

#[tokio::test]
async fn an_error_body_of_which_nothing_came_is_no_plain_rate_limit() {
    let (request, heard, _) = request(CHAT);
    let call = detect(request, response(429, "application/json", Scripted::new([Step::Silence])));
    assert!(call.now_or_never().is_none());
    assert_eq!(heard.classes(), [Class::Unknown]);
}

#[tokio::test]
async fn a_stream_that_is_dropped_reports_what_was_read() {
    let (request, heard, _) = request(CHAT);
    let steps =
        [Step::Data(format!("data: {}", &STRIKE[..STRIKE.len() - 2]).into()), Step::Silence];
    let response = detect(request, response(200, "text/event-stream", Scripted::new(steps))).await;
    let mut body = response.into_body();
    body.frame().await;
    assert!(heard.classes().is_empty());
    drop(body);
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
}

#[tokio::test]
async fn a_stream_whose_length_is_known_need_not_be_polled_to_its_end() {
    let (request, heard, _) = request(CHAT);
    let text = "data: [1313][Fair Usage Policy]";
    let answer = response(200, "text/event-stream", Scripted::of(text).knowing_its_end());
    let mut body = detect(request, answer).await.into_body();
    assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
    body.frame().await;
    assert!(body.is_end_stream());
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
}

#[tokio::test]
async fn a_body_that_fails_is_judged_and_fails_for_the_caller_too() {
    let (request, heard, _) = request(CHAT);
    let steps = [Step::Data(r#"{"error":{"code":"1313","#.into()), Step::Error];
    let response = detect(request, response(429, "application/json", Scripted::new(steps))).await;
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    assert_eq!(frames(response.into_body()).await.last().unwrap(), "error connection reset");
}

// --- what is not inspected --------------------------------------------------------

#[tokio::test]
async fn nothing_is_read_where_there_is_nothing_to_read() {
    let head = |method: Method, status: u16, kind: &str| {
        let mut request = Request::builder().method(method).uri(CHAT).body(()).unwrap();
        request.headers_mut().insert("accept", HeaderValue::from_static("*/*"));
        (request, response(status, kind, Scripted::new([Step::Silence])))
    };
    for (method, status, kind) in [
        (Method::HEAD, 429, "application/json"),
        (Method::CONNECT, 200, "application/json"),
        (Method::GET, 101, "application/json"),
        (Method::GET, 204, "application/json"),
        (Method::GET, 304, "application/json"),
        (Method::GET, 302, "text/html"),
        (Method::GET, 200, "audio/mpeg"),
    ] {
        let (request, response) = head(method, status, kind);
        let response = detect(request, response).now_or_never().expect("it is not held");
        assert!(response.extensions().get::<Detection>().unwrap().signal().is_none());
    }
}

#[tokio::test]
async fn a_compressed_body_is_named_and_left_alone() {
    let (request, heard, _) = request(CHAT);
    let mut answer = response(429, "application/json", Scripted::of("\u{1f}\u{8b}…"));
    answer.headers_mut().insert("content-encoding", HeaderValue::from_static("compress"));
    let response = detect(request, answer).await;
    assert_eq!(*heard.uninspected.lock(), [Uninspected::Compressed("compress".to_owned())]);
    assert_eq!(heard.classes(), [Class::Unknown]);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "\u{1f}\u{8b}…");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_judged_under_that_host() {
    let redirected = |url: &'static str| async move {
        let (request, heard, _) = request(CHAT);
        let mut answer = response(429, "application/json", Scripted::of(STRIKE));
        answer.extensions_mut().insert(FinalUrl(Uri::from_static(url)));
        let response = detect(request, answer).await;
        let signal = response.extensions().get::<Detection>().and_then(|d| d.signal().cloned());
        (signal.map(|signal| signal.class), heard.classes())
    };
    let strike = (Some(Class::PolicyViolation), vec![Class::PolicyViolation]);
    assert_eq!(redirected(CHAT).await, strike);
    let bigmodel = "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions";
    assert_eq!(redirected(bigmodel).await, strike);
    assert_eq!(redirected("https://elsewhere.example/").await, (None, vec![]));
}

// --- bytes are sacred -------------------------------------------------------------

#[tokio::test]
async fn the_head_passes_unchanged() {
    let (request, ..) = request(CHAT);
    let mut answer = response(429, "application/json", Scripted::of(STRIKE).knowing_its_end());
    *answer.version_mut() = Version::HTTP_2;
    answer.headers_mut().insert("x-request-id", HeaderValue::from_static("7"));
    answer.extensions_mut().insert(42u8);
    let headers = answer.headers().clone();
    let response = detect(request, answer).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(*response.headers(), headers);
    assert_eq!(response.extensions().get::<u8>(), Some(&42));
    assert_eq!(response.body().size_hint().exact(), Some(STRIKE.len() as u64));
}

#[tokio::test]
async fn a_body_of_100_mb_flows_through_with_little_kept() {
    let (request, heard, _) = request(CHAT);
    let megabyte = Bytes::from(vec![b'x'; 1 << 20]);
    let begin = Step::Data(r#"{"choices":[{"message":{"content":""#.into());
    let end = Step::Data(r#""},"finish_reason":"sensitive"}]}"#.into());
    let steps =
        [begin].into_iter().chain((0..100).map(|_| Step::Data(megabyte.clone()))).chain([end]);
    let response = detect(request, response(200, "application/json", Scripted::new(steps))).await;
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        // The frames are the provider's own, not copies.
        bytes += data.len();
    }
    assert!(bytes > 100 << 20);
    assert_eq!(heard.classes(), [Class::ContentFilter]);
}

#[tokio::test]
async fn an_error_body_over_64_kb_is_judged_by_its_begin() {
    let (request, heard, _) = request(CHAT);
    let begin = Step::Data(r#"{"error":{"code":"1313","message":""#.into());
    let more = (0..1000).map(|_| Step::Data(Bytes::from(vec![b'x'; 1000])));
    let steps = [begin].into_iter().chain(more).chain([Step::Silence]);
    let response = detect(request, response(429, "application/json", Scripted::new(steps)))
        .now_or_never()
        .expect("64 KiB are enough");
    assert_eq!(heard.classes(), [Class::PolicyViolation]);
    assert!(heard.reports.lock()[0].body.len() <= 64 * 1024);
    drop(response);
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-end", HeaderValue::from_static("1"));
        trailers
    };
    let pieces = [
        "data: ",
        "\n\n",
        "{",
        "}",
        "\"error\":",
        "\"choices\":[",
        STRIKE,
        "[1305][x]",
        "",
        "x",
        "\r",
    ];
    let step = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(|text| Step::Data(text.into())),
        2 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(|data| Step::Data(data.into())),
        3 => Just(Step::Pending),
        1 => Just(()).prop_map(move |()| Step::Trailers(trailers())),
    ];
    (proptest::collection::vec(step, 0..20), any::<bool>()).prop_map(|(mut steps, fails)| {
        if fails {
            steps.push(Step::Error);
        }
        steps
    })
}

proptest! {
    #[test]
    fn frames_out_are_frames_in(
        steps in steps(),
        status in prop::sample::select(vec![200u16, 429, 500]),
        kind in prop::sample::select(vec!["application/json", "text/event-stream", "text/plain", "x/y"]),
        knows in any::<bool>(),
    ) {
        let body = || {
            let body = Scripted::new(steps.clone());
            if knows { body.knowing_its_end() } else { body }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (expected, found) = runtime.block_on(async {
            let (request, ..) = request(CHAT);
            let response = detect(request, response(status, kind, body())).await;
            let hint = response.body().size_hint().exact();
            assert_eq!(hint, body().size_hint().exact());
            (frames(body()).await, frames(response.into_body()).await)
        });
        prop_assert_eq!(expected, found);
    }
}

// --- the promises of types --------------------------------------------------------

#[test]
fn futures_and_bodies_are_send_and_sync_when_their_parts_are() {
    fn both<T: Send + Sync>() {}
    both::<InspectBody<http_body_util::Full<Bytes>>>();
    both::<ResponseFuture<std::future::Ready<()>, http_body_util::Full<Bytes>>>();
    both::<DetectLayer>();
    both::<Detect<()>>();
}

#[tokio::test]
async fn the_service_below_need_not_be_clone_and_keeps_its_error() {
    struct Once(Option<Response<Scripted>>);
    impl tower::Service<Request<()>> for Once {
        type Response = Response<Scripted>;
        type Error = Broken;
        type Future = std::future::Ready<Result<Self::Response, Broken>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<()>) -> Self::Future {
            std::future::ready(self.0.take().ok_or(Broken))
        }
    }
    let mut service = DetectLayer::new(registry()).layer(Once(None));
    let error = service.ready().await.unwrap();
    let error = tower::Service::call(error, Request::post(CHAT).body(()).unwrap()).await;
    assert_eq!(error.err(), Some(Broken));
    assert!(Broken.source().is_none());
}

#[tokio::test]
async fn debug_shows_no_body() {
    let (request, ..) = request(CHAT);
    let answer = response(200, "text/event-stream", Scripted::of(STRIKE));
    let response = detect(request, answer).await;
    let mut body = response.into_body();
    poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
    assert!(!format!("{body:?}").contains("Usage"));
}
