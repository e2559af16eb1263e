//! From an answer to bytes: the dialect and form that the request asks for.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{
    admission::Admission,
    answer::{Content, Ending, Fault, Form},
    body::{Body, Step},
    builder::Options,
    code,
    dialect::{Dialect, Voice},
    error::Error,
    stream::Events,
};

/// A pause that lets a transport send what it has before the connection breaks.
const FLUSH: Duration = Duration::from_millis(5);

/// What a request's body asks for. All else in it is ignored.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asks {
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    model: Option<String>,
}

impl Asks {
    /// Reads a body; one that is no JSON object asks for nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// The bytes of one answer, before its ending is applied.
struct Reply {
    status: StatusCode,
    content_type: Option<&'static str>,
    pieces: Vec<Bytes>,
    /// One piece of known length, not a stream.
    whole: bool,
}

impl Reply {
    fn json(status: StatusCode, body: String) -> Self {
        let content_type = Some("application/json; charset=UTF-8");
        Self { status, content_type, pieces: vec![body.into()], whole: true }
    }

    fn events(events: Events) -> Self {
        let content_type = Some("text/event-stream;charset=UTF-8");
        Self { status: StatusCode::OK, content_type, pieces: events.0, whole: false }
    }
}

/// The response to `admission`'s request, whose body asks for `asks`.
pub(super) fn respond(
    admission: Admission,
    asks: Asks,
    options: &Options,
) -> Result<Response<Body>, Error> {
    let Admission { answer, surface, wall, presence, .. } = admission;
    let dialect = surface.map_or(Dialect::Openai, |surface| surface.dialect);
    let stream = asks.stream.unwrap_or(false);
    let voice = Voice::new(dialect, asks.model, wall, presence.seq());
    let is_signal = answer.code().is_some_and(code::is_signal);
    let pace = answer.pace.unwrap_or(options.pace);

    let reply = match &answer.content {
        Content::Reset => return Err(Error::Reset),
        Content::Completion { text, finish } => {
            completion(&voice, stream, text.as_deref(), finish.as_deref(), options.deltas)
        }
        Content::Error { fault, form } => error(&voice, stream, fault, *form),
        Content::Raw { body, .. } => Reply {
            status: StatusCode::OK,
            content_type: None,
            pieces: if body.is_empty() { Vec::new() } else { vec![body.clone()] },
            whole: true,
        },
        Content::Endless => {
            let (kind, piece): (_, &[u8]) = match stream {
                true => ("text/event-stream;charset=UTF-8", b": keep-alive\n\n"),
                false => ("application/json; charset=UTF-8", b"{\"id\":\"xxxxxxxxxxxxxxxx"),
            };
            let status = answer.status.unwrap_or(StatusCode::OK);
            presence.answered(status);
            let body = Body::endless(Bytes::from_static(piece), pace, presence);
            return Ok(assemble(status, Some(kind), &answer.headers, body));
        }
    };

    let status = answer.status.unwrap_or(reply.status);
    presence.answered(status);
    let in_body = is_signal && !is_failure(status) && !reply.pieces.is_empty();
    if is_signal && !in_body {
        presence.signal_sent();
    }
    let length: usize = reply.pieces.iter().map(Bytes::len).sum();
    let known = reply.whole && !matches!(answer.ending, Ending::Late(_));
    let length = known.then_some(length as u64);
    let pace = if reply.whole { Duration::ZERO } else { pace };
    let steps = steps(reply.pieces, in_body, pace, answer.ending);
    let body = Body::new(steps, length, presence);
    Ok(assemble(status, reply.content_type, &answer.headers, body))
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn completion(
    voice: &Voice,
    stream: bool,
    text: Option<&str>,
    finish: Option<&str>,
    deltas: usize,
) -> Reply {
    let words = words(text, deltas);
    match stream {
        true => Reply::events(voice.stream(&words, finish)),
        false => Reply::json(StatusCode::OK, voice.completion(&words.concat(), finish).to_string()),
    }
}

/// The pieces of text that a completion tells: the caller's own at once.
fn words(text: Option<&str>, deltas: usize) -> Vec<&str> {
    match text {
        Some(text) => vec![text],
        None => ["fn ", "answer", "() ", "-> ", "u8 ", "{ ", "42 ", "}\n"]
            .into_iter()
            .cycle()
            .take(deltas)
            .collect(),
    }
}

fn error(voice: &Voice, stream: bool, fault: &Fault, form: Form) -> Reply {
    let status = code::status(fault.code, voice.dialect);
    match form {
        Form::MidStream { after_deltas } if stream => {
            Reply::events(voice.broken_stream(&words(None, after_deltas), fault))
        }
        Form::Status | Form::MidStream { .. } => {
            Reply::json(status, voice.error(fault, status).to_string())
        }
        Form::OkJson => Reply::json(StatusCode::OK, voice.error(fault, status).to_string()),
        Form::OkPlain => Reply {
            content_type: Some("text/plain;charset=UTF-8"),
            ..Reply::json(StatusCode::OK, voice.plain_error(fault))
        },
    }
}

fn steps(pieces: Vec<Bytes>, signal: bool, pace: Duration, ending: Ending) -> VecDeque<Step> {
    let mut left = match ending {
        Ending::Broken { after_bytes } => after_bytes,
        Ending::Clean | Ending::Late(_) => usize::MAX,
    };
    let last = pieces.len().saturating_sub(1);
    let mut steps = VecDeque::with_capacity(pieces.len() * 2 + 2);
    for (index, piece) in pieces.into_iter().enumerate() {
        if left == 0 {
            break;
        }
        if index > 0 && !pace.is_zero() {
            steps.push_back(Step::Pause(pace));
        }
        let whole = piece.len() <= left;
        let piece = piece.slice(..piece.len().min(left));
        left -= piece.len();
        steps.push_back(match signal && whole && index == last {
            true => Step::Signal(piece),
            false => Step::Data(piece),
        });
    }
    match ending {
        Ending::Clean => {}
        Ending::Late(late) => steps.push_back(Step::Pause(late)),
        Ending::Broken { .. } => steps.extend([Step::Pause(FLUSH), Step::Break]),
    }
    steps
}

fn assemble(
    status: StatusCode,
    content_type: Option<&'static str>,
    headers: &HeaderMap,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}
