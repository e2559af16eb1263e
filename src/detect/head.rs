//! What to do with a response, told from its head.

use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::document::Expect;
use crate::exchange::Uninspected;

/// What a head says of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// There is nothing to find.
    Away,
    /// The body cannot be read.
    Cannot(Uninspected),
    /// Read it.
    At(Expect),
}

pub(super) fn look(method: &Method, status: StatusCode, headers: &HeaderMap) -> Look {
    let bodiless = matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    if *method == Method::HEAD || *method == Method::CONNECT || bodiless {
        return Look::Away;
    }
    let expect = match status.as_u16() {
        400.. => Expect::Error,
        200..=299 => match media(headers) {
            Media::Events => Expect::Events,
            Media::Readable => Expect::Body,
            Media::Other => return Look::Away,
        },
        _ => return Look::Away,
    };
    match encoding(headers) {
        Some(encoding) => Look::Cannot(Uninspected::Compressed(encoding)),
        None => Look::At(expect),
    }
}

enum Media {
    Events,
    /// JSON, text, or not said.
    Readable,
    Other,
}

fn media(headers: &HeaderMap) -> Media {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Media::Readable };
    let value = value.as_bytes();
    let value = value.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if value.eq_ignore_ascii_case(b"text/event-stream") {
        return Media::Events;
    }
    let begins =
        |with: &[u8]| value.get(..with.len()).is_some_and(|v| v.eq_ignore_ascii_case(with));
    let json = value.len().checked_sub(5).and_then(|at| value.get(at..));
    let json = json.is_some_and(|tail| {
        tail.eq_ignore_ascii_case(b"+json") || tail.eq_ignore_ascii_case(b"/json")
    });
    if json || begins(b"text/") || value.is_empty() { Media::Readable } else { Media::Other }
}

/// The first encoding that is not `identity`.
fn encoding(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .find(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"))
        .map(|name| String::from_utf8_lossy(name.get(..64).unwrap_or(name)).into_owned())
}
