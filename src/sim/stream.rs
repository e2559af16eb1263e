//! Event streams: the same completion as server-sent events in each dialect.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    answer::Fault,
    dialect::{Dialect, Voice},
};

/// The events of one stream, in order, each complete with its blank line.
#[derive(Debug, Default)]
pub(super) struct Events(pub(super) Vec<Bytes>);

impl Events {
    /// A chunk without an event name: the OpenAI form.
    fn data(&mut self, data: &Value) {
        self.0.push(format!("data: {data}\n\n").into());
    }

    /// An event named by its own `type`: the Anthropic and Responses form.
    fn typed(&mut self, data: &Value) {
        let name = data.get("type").and_then(Value::as_str).unwrap_or("message");
        self.0.push(format!("event: {name}\ndata: {data}\n\n").into());
    }
}

impl Voice {
    /// A completion that tells `deltas` one by one.
    pub(super) fn stream(&self, deltas: &[&str], finish: Option<&str>) -> Events {
        let mut events = Events::default();
        self.begin(&mut events);
        for delta in deltas {
            self.delta(&mut events, delta);
        }
        self.finish(&mut events, deltas, finish);
        events
    }

    /// A completion that breaks off after `deltas` with an error.
    pub(super) fn broken_stream(&self, deltas: &[&str], fault: &Fault) -> Events {
        let mut events = Events::default();
        self.begin(&mut events);
        for delta in deltas {
            self.delta(&mut events, delta);
        }
        match self.dialect {
            Dialect::Openai => events.data(&self.error(fault, StatusCode::OK)),
            Dialect::Anthropic => events.typed(&self.error(fault, StatusCode::OK)),
            Dialect::Responses => {
                let event = self.responses_error_event(fault, events.0.len());
                events.typed(&event);
            }
        }
        events
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>) -> Value {
        json!({
            "id": self.request_id,
            "created": self.created(),
            "object": "chat.completion.chunk",
            "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    }

    fn begin(&self, events: &mut Events) {
        match self.dialect {
            Dialect::Openai => {}
            Dialect::Anthropic => {
                events.typed(&json!({
                    "type": "message_start",
                    "message": {
                        "id": format!("msg_{}", self.request_id),
                        "type": "message",
                        "role": "assistant",
                        "model": self.model,
                        "content": [],
                        "stop_reason": null,
                        "stop_sequence": null,
                        "usage": {"input_tokens": 12, "output_tokens": 0},
                    },
                }));
                events.typed(&json!({
                    "type": "content_block_start",
                    "index": 0,
                    "content_block": {"type": "text", "text": ""},
                }));
                events.typed(&json!({"type": "ping"}));
            }
            Dialect::Responses => {
                events.typed(&json!({
                    "type": "response.created",
                    "sequence_number": 0,
                    "response": self.response("in_progress", None),
                }));
                events.typed(&json!({
                    "type": "response.output_item.added",
                    "sequence_number": 1,
                    "output_index": 0,
                    "item": self.message("in_progress", ""),
                }));
            }
        }
    }

    fn delta(&self, events: &mut Events, text: &str) {
        match self.dialect {
            Dialect::Openai => {
                events.data(&self.chunk(&json!({"role": "assistant", "content": text}), None));
            }
            Dialect::Anthropic => events.typed(&json!({
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text},
            })),
            Dialect::Responses => {
                let sequence = events.0.len();
                events.typed(&json!({
                    "type": "response.output_text.delta",
                    "sequence_number": sequence,
                    "item_id": format!("msg_{}", self.request_id),
                    "output_index": 0,
                    "content_index": 0,
                    "delta": text,
                }));
            }
        }
    }

    fn finish(&self, events: &mut Events, deltas: &[&str], finish: Option<&str>) {
        match self.dialect {
            Dialect::Openai => {
                let last = json!({"role": "assistant", "content": ""});
                events.data(&self.chunk(&last, Some(finish.unwrap_or("stop"))));
                events.0.push(Bytes::from_static(b"data: [DONE]\n\n"));
            }
            Dialect::Anthropic => {
                events.typed(&json!({"type": "content_block_stop", "index": 0}));
                events.typed(&json!({
                    "type": "message_delta",
                    "delta": {
                        "stop_reason": finish.unwrap_or("end_turn"), "stop_sequence": null,
                    },
                    "usage": {"input_tokens": 12, "output_tokens": deltas.len()},
                }));
                events.typed(&json!({"type": "message_stop"}));
            }
            Dialect::Responses => {
                let text = deltas.concat();
                let sequence = events.0.len();
                events.typed(&json!({
                    "type": "response.output_item.done",
                    "sequence_number": sequence,
                    "output_index": 0,
                    "item": self.message("completed", &text),
                }));
                events.typed(&json!({
                    "type": "response.completed",
                    "sequence_number": sequence + 1,
                    "response": self.response("completed", Some(&text)),
                }));
            }
        }
    }
}
