//! Requests that are this or that kind of work, and what arrived of them.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use planguard::{BoxError, sim::Provider};
use serde_json::{Value, json};
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::wire::{Surface, Wire, WireBody, WireRequest, request};

/// Other work than coding, beyond doubt.
pub const STORY: &str = "Write me a bedtime story about a dragon who is afraid of the dark";
/// Coding, beyond doubt.
pub const BUG: &str = "Fix the failing test in src/parser.rs: parse_header panics on an empty line";

/// A request of the account `a` with `body`.
pub fn with_body(url: &str, body: impl Into<Bytes>) -> WireRequest {
    request(url, "a", false).map(|_| Full::new(body.into()))
}

/// A request with which a person's turn begins, whose words these are.
pub fn turn(surface: Surface, words: &str) -> WireRequest {
    with_body(surface.url(), body(surface, "", words, &[]))
}

/// The same turn, a step later: a tool was called and has answered.
pub fn within_turn(surface: Surface, words: &str) -> WireRequest {
    after_steps(surface, words, 1)
}

/// The same turn after so many calls of a tool.
pub fn after_steps(surface: Surface, words: &str, steps: usize) -> WireRequest {
    let arguments = r#"{"path":"notes.txt"}"#;
    let (call, result) = match surface {
        Surface::OpenAi => (
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type":
                "function", "function": {"name": "read", "arguments": arguments}}]}),
            json!({"role": "tool", "tool_call_id": "c", "content": "a dragon, a cave"}),
        ),
        Surface::Anthropic => (
            json!({"role": "assistant", "content": [
                {"type": "tool_use", "id": "c", "name": "read", "input": {"path": "notes.txt"}}]}),
            json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "a dragon, a cave"}]}),
        ),
        Surface::Responses => (
            json!({"type": "function_call", "call_id": "c", "name": "read", "arguments": arguments}),
            json!({"type": "function_call_output", "call_id": "c", "output": "a dragon, a cave"}),
        ),
    };
    let steps: Vec<_> = std::iter::repeat_n([call, result], steps).flatten().collect();
    with_body(surface.url(), body(surface, "", words, &steps))
}

/// A client's own call: what shall the conversation be called?
pub fn title(surface: Surface, words: &str) -> WireRequest {
    let system = "You are a title generator. You output ONLY a thread title. Generate a brief \
                  title that would help the user find this conversation later.";
    let asked = format!("Generate a title for this conversation:\n\n{words}");
    with_body(surface.url(), body(surface, system, &asked, &[]))
}

/// The whole body of `request`.
pub fn bytes_of(request: &WireRequest) -> Bytes {
    let whole = request.body().clone().collect().now_or_never();
    whole.expect("a full body is there").unwrap().to_bytes()
}

fn body(surface: Surface, system: &str, words: &str, then: &[Value]) -> String {
    let part = if surface == Surface::Responses { "input_text" } else { "text" };
    let person = json!({"role": "user", "content": [{"type": part, "text": words}]});
    let mut turns = vec![person];
    turns.extend_from_slice(then);
    let mut body = json!({"model": "glm-5.2", "stream": false});
    match surface {
        Surface::OpenAi => turns.insert(0, json!({"role": "system", "content": system})),
        Surface::Anthropic => body["system"] = system.into(),
        Surface::Responses => body["instructions"] = system.into(),
    }
    body[if surface == Surface::Responses { "input" } else { "messages" }] = turns.into();
    body.to_string()
}

/// The requests that came to a transport, as they came. Clones are the same
/// book.
#[derive(Clone, Default)]
pub struct Sent(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Sent {
    pub fn all(&self) -> Vec<Request<Bytes>> {
        self.0.lock().clone()
    }

    /// The only one.
    pub fn one(&self) -> Request<Bytes> {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "one request arrived");
        all.remove(0)
    }
}

/// A transport that writes down what comes to it. Requests to the plan's
/// vendor go to `provider`, all others are answered at once.
pub fn recorded(provider: &Provider) -> (Wire, Sent) {
    let (wire, sent) = (Wire::in_process(provider), Sent::default());
    let book = sent.clone();
    let recording = tower::service_fn(move |request: WireRequest| {
        let (wire, book) = (wire.clone(), book.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            book.0.lock().push(Request::from_parts(head.clone(), body.clone()));
            if matches!(head.uri.host(), Some("api.z.ai" | "open.bigmodel.cn")) {
                return wire.oneshot(Request::from_parts(head, Full::new(body))).await;
            }
            let answer = Full::from(r#"{"choices":[]}"#).map_err(BoxError::from).boxed();
            let answer =
                Response::builder().header("content-type", "application/json").body(answer);
            Ok::<Response<WireBody>, BoxError>(answer?)
        }
    });
    (Wire::new(BoxCloneSyncService::new(recording)), sent)
}
