//! Contract 2: what passes, passes frame by frame, unchanged and in its time.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use planguard::{BoxError, sim::Answer};
use tokio::time::Instant;
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use super::guarded;
use crate::wire::{
    Surface, Transport, Wire, WireBody, WireRequest, guard, hear, provider, request,
};

/// One frame, and when it came.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    Data(Bytes),
    Trailers(HeaderMap),
}

async fn frames<B>(body: B) -> Vec<(Duration, Frame)>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let (began, mut frames) = (Instant::now(), Vec::new());
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = match frame.unwrap().into_data() {
            Ok(data) => Frame::Data(data),
            Err(frame) => Frame::Trailers(frame.into_trailers().unwrap()),
        };
        frames.push((began.elapsed(), frame));
    }
    frames
}

/// What `service` answers: when the head came, the head, and the frames.
async fn answer<S, B>(
    service: S,
    request: WireRequest,
) -> (Duration, StatusCode, Version, HeaderMap, Vec<(Duration, Frame)>)
where
    S: Service<WireRequest, Response = Response<B>, Error = BoxError>,
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let began = Instant::now();
    let (head, body) = service.oneshot(request).await.unwrap().into_parts();
    let waited = began.elapsed();
    (waited, head.status, head.version, head.headers, frames(body).await)
}

/// The pieces as they are, 20 ms apart, then trailers.
fn pieces(pieces: &[&'static str]) -> WireBody {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "abc".parse().unwrap());
    let data =
        pieces.iter().map(|piece| http_body::Frame::data(Bytes::from_static(piece.as_bytes())));
    let all: Vec<_> = data.chain([http_body::Frame::trailers(trailers)]).collect();
    let all = stream::unfold(all.into_iter(), |mut all| async {
        let frame = all.next()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, Infallible>(frame), all))
    });
    // The stream's future is no `Sync`.
    BodyExt::map_err(StreamBody::new(sync_wrapper::SyncStream::new(Box::pin(all))), BoxError::from)
        .boxed()
}

/// A transport that answers each call with what `respond` makes.
fn transport(respond: impl Fn() -> Response<WireBody> + Clone + Send + Sync + 'static) -> Wire {
    Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_| {
        std::future::ready(Ok::<_, BoxError>(respond()))
    })))
}

fn response(status: u16, content_type: &str, body: WireBody) -> Response<WireBody> {
    Response::builder()
        .status(status)
        .version(Version::HTTP_2)
        .header("content-type", content_type)
        .header("x-ratelimit-remaining", "7")
        .header("set-cookie", "a=1")
        .header("set-cookie", "b=2")
        .body(body)
        .unwrap()
}

/// Whether the stack answers what the transport alone does, in the same time
/// once it has looked into the ledger.
async fn passes_unchanged(wire: Wire) {
    let plan = guard().build().unwrap();
    for surface in Surface::ALL {
        let bare = answer(wire.clone(), request(surface.url(), "a", true)).await;
        let through = guarded(&plan, wire.clone());
        assert_eq!(answer(through, request(surface.url(), "a", true)).await, bare, "{surface:?}");
    }
    assert!(plan.snapshot()[0].record.halts.is_empty());
}

