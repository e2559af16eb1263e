//! A strike in a stream that has begun, where refusals are answered: the
//! caller reads planguard's words, not those that make clients repeat.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use planguard::{
    BoxError, PlanGuard, PlanLayer,
    breaker::{self, Posture, StruckResponse},
    refusal::{Dialect, Reason, Refused, is_safe},
    sim::Answer,
};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, util::BoxCloneSyncService};

use crate::{
    ledger::Moody,
    wire::{Surface, Transport, Wire, WireBody, WireRequest, guard, provider, request},
};

/// What makes several clients send a request again.
const WORDS: &str = "Rate limit reached for requests, please try again later";

const DIALECTS: [(Surface, Dialect, u16); 2] =
    [(Surface::OpenAi, Dialect::OpenAi, 400), (Surface::Anthropic, Dialect::Anthropic, 451)];

/// The whole stack, which answers refusals.
type Answering = <PlanLayer<breaker::Answer> as Layer<Wire>>::Service;

fn answering(plan: &PlanGuard, dialect: Dialect, wire: &Wire) -> Answering {
    plan.layer().answer_refusals(dialect).layer(wire.clone())
}

/// The frames of what `service` answers.
async fn frames<S, B>(service: S, request: WireRequest) -> (StatusCode, Vec<Bytes>)
where
    S: Service<WireRequest, Response = Response<B>, Error = BoxError>,
    B: Body<Data = Bytes, Error = BoxError>,
{
    let (head, body) = service.oneshot(request).await.unwrap().into_parts();
    let (mut body, mut frames) = (std::pin::pin!(body), Vec::new());
    while let Some(frame) = body.frame().await {
        frames.extend(frame.unwrap().into_data().ok());
    }
    assert!(body.frame().await.is_none(), "the end stays the end");
    (head.status, frames)
}

/// Whether `event` is a refusal in `dialect`, and holds nothing else.
fn is_refusal(event: &[u8], dialect: Dialect) {
    let event = std::str::from_utf8(event).unwrap();
    assert!(is_safe(event) && !event.contains("try again"), "{event}");
    let json = match dialect {
        Dialect::Anthropic => event.strip_prefix("event: error\n").unwrap(),
        _ => event,
    };
    let json = json.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["error"]["type"], "invalid_request_error", "{event}");
    let message = value["error"]["message"].as_str().unwrap();
    assert!(message.contains("1313") && message.contains("Z.AI"), "{event}");
    assert!(message.contains("That was the answer to this call"), "{event}");
}

/// A transport that answers each call with an event stream in these frames.
fn in_frames(frames: Vec<Bytes>) -> Wire {
    Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_: WireRequest| {
        std::future::ready(Ok::<_, BoxError>(event_stream(frames.clone())))
    })))
}

fn event_stream(frames: Vec<Bytes>) -> Response<WireBody> {
    let frames = frames.into_iter().map(|data| Ok::<_, Infallible>(Frame::data(data)));
    let body = StreamBody::new(stream::iter(frames)).map_err(BoxError::from).boxed();
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

fn delta(surface: Surface, text: &str) -> String {
    match surface {
        Surface::Anthropic => format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
        ),
        _ => format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"),
    }
}

fn error(surface: Surface, code: u16) -> String {
    match surface {
        Surface::Anthropic => format!(
            "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"rate_limit_error\",\"message\":\"[{code}][{WORDS}][20260708]\"}}}}\n\n"
        ),
        _ => format!("data: {{\"error\":{{\"code\":\"{code}\",\"message\":\"{WORDS}\"}}}}\n\n"),
    }
}

/// A stream of two deltas, the strike, and what the provider still says.
fn struck(surface: Surface) -> (String, String) {
    let before = delta(surface, "one") + &delta(surface, "two");
    let all = format!("{before}{}{}", error(surface, 1313), delta(surface, "three"));
    (before, all)
}

/// Whether the stream is cut where the strike is, whatever its frames are.
async fn is_closed(frames: Vec<Bytes>, before: &str, surface: Surface, dialect: Dialect) {
    let (plan, wire) = (guard().build().unwrap(), in_frames(frames));
    let ask = request(surface.url(), "a", true);
    let (status, frames) = self::frames(answering(&plan, dialect, &wire), ask).await;
    assert_eq!(status, StatusCode::OK);
    let (last, deltas) = frames.split_last().unwrap();
    assert_eq!(String::from_utf8(deltas.concat()).unwrap(), before);
    is_refusal(last, dialect);
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
}

