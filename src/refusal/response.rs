//! Answers that clients of a gateway read as final.
//!
//! The forms are those that were measured best with 13 clients on the OpenAI
//! wire and 9 on the Anthropic one: a client sends one request and shows the
//! message. The one exception is aider on the Anthropic wire, which stops on a
//! 400 only; opencode also sends its title request once.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Refused;
use crate::{account::letters, profile::Surface};

/// The shape of errors that a client expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// OpenAI Chat Completions: status 400.
    OpenAi,
    /// OpenAI Responses: the same, but a stream of typed events.
    Responses,
    /// Anthropic Messages: status 451. (On 400 Claude Code sends the turn six
    /// times, on 403 it asks its user to log in.)
    Anthropic,
}

impl From<Surface> for Dialect {
    fn from(surface: Surface) -> Self {
        match surface {
            Surface::Openai | Surface::Other => Self::OpenAi,
            Surface::Responses => Self::Responses,
            Surface::Anthropic => Self::Anthropic,
        }
    }
}

/// The openai and anthropic SDKs and Claude Code obey it; nobody minds it.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl Refused {
    /// The refusal as a response to a client that speaks `dialect`.
    ///
    /// Carries no `Retry-After`: clients sleep on it, in silence. The refusal
    /// itself is in the response's extensions, for those above who count and
    /// log:
    ///
    /// ```
    /// use bytes::Bytes;
    /// use planguard::refusal::{Details, Dialect, Reason, Refused};
    ///
    /// let refused = Refused::from(Details::new(Reason::QuotaHold, "Z.AI", "GLM Coding Plan"));
    /// let response: http::Response<Bytes> = refused.to_response(Dialect::OpenAi);
    /// let refused = response.extensions().get::<Refused>().expect("it was refused");
    /// assert_eq!(refused.reason(), Reason::QuotaHold);
    /// ```
    pub fn to_response<B: From<Bytes>>(&self, dialect: Dialect) -> Response<B> {
        let body = Bytes::from(self.error_value(dialect).to_string());
        let mut response = Response::new(B::from(body));
        *response.status_mut() = match dialect {
            Dialect::OpenAi | Dialect::Responses => StatusCode::BAD_REQUEST,
            Dialect::Anthropic => StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        response.extensions_mut().insert(self.clone());
        response
    }

    /// The refusal as the last server-sent event of a stream whose header is
    /// already sent.
    ///
    /// Use [`to_response`](Self::to_response) as long as it is not: codex
    /// loses the message of an event, opencode repeats an Anthropic turn whose
    /// first event it is, and Claude Code sends the turn once more without
    /// streaming (which the halted gateway answers by itself). Measured on the
    /// Anthropic wire after some deltas with the type `billing_error`; this
    /// one has the type of the response, since nothing is to be paid.
    pub fn to_event(&self, dialect: Dialect) -> Bytes {
        let mut value = self.error_value(dialect);
        if dialect == Dialect::Responses {
            // The event that the API defines is flat. The SDKs raise only what
            // has an `error`, so it has both.
            value["type"] = json!("error");
            value["code"] = json!(self.reason().code());
            value["message"] = json!(self.text());
            value["param"] = Value::Null;
            value["sequence_number"] = json!(0);
        }
        Bytes::from(match dialect {
            Dialect::OpenAi => format!("data: {value}\n\n"),
            Dialect::Responses | Dialect::Anthropic => format!("event: error\ndata: {value}\n\n"),
        })
    }

    fn error_value(&self, dialect: Dialect) -> Value {
        let message = self.text();
        match dialect {
            Dialect::OpenAi | Dialect::Responses => json!({
                "error": {
                    "message": message,
                    "type": "invalid_request_error",
                    "param": null,
                    "code": self.reason().code(),
                }
            }),
            Dialect::Anthropic => json!({
                "type": "error",
                "error": { "type": "invalid_request_error", "message": message },
                "request_id": request_id(),
            }),
        }
    }
}

/// An id of its own for each answer, in letters: digits in it would count as
/// a status with some clients.
fn request_id() -> String {
    let random = RandomState::new().hash_one(()).to_be_bytes();
    format!("req_{}", letters(&random, 14))
}