const EVENTS: [&str; 5] = [
    "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"{\\\"error\\\":{\\\"code\\\"",
    ":1313}}\"}}]}\r",
    "\n\r\n: a comment\n\n",
    "",
    "event: ping\ndata: {\"type\":\"ping\"}\n\ndata: [DONE]\n\n",
];

#[tokio::test(start_paused = true)]
async fn an_event_stream_passes_frame_by_frame_with_its_trailers() {
    passes_unchanged(transport(|| response(200, "text/event-stream", pieces(&EVENTS)))).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_text_pass_frame_by_frame() {
    let body = || pieces(&["\u{0}\u{1}", "{\"error\":{\"code\":\"1313\"}}"]);
    passes_unchanged(transport(move || response(200, "application/octet-stream", body()))).await;
}

#[tokio::test(start_paused = true)]
async fn a_json_completion_keeps_its_frames_and_trailers() {
    const BODY: [&str; 3] =
        ["{\"id\":\"1\",\"cho", "ices\":[{\"message\":{\"content\":\"1313\"", "}}]}"];
    let wire = transport(|| response(200, "application/json", pieces(&BODY)));
    let plan = guard().build().unwrap();
    let url = Surface::OpenAi.url();
    let bare = answer(wire.clone(), request(url, "a", false)).await;
    let through = answer(guarded(&plan, wire), request(url, "a", false)).await;
    // The head waits for the key `choices`: the second frame.
    assert_eq!(through.0 - bare.0, Duration::from_millis(40));
    assert_eq!((&through.1, &through.2, &through.3), (&bare.1, &bare.2, &bare.3));
    let only = |frames: Vec<(Duration, Frame)>| frames.into_iter().map(|(_, frame)| frame);
    assert!(only(through.4).eq(only(bare.4)));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_halts_nothing_is_replayed_whole() {
    const BODY: [&str; 3] = ["{\"error\":{\"code\":\"1305\",", "\"message\":\"busy\"}", "}"];
    let wire = transport(|| response(429, "application/json", pieces(&BODY)));
    let plan = guard().build().unwrap();
    let through = guarded(&plan, wire.clone());
    let (_, status, _, headers, frames) =
        answer(through, request(Surface::OpenAi.url(), "a", false)).await;
    assert_eq!((status.as_u16(), headers), (429, wire.seen()[0].headers.clone()));
    let mut expected: Vec<_> =
        BODY.iter().map(|piece| Frame::Data(Bytes::from_static(piece.as_bytes()))).collect();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "abc".parse().unwrap());
    expected.push(Frame::Trailers(trailers));
    assert!(frames.into_iter().map(|(_, frame)| frame).eq(expected));
}

#[tokio::test(start_paused = true)]
async fn head_and_no_content_are_left_alone() {
    let plan = guard().build().unwrap();
    let nothing = || BodyExt::map_err(Empty::new(), BoxError::from).boxed();
    for (method, status) in [(Method::HEAD, 429), (Method::HEAD, 200), (Method::POST, 204)] {
        let wire = transport(move || response(status, "application/json", nothing()));
        let mut ask = request(Surface::OpenAi.url(), "a", false);
        *ask.method_mut() = method;
        let heard = hear(guarded(&plan, wire.clone()), ask).await.unwrap();
        assert_eq!((heard.status.as_u16(), heard.bytes.len()), (status, 0));
        assert_eq!(heard.headers, wire.seen()[0].headers);
    }
    assert!(plan.snapshot()[0].record.halts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_length_that_was_known_stays_known() {
    let body = || BodyExt::map_err(Full::from("{\"choices\":[]}"), BoxError::from).boxed();
    let wire = transport(move || response(200, "application/json", body()));
    let plan = guard().build().unwrap();
    let ask = request(Surface::OpenAi.url(), "a", false);
    let response = guarded(&plan, wire).oneshot(ask).await.unwrap();
    assert_eq!(response.body().size_hint().exact(), Some(14));
}

/// What a layer or a middleware below leaves for those above.
#[derive(Clone, Debug, PartialEq)]
struct Left(u8);

#[tokio::test(start_paused = true)]
async fn what_others_left_in_a_responses_extensions_stays() {
    const BUSY: &str = r#"{"error":{"code":"1305","message":"busy"}}"#;
    for (status, kind, body) in [
        (200, "text/event-stream", "data: [DONE]\n\n"),
        (200, "application/json", "{\"choices\":[]}"),
        (429, "application/json", BUSY),
    ] {
        let wire = transport(move || {
            let mut response = response(status, kind, pieces(&[body]));
            response.extensions_mut().insert(Left(7));
            response
        });
        let plan = guard().build().unwrap();
        let ask = request(Surface::OpenAi.url(), "a", false);
        let response = guarded(&plan, wire).oneshot(ask).await.unwrap();
        assert_eq!(response.extensions().get(), Some(&Left(7)), "{status} {kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_reaches_its_reader_as_soon_as_without_planguard() {
    let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
    passes_without_delay(Wire::in_process(&provider)).await;
}

async fn passes_without_delay(wire: Wire) {
    let plan = guard().build().unwrap();
    for surface in Surface::ALL {
        let when = |frames: &[(Duration, Frame)]| -> Vec<Duration> {
            frames.iter().map(|(at, _)| *at).collect()
        };
        let bare = answer(wire.clone(), request(surface.url(), "a", true)).await;
        let through = guarded(&plan, wire.clone());
        let through = answer(through, request(surface.url(), "a", true)).await;
        assert_eq!((through.0, when(&through.4)), (bare.0, when(&bare.4)), "{surface:?}");
    }
}
