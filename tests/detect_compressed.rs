//! Compressed bodies: judged by what they say, handed on as they came.

#[path = "support/compress.rs"]
mod compress;
#[path = "support/heard.rs"]
mod heard;

use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use planguard::{
    PlanGuard,
    breaker::What,
    detect::{DetectLayer, Inspection, Opening},
    exchange::{Detection, Uninspected},
    ledger::MemoryLedger,
    profile::{self, Claim, Registry},
    refusal::Refused,
    signal::{Class, Signal},
};
use proptest::prelude::*;
use tower::{Layer, ServiceExt};

use compress::{ENCODINGS, Stream, compressed};
use heard::admitted;

const CHAT: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
const STRIKE: &str = r#"{"error":{"code":"1313","message":"Your account's current usage pattern does not comply with the Fair Usage Policy"}}"#;
const SUCCESS: &str = r#"{"id":"1","choices":[{"message":{"content":"fn main() {}"}}]}"#;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_784_800_000)
}

fn registry() -> Registry {
    Registry::new(&[profile::zai()])
}

fn claim() -> Claim {
    registry().claim(&CHAT.parse::<Uri>().unwrap(), &HeaderMap::new()).unwrap()
}

fn headers(kind: &str, encoding: &str) -> HeaderMap {
    let value = |value: &str| HeaderValue::from_str(value).unwrap();
    HeaderMap::from_iter([
        (http::header::CONTENT_TYPE, value(kind)),
        (http::header::CONTENT_ENCODING, value(encoding)),
    ])
}

fn inspection(status: StatusCode, kind: &str, encoding: &str) -> Inspection {
    let headers = headers(kind, encoding);
    match Inspection::begin(&claim(), &Method::POST, status, &headers, now()) {
        Opening::Inspect(inspection) => inspection,
        other => panic!("{other:?}"),
    }
}

/// What is found in `pieces`, and why no more was, if so.
fn read<'a>(
    mut inspection: Inspection,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Option<Signal>, Option<Uninspected>) {
    let found = pieces.into_iter().find_map(|piece| inspection.feed(piece, now()));
    let found = found.or_else(|| inspection.finish(now()));
    (found, inspection.stopped().cloned())
}

#[test]
fn every_fixture_gives_the_same_in_every_encoding_at_any_chunk_size() {
    let registry = registry();
    for fixture in profile::zai().fixtures().unwrap() {
        let Some(claim) = registry.claim(&fixture.url, &fixture.request_headers) else { continue };
        let run = |headers: &HeaderMap, body: &[u8], size: usize| match Inspection::begin(
            &claim,
            &Method::POST,
            fixture.status,
            headers,
            now(),
        ) {
            Opening::Inspect(inspection) => read(inspection, body.chunks(size)),
            Opening::Found(signal) => (Some(signal), None),
            _ => (None, None),
        };
        let plain = run(&fixture.headers, &fixture.body, usize::MAX);
        for encoding in ENCODINGS {
            let mut headers = fixture.headers.clone();
            headers.insert("content-encoding", HeaderValue::from_static(encoding.name()));
            let body = compressed(encoding, &fixture.body);
            for size in [1, 3, 64, usize::MAX] {
                let told = run(&headers, &body, size);
                assert_eq!(told, plain, "{encoding:?} by {size}: {:?}", fixture.name);
            }
        }
    }
}

#[test]
fn several_members_are_one_body() {
    let (front, back) = STRIKE.split_at(9);
    for encoding in ENCODINGS.into_iter().filter(|encoding| encoding.has_members()) {
        let body = [compressed(encoding, front.as_bytes()), compressed(encoding, back.as_bytes())]
            .concat();
        for size in [1, usize::MAX] {
            let inspection =
                inspection(StatusCode::TOO_MANY_REQUESTS, "application/json", encoding.name());
            let (signal, stopped) = read(inspection, body.chunks(size));
            assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
            assert_eq!(stopped, None, "{encoding:?}");
        }
    }
}

#[test]
fn empty_pieces_change_nothing() {
    for encoding in ENCODINGS {
        let body = compressed(encoding, STRIKE.as_bytes());
        let pieces =
            body.chunks(5).flat_map(|piece| [[].as_slice(); 40].into_iter().chain([piece]));
        let inspection =
            inspection(StatusCode::TOO_MANY_REQUESTS, "application/json", encoding.name());
        let (signal, stopped) = read(inspection, pieces);
        assert_eq!(stopped, None, "{encoding:?}");
        assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
    }
}

