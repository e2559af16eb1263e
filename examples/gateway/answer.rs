//! The gateway's own errors, in the form that a client of each format reads.

use axum::body::Body;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use planguard::{profile::Surface, refusal::Dialect};
use serde_json::json;

use crate::transport::Trouble;

/// An error of `surface`, with words that say what to do.
pub fn error(surface: Surface, status: StatusCode, message: &str) -> Response<Body> {
    let message = format!("gateway: {message}");
    let kind = match status.as_u16() {
        404 => "not_found_error",
        413 => "request_too_large",
        code if code < 500 => "invalid_request_error",
        _ => "api_error",
    };
    let body = match Dialect::from(surface) {
        Dialect::Anthropic => {
            json!({ "type": "error", "error": { "type": kind, "message": message } })
        }
        _ => json!({
            "error": { "message": message, "type": kind, "param": null, "code": "gateway_error" }
        }),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Nothing is served there for that method.
pub fn only(surface: Surface, methods: &[Method], path: &str) -> Response<Body> {
    let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
    let methods = methods.join(", ");
    let message = format!("{path} takes {methods} only");
    let mut response = error(surface, StatusCode::METHOD_NOT_ALLOWED, &message);
    if let Ok(value) = HeaderValue::from_str(&methods) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// The upstream gave no answer.
pub fn trouble(surface: Surface, trouble: &Trouble, sent: &str) -> Response<Body> {
    let status = match trouble {
        Trouble::Connect(_) | Trouble::Broken(_) => StatusCode::BAD_GATEWAY,
        Trouble::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
        Trouble::RequestBody(why) if why.contains("length limit") => StatusCode::PAYLOAD_TOO_LARGE,
        Trouble::RequestBody(_) => StatusCode::REQUEST_TIMEOUT,
    };
    error(surface, status, &format!("{trouble}; {sent}"))
}
