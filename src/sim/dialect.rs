//! The wire formats: a request's path decides, the bodies follow.

use std::time::SystemTime;

use http::StatusCode;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde_json::{Value, json};

use super::{answer::Fault, code};

/// A wire format that the provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI Chat Completions.
    Openai,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
}

/// A place that answers with completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Surface {
    pub(super) dialect: Dialect,
    pub(super) metered: bool,
}

impl Surface {
    /// What stands at `path`, if anything.
    pub(super) fn at(path: &str) -> Option<Self> {
        let (dialect, metered) = match path {
            "/api/coding/paas/v4/chat/completions" => (Dialect::Openai, false),
            "/api/paas/v4/chat/completions" => (Dialect::Openai, true),
            "/api/anthropic/v1/messages" => (Dialect::Anthropic, false),
            "/api/v1/responses" => (Dialect::Responses, false),
            _ => return None,
        };
        Some(Self { dialect, metered })
    }
}

/// `moment` as Z.AI writes it: UTC+8 on both of its platforms
/// (can1357/oh-my-pi#11014).
fn in_utc_plus_8(moment: SystemTime, format: &str) -> String {
    let timestamp = Timestamp::try_from(moment).unwrap_or(Timestamp::MAX);
    let zone = TimeZone::fixed(Offset::constant(8));
    timestamp.to_zoned(zone).strftime(format).to_string()
}

/// One exchange as its bodies show it.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    pub(super) dialect: Dialect,
    pub(super) model: String,
    /// As in `20260912001903b4955568412247d7`: the time in UTC+8, then hex.
    pub(super) request_id: String,
    pub(super) at: SystemTime,
}

impl Voice {
    pub(super) fn new(dialect: Dialect, model: Option<String>, at: SystemTime, seq: u64) -> Self {
        // Spreads the sequence number over the digits; ids stay reproducible.
        let digits = (seq ^ 0x5eed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let request_id = format!("{}{digits:016x}", in_utc_plus_8(at, "%Y%m%d%H%M%S"));
        let model = model.unwrap_or_else(|| "glm-5.2".to_owned());
        Self { dialect, model, request_id, at }
    }

    /// Seconds since the Unix epoch.
    pub(super) fn created(&self) -> u64 {
        self.at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_secs())
    }

    /// The error's words, with the moment of its reset.
    fn words(&self, fault: &Fault) -> String {
        let words = fault.message.clone().unwrap_or_else(|| code::text(fault.code));
        if !words.contains("{reset}") {
            return words;
        }
        let reset = fault.reset_at.or_else(|| self.at.checked_add(super::FIVE_HOURS));
        words.replace("{reset}", &in_utc_plus_8(reset.unwrap_or(self.at), "%Y-%m-%d %H:%M:%S"))
    }

    /// `[code][text][request id]`.
    pub(super) fn plain_error(&self, fault: &Fault) -> String {
        format!("[{}][{}][{}]", fault.code, self.words(fault), self.request_id)
    }

    /// The error as a JSON value: a body, or a stream event's data.
    pub(super) fn error(&self, fault: &Fault, status: StatusCode) -> Value {
        let code = fault.code.to_string();
        match self.dialect {
            Dialect::Openai | Dialect::Responses => {
                json!({"error": {"code": code, "message": self.words(fault)}})
            }
            // Policy, quota, throttle and balance are all `rate_limit_error`
            // here (zai-org/GLM-5#77, can1357/oh-my-pi#11014): the type is no
            // class.
            Dialect::Anthropic => {
                let kind = match (fault.code, status.as_u16()) {
                    (1305 | 1312, _) | (_, 529) => "overloaded_error",
                    (_, 400) => "invalid_request_error",
                    (_, 401) => "authentication_error",
                    (_, 403) => "permission_error",
                    (_, 500..) => "api_error",
                    _ => "rate_limit_error",
                };
                json!({
                    "type": "error",
                    "error": {"type": kind, "code": code, "message": self.plain_error(fault)},
                    "request_id": self.request_id,
                })
            }
        }
    }

    /// The error as the data of a Responses stream's `error` event.
    pub(super) fn responses_error_event(&self, fault: &Fault, sequence: usize) -> Value {
        json!({
            "type": "error",
            "code": fault.code.to_string(),
            "message": self.words(fault),
            "param": null,
            "sequence_number": sequence,
        })
    }

    /// A whole completion as one JSON body.
    pub(super) fn completion(&self, text: &str, finish: Option<&str>) -> Value {
        let tokens = text.split_whitespace().count();
        match self.dialect {
            Dialect::Openai => json!({
                "id": self.request_id,
                "request_id": self.request_id,
                "created": self.created(),
                "object": "chat.completion",
                "model": self.model,
                "choices": [{
                    "index": 0,
                    "finish_reason": finish.unwrap_or("stop"),
                    "message": {"role": "assistant", "content": text},
                }],
                "usage": {
                    "prompt_tokens": 12, "completion_tokens": tokens, "total_tokens": 12 + tokens,
                },
            }),
            Dialect::Anthropic => json!({
                "id": format!("msg_{}", self.request_id),
                "type": "message",
                "role": "assistant",
                "model": self.model,
                "content": [{"type": "text", "text": text}],
                "stop_reason": finish.unwrap_or("end_turn"),
                "stop_sequence": null,
                "usage": {"input_tokens": 12, "output_tokens": tokens},
            }),
            Dialect::Responses => self.response("completed", Some(text)),
        }
    }

    /// The `response` object of the Responses surface.
    pub(super) fn response(&self, status: &str, text: Option<&str>) -> Value {
        let output: Vec<Value> = text.map(|text| self.message(status, text)).into_iter().collect();
        json!({
            "id": format!("resp_{}", self.request_id),
            "object": "response",
            "created_at": self.created(),
            "status": status,
            "error": null,
            "model": self.model,
            "output": output,
        })
    }

    /// The one output item of the Responses surface.
    pub(super) fn message(&self, status: &str, text: &str) -> Value {
        json!({
            "id": format!("msg_{}", self.request_id),
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        })
    }
}
