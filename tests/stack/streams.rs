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

mod closed;
mod unchanged;

/// What makes several clients send a request again.
const WORDS: &str = "Rate limit reached for requests, please try again later";

const DIALECTS: [(Surface, Dialect, u16); 3] = [
    (Surface::OpenAi, Dialect::OpenAi, 400),
    (Surface::Responses, Dialect::Responses, 400),
    (Surface::Anthropic, Dialect::Anthropic, 451),
];

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
        Dialect::Responses | Dialect::Anthropic => event.strip_prefix("event: error\n").unwrap(),
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
        Surface::Responses => format!(
            "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"{text}\"}}\n\n"
        ),
        Surface::OpenAi => {
            format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
        }
    }
}

fn error(surface: Surface, code: u16) -> String {
    match surface {
        Surface::Anthropic => format!(
            "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"rate_limit_error\",\"message\":\"[{code}][{WORDS}][20260708]\"}}}}\n\n"
        ),
        Surface::Responses => format!(
            "event: error\ndata: {{\"type\":\"error\",\"code\":\"{code}\",\"message\":\"{WORDS}\",\"param\":null,\"sequence_number\":2}}\n\n"
        ),
        Surface::OpenAi => {
            format!("data: {{\"error\":{{\"code\":\"{code}\",\"message\":\"{WORDS}\"}}}}\n\n")
        }
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