async fn after_some_deltas(transport: Transport) {
    for (surface, dialect, status) in DIALECTS {
        for deltas in [0, 3] {
            let strikes = Answer::mid_stream(deltas, 1313).text(WORDS);
            let provider = provider(transport).mode(strikes).build();
            let wire = Wire::to(&provider, transport).await;
            let plan = guard().build().unwrap();
            let ask = || request(surface.url(), "a", true);
            let (head, frames) = frames(answering(&plan, dialect, &wire), ask()).await;
            assert_eq!(head, StatusCode::OK);
            let (last, before) = frames.split_last().unwrap();
            is_refusal(last, dialect);
            let seen = String::from_utf8(wire.seen()[0].bytes.clone()).unwrap();
            let (theirs, error) = seen.split_at(before.concat().len());
            assert_eq!(before.concat(), theirs.as_bytes());
            assert!(error.contains(WORDS) && !theirs.contains("1313"), "{seen}");

            let record = &plan.snapshot()[0].record;
            assert_eq!((record.strikes.confirmed, record.halts.len()), (1, 1));
            let next = answering(&plan, dialect, &wire).oneshot(ask()).await.unwrap();
            assert_eq!(next.status().as_u16(), status);
            let refused = next.extensions().get::<Refused>().expect("for those who count");
            assert_eq!(refused.reason(), Reason::AccountHalted);
            assert_eq!(refused.halt(), Some(record.halts[0].id.as_str()));
            assert_eq!(provider.tally("a").total, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_refusal_ends_the_stream_in_process() {
    after_some_deltas(Transport::InProcess).await;
}

#[tokio::test]
async fn the_refusal_ends_the_stream_over_http1() {
    after_some_deltas(Transport::Http1).await;
}

#[tokio::test]
async fn the_refusal_ends_the_stream_over_http2() {
    after_some_deltas(Transport::Http2).await;
}

#[tokio::test(start_paused = true)]
async fn of_several_events_in_one_frame_those_before_the_strike_pass() {
    for (surface, dialect, _) in DIALECTS {
        let (before, all) = struck(surface);
        is_closed(vec![all.into()], &before, surface, dialect).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_comes_in_pieces_is_not_told_in_part() {
    for (surface, dialect, _) in DIALECTS {
        let (before, all) = struck(surface);
        for size in [1, 7, 100] {
            let pieces = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
            is_closed(pieces, &before, surface, dialect).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_makes_no_difference_what_ends_a_line() {
    for (surface, dialect, _) in DIALECTS {
        for end in ["\r\n", "\r"] {
            let (before, all) = struck(surface);
            let (before, all) = (before.replace('\n', end), all.replace('\n', end));
            for size in [1, 7, 4096] {
                let pieces = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
                is_closed(pieces, &before, surface, dialect).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_strike_whose_event_has_no_end_is_not_told_either() {
    for (surface, dialect, _) in DIALECTS {
        let before = delta(surface, "one");
        let open = error(surface, 1313);
        for open in [open.trim_end(), "data: [1313][please try again later]"] {
            // An empty frame behind it does not count as its event.
            let frames = [&before, open, ""].map(|data| Bytes::copy_from_slice(data.as_bytes()));
            is_closed(frames.to_vec(), &before, surface, dialect).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_the_providers_stream_is_not_read() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let alive = Arc::new(());
    let held = alive.clone();
    let (wire, plan) = (
        Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_: WireRequest| {
            let held = held.clone();
            let events = stream::unfold((held, 0), move |(held, at)| async move {
                assert!(at < 2, "the strike was the last that is read");
                let events = [delta(surface, "one"), error(surface, 1313)];
                Some((Ok::<_, BoxError>(Frame::data(events[at].clone().into())), (held, at + 1)))
            });
            let body = StreamBody::new(sync_wrapper::SyncStream::new(Box::pin(events))).boxed();
            let response = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(Ok::<_, BoxError>(response.body(body).unwrap()))
        }))),
        guard().build().unwrap(),
    );
    let service = answering(&plan, dialect, &wire);
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let mut body = std::pin::pin!(response.into_body());
    body.frame().await.unwrap().unwrap();
    assert_eq!(Arc::strong_count(&alive), 3, "ours, the transport's and the body's");
    assert!(!body.is_end_stream());
    is_refusal(&body.frame().await.unwrap().unwrap().into_data().unwrap(), dialect);
    assert_eq!(Arc::strong_count(&alive), 2, "the body is gone");
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn the_refusal_waits_for_the_ledger() {
    let provider = provider(Transport::InProcess).mode(Answer::mid_stream(0, 1313)).build();
    let (wire, ledger) = (Wire::in_process(&provider), Moody::slow(Duration::from_millis(700)));
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    let service = answering(&plan, Dialect::OpenAi, &wire);
    let response = service.oneshot(request(Surface::OpenAi.url(), "a", true)).await.unwrap();
    let (began, mut body) = (Instant::now(), std::pin::pin!(response.into_body()));
    let last = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(700));
    assert_eq!(ledger.strikes().await, 1);
    is_refusal(&last, Dialect::OpenAi);
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_the_caller_did_not_wait_for_counts() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (plan, wire) = (guard().build().unwrap(), in_frames(vec![struck(surface).1.into()]));
    let service = answering(&plan, dialect, &wire);
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let mut body = Box::pin(response.into_body());
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_too_long_to_hold_is_not_answered_in_its_middle() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let begin = format!("data: {{\"id\":\"{}\",", "x".repeat(70_000));
    let strike = error(surface, 1313);
    let end = strike.strip_prefix("data: {").unwrap();
    let both = [begin.clone().into(), end.to_owned().into()].to_vec();
    let plan = guard().build().unwrap();
    passes(answering(&plan, dialect, &in_frames(both)), surface, &format!("{begin}{end}")).await;
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
    // What follows such an event is an event again.
    let before = format!("{begin}\"choices\":[]}}\n\n");
    let (long, rest) = before.split_at(begin.len());
    let frames = [long.to_owned().into(), format!("{rest}{strike}").into()].to_vec();
    is_closed(frames, &before, surface, dialect).await;
}

/// Whether the provider's own bytes pass through `service`.
async fn passes<S, B>(service: S, surface: Surface, expected: &str)
where
    S: Service<WireRequest, Response = Response<B>, Error = BoxError>,
    B: Body<Data = Bytes, Error = BoxError>,
{
    let (status, frames) = frames(service, request(surface.url(), "a", true)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(String::from_utf8(frames.concat()).unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn who_wants_the_providers_bytes_gets_them() {
    for (surface, dialect, _) in DIALECTS {
        let (_, all) = struck(surface);
        let wire = in_frames(vec![all.clone().into()]);
        let pass = guard().struck_response(StruckResponse::Pass).build().unwrap();
        passes(answering(&pass, dialect, &wire), surface, &all).await;
        assert_eq!(pass.snapshot()[0].record.strikes.confirmed, 1);
        let report = guard().posture(Posture::Report).build().unwrap();
        passes(answering(&report, dialect, &wire), surface, &all).await;
        // Refusals are errors, and a stream that has begun cannot become one.
        let throw = guard().build().unwrap();
        passes(throw.layer().layer(wire.clone()), surface, &all).await;
        assert_eq!(throw.snapshot()[0].record.strikes.confirmed, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_halts_nothing_passes_unchanged() {
    for (surface, dialect, _) in DIALECTS {
        let all = delta(surface, "one") + &error(surface, 1305) + &delta(surface, "two");
        for size in [5, 4096] {
            let frames = all.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
            let plan = guard().build().unwrap();
            passes(answering(&plan, dialect, &in_frames(frames)), surface, &all).await;
            assert!(plan.snapshot().iter().all(|account| account.record.halts.is_empty()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_nothing_in_it_passes_unchanged_and_in_its_time() {
    for (surface, dialect, _) in DIALECTS {
        let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
        let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
        let ask = || request(surface.url(), "a", true);
        let mut times = [Duration::ZERO; 2];
        let mut counts = [0; 2];
        for (place, through) in [false, true].into_iter().enumerate() {
            let began = Instant::now();
            let (_, frames) = match through {
                true => frames(answering(&plan, dialect, &wire), ask()).await,
                false => frames(wire.clone(), ask()).await,
            };
            (times[place], counts[place]) = (began.elapsed(), frames.len());
            assert_eq!(frames.concat(), wire.seen()[place].bytes);
        }
        assert_eq!((times[0], counts[0]), (times[1], counts[1]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_was_announced_is_kept() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (_, all) = struck(surface);
    for header in [false, true] {
        let whole = Bytes::from(all.clone());
        let wire = Wire::new(BoxCloneSyncService::new(tower::service_fn(move |_: WireRequest| {
            let mut response = event_stream(vec![whole.clone()]);
            match header {
                true => {
                    let len = whole.len().into();
                    response.headers_mut().insert("content-length", len);
                }
                false => {
                    *response.body_mut() = Full::new(whole.clone()).map_err(BoxError::from).boxed()
                }
            }
            std::future::ready(Ok::<_, BoxError>(response))
        })));
        let plan = guard().build().unwrap();
        passes(answering(&plan, dialect, &wire), surface, &all).await;
        assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_breaker_alone_answers_where_detect_says_what_an_event_is() {
    let (surface, dialect) = (Surface::OpenAi, Dialect::OpenAi);
    let (before, all) = struck(surface);
    let wire = in_frames(vec![all.clone().into()]);
    let plan = guard().build().unwrap();
    let breaker = plan.breaker_layer().answer_refusals(dialect);
    passes(breaker.layer(plan.detect_layer().layer(wire.clone())), surface, &all).await;

    let plan = guard().build().unwrap();
    let breaker = plan.breaker_layer().answer_refusals(dialect);
    let events = plan.detect_layer().one_event_a_frame().layer(wire);
    let (_, frames) = frames(breaker.layer(events), request(surface.url(), "a", true)).await;
    assert_eq!(frames[..2].concat(), before.as_bytes());
    is_refusal(&frames[2], dialect);
    assert_eq!(frames.len(), 3);
}
