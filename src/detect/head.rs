//! What to do with a response, told from its head.

use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::document::Expect;

/// What a head says of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// There is nothing to find.
    Away,
    /// Read it, behind this `Content-Encoding` if there is one.
    At(Expect, Option<String>),
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
    Look::At(expect, encoding(headers))
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
    // What nearly all have, told by one comparison.
    if value == b"application/json" {
        return Media::Readable;
    }
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

/// The encodings that are not `identity`, in the order of the header.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let mut names = values
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"))
        .map(|name| String::from_utf8_lossy(name.get(..64).unwrap_or(name)));
    let first = names.next()?.into_owned();
    Some(names.take(3).fold(first, |all, name| all + ", " + &name))
}
