//! `explain response`: JSON lines of answers in, JSON lines of signals out.

use std::{
    io::{self, BufRead, Write},
    time::SystemTime,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::Empty;
use planguard::{BoxError, PlanGuard, breaker::Action, exchange::Detection};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower::{Layer, Service};

use crate::drive::{Recorded, Transport, drive};

/// One line of input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Value,
    url: String,
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    body: String,
    #[serde(default)]
    request_headers: Map<String, Value>,
}

/// Reads `input` to its end. A bad line gives an error object, and the run
/// goes on.
pub async fn explain<L, B>(
    input: impl BufRead,
    output: &mut impl Write,
    plan: &PlanGuard,
    layer: &L,
    chunk: usize,
) -> io::Result<()>
where
    L: Layer<Transport>,
    L::Service: Service<Request<Empty<Bytes>>, Response = Response<B>>,
    <L::Service as Service<Request<Empty<Bytes>>>>::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    for (number, line) in (1u64..).zip(input.split(b'\n')) {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match read(&line) {
            Ok((id, recorded)) => match drive(recorded, layer, chunk).await {
                Ok(detection) => told(&id, detection.as_ref(), plan),
                Err(error) => json!({ "line": number, "id": id, "error": error.to_string() }),
            },
            Err(error) => json!({ "line": number, "error": error.to_string() }),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn read(line: &[u8]) -> Result<(Value, Recorded), BoxError> {
    let line: Line = serde_json::from_slice(line)?;
    let url: Uri = line.url.parse().map_err(|e| format!("url `{}`: {e}", line.url))?;
    let recorded = Recorded {
        url,
        request_headers: headers(line.request_headers)?,
        status: StatusCode::from_u16(line.status)
            .map_err(|_| format!("status {} is not an HTTP status", line.status))?,
        headers: headers(line.headers)?,
        body: line.body.into(),
    };
    Ok((line.id, recorded))
}

/// A value is a string, a number, or a list of them.
fn headers(map: Map<String, Value>) -> Result<HeaderMap, BoxError> {
    let mut headers = HeaderMap::new();
    for (name, value) in map {
        let key = HeaderName::try_from(&name).map_err(|e| format!("header `{name}`: {e}"))?;
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                other => return Err(format!("header `{name}`: {other} is no text").into()),
            };
            let value = HeaderValue::try_from(text).map_err(|e| format!("header `{name}`: {e}"))?;
            headers.append(key.clone(), value);
        }
    }
    Ok(headers)
}

fn told(id: &Value, detection: Option<&Detection>, plan: &PlanGuard) -> Value {
    let signal = detection.and_then(Detection::signal);
    let claim = detection.map(Detection::claim);
    let row = signal.zip(claim).map(|(signal, claim)| plan.disposition_of(signal, claim));
    let reach = row
        .filter(|row| row.action != Action::Pass)
        .map(|row| signal.and_then(|signal| signal.reach).unwrap_or(row.reach).as_str());
    let reset = signal.and_then(|signal| signal.reset).map(|reset| utc(reset.at));
    json!({
        "id": id,
        "profile": claim.map(|claim| claim.profile().id()),
        "class": signal.map(|signal| signal.class),
        "code": signal.and_then(|signal| signal.code.as_deref()),
        "certainty": signal.map(|signal| signal.certainty),
        "disposition": row.map(|row| row.action.as_str()),
        "reach": reach,
        "reset": reset,
        "message": signal.map(|signal| signal.message.as_str()),
        "request_id": signal.and_then(|signal| signal.request_id.as_deref()),
        "rule": signal.and_then(|signal| signal.rule.as_deref()),
        "hint": signal.and_then(|signal| signal.hint.as_deref()),
        "about": signal.and_then(|signal| signal.about),
        "false_positive_note": signal.and_then(|signal| signal.false_positive_note.as_deref()),
    })
}

fn utc(at: SystemTime) -> Option<String> {
    jiff::Timestamp::try_from(at).ok().map(|at| at.to_string())
}