#[test]
fn what_follows_the_end_of_a_body_that_has_one_member_is_no_part_of_it() {
    let events = b"data: {\"choices\":[{\"delta\":{}}]}\n\n";
    for encoding in ENCODINGS.into_iter().filter(|encoding| !encoding.has_members()) {
        let body = [compressed(encoding, events), vec![0xFF; 64]].concat();
        for size in [1, usize::MAX] {
            let inspection = inspection(StatusCode::OK, "text/event-stream", encoding.name());
            assert_eq!(read(inspection, body.chunks(size)), (None, None), "{encoding:?}");
        }
    }
}

#[test]
fn a_signal_in_a_stream_is_told_with_the_frame_that_brings_it() {
    for encoding in ENCODINGS {
        let mut inspection = inspection(StatusCode::OK, "text/event-stream", encoding.name());
        let mut stream = Stream::new(encoding);
        for n in 0..200 {
            let delta =
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n\n");
            assert_eq!(inspection.feed(&stream.push(delta.as_bytes()), now()), None);
        }
        let strike = stream.push(format!("data: {STRIKE}\n\n").as_bytes());
        let signal = inspection.feed(&strike, now());
        assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
    }
}

#[test]
fn a_body_that_expands_without_end_is_read_no_further() {
    for encoding in ENCODINGS {
        let mut stream = Stream::new(encoding);
        let mut inspection = inspection(StatusCode::OK, "application/json", encoding.name());
        assert_eq!(inspection.feed(&stream.push(br#"{"choices":["#), now()), None);
        let blanks = vec![b' '; 1024 * 1024];
        let fed = (0..64).take_while(|_| {
            let piece = stream.push(&blanks);
            let _ = inspection.feed(&piece, now());
            inspection.stopped().is_none()
        });
        assert!(fed.count() < 8, "{encoding:?}");
        let oversized = Uninspected::Oversized(encoding.name().to_owned());
        assert_eq!(inspection.stopped(), Some(&oversized), "{encoding:?}");
        assert!(inspection.is_over());
    }
}

#[test]
fn a_long_body_of_ordinary_text_is_read_to_its_end() {
    for encoding in ENCODINGS {
        let mut stream = Stream::new(encoding);
        let mut inspection = inspection(StatusCode::OK, "text/event-stream", encoding.name());
        for n in 0..2_000_u64 {
            // Words as a model says them: they repeat, but not all the time.
            let words: String =
                (0..64).map(|k| format!("{:x} ", (n * 64 + k) * 0x9E37_79B9)).collect();
            let delta =
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{words}\"}}}}]}}\n\n");
            assert_eq!(inspection.feed(&stream.push(delta.as_bytes()), now()), None);
        }
        let strike = stream.push(format!("data: {STRIKE}\n\n").as_bytes());
        let signal = inspection.feed(&strike, now());
        assert_eq!(inspection.stopped(), None, "{encoding:?}");
        assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
    }
}

#[test]
fn a_short_body_may_become_64_kib_however_small_it_is() {
    for encoding in ENCODINGS {
        let says = STRIKE.replacen('{', &format!("{{{}", " ".repeat(60 * 1024)), 1);
        let body = compressed(encoding, says.as_bytes());
        assert!(body.len() < 60 * 1024 / 128, "beyond the ratio: {}", body.len());
        let inspection =
            inspection(StatusCode::TOO_MANY_REQUESTS, "application/json", encoding.name());
        let (signal, stopped) = read(inspection, [body.as_slice()]);
        assert_eq!(stopped, None, "{encoding:?}");
        assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
    }
}

#[test]
fn an_error_of_no_known_form_is_judged_by_its_status() {
    for encoding in ENCODINGS {
        let inspection =
            inspection(StatusCode::TOO_MANY_REQUESTS, "application/json", encoding.name());
        let (signal, stopped) = read(inspection, [[0xFF; 256].as_slice()]);
        assert_eq!(signal.unwrap().class, Class::Unknown, "{encoding:?}");
        assert_eq!(stopped, Some(Uninspected::Corrupt(encoding.name().to_owned())));
    }
}

#[test]
fn an_error_that_breaks_off_is_judged_by_what_arrived() {
    for encoding in ENCODINGS {
        let mut stream = Stream::new(encoding);
        let begun = stream.push(&STRIKE.as_bytes()[..80]);
        let mut inspection =
            inspection(StatusCode::TOO_MANY_REQUESTS, "application/json", encoding.name());
        assert_eq!(inspection.feed(&begun, now()), None);
        let signal = inspection.abandon(now());
        assert_eq!(signal.unwrap().class, Class::PolicyViolation, "{encoding:?}");
    }
}

#[test]
fn an_encoding_within_an_encoding_is_not_read() {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let headers = headers("application/json", "gzip, br");
    match Inspection::begin(&claim(), &Method::POST, status, &headers, now()) {
        Opening::Unreadable(why, Some(signal)) => {
            assert_eq!(why, Uninspected::Compressed("gzip, br".to_owned()));
            assert_eq!(signal.class, Class::Unknown);
        }
        other => panic!("{other:?}"),
    }
}

/// A provider that answers with `body` in pieces of `size`.
fn provider(
    status: u16,
    encoding: compress::Encoding,
    body: &[u8],
    size: usize,
) -> impl tower::Service<
    Request<String>,
    Response = Response<impl http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send {
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    tower::service_fn(move |_: Request<String>| {
        let frames = pieces.clone().into_iter().map(|piece| Ok(Frame::data(piece)));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .header("content-encoding", encoding.name())
            .body(body)
            .unwrap();
        async { Ok(response) }
    })
}

fn request() -> Request<String> {
    Request::post(CHAT)
        .header("authorization", "Bearer tester.secret")
        .header("user-agent", "test/1")
        .body(String::new())
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_compressed_strike_halts_and_the_refusal_is_readable() {
    for encoding in ENCODINGS {
        let plan = PlanGuard::builder(profile::zai()).ledger(MemoryLedger::new()).build().unwrap();
        let body = compressed(encoding, STRIKE.as_bytes());
        let service = plan.layer().layer(provider(429, encoding, &body, 7));
        let error = service.clone().oneshot(request()).await.map(|_| ()).unwrap_err();
        let refused = Refused::find(error.as_ref()).expect("a refusal");
        assert_eq!(refused.provider_body().unwrap(), STRIKE.as_bytes(), "{encoding:?}");
        assert!(refused.provider_message().unwrap().contains("Fair Usage Policy"));
        assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1, "{encoding:?}");
    }
}

/// As of a stream that is not compressed: what a model said is in no report.
#[tokio::test(start_paused = true)]
async fn the_report_of_a_signal_within_a_stream_holds_no_body() {
    let events = format!("data: {{\"choices\":[{{\"delta\":{{}}}}]}}\n\ndata: {STRIKE}\n\n");
    for encoding in ENCODINGS {
        let (exchange, heard) = admitted(claim());
        let mut request = request();
        request.extensions_mut().insert(exchange);
        let body = compressed(encoding, events.as_bytes());
        let transport = provider(200, encoding, &body, 7).map_response(|mut response| {
            let kind = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            response
        });
        let service = DetectLayer::new(registry()).layer(transport);
        service.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
        let reports = heard.reports.lock();
        assert_eq!(reports.len(), 1, "{encoding:?}");
        assert!(reports[0].body.is_empty(), "{encoding:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_decoded_is_an_event_and_passes_unchanged() {
    for encoding in ENCODINGS {
        let plan = PlanGuard::builder(profile::zai()).ledger(MemoryLedger::new()).build().unwrap();
        let mut events = plan.events();
        let service = plan.layer().layer(provider(200, encoding, &[0xFF; 300], 100));
        let response = service.oneshot(request()).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, [0xFF; 300].as_slice(), "{encoding:?}");
        let corrupt = Uninspected::Corrupt(encoding.name().to_owned());
        let told = std::iter::from_fn(|| events.try_next())
            .any(|event| matches!(event.what, What::Uninspected { why, .. } if why == corrupt));
        assert!(told, "{encoding:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_in_are_bytes_out(
        encoding in proptest::sample::select(ENCODINGS.to_vec()),
        status in proptest::sample::select(vec![200u16, 429, 500]),
        says in prop_oneof![Just(SUCCESS.to_owned()), Just(STRIKE.to_owned()), ".{0,300}"],
        size in 1usize..80,
        broken in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut body = compressed(encoding, says.as_bytes());
        if let Some(broken) = broken {
            let at = broken.index(body.len());
            body[at] ^= 0x55;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (out, detection) = runtime.block_on(async {
            let service = DetectLayer::new(registry()).layer(provider(status, encoding, &body, size));
            let response = service.oneshot(request()).await.unwrap();
            let detection = response.extensions().get::<Detection>().unwrap().clone();
            (response.into_body().collect().await.unwrap().to_bytes(), detection)
        });
        prop_assert_eq!(&out[..], &body[..]);
        if broken.is_none() {
            prop_assert_eq!(detection.uninspected(), None);
        }
    }
}
