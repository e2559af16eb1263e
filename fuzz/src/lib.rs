//! What several fuzz targets need: bytes in pieces, and a verdict on them.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use planguard::{
    detect::{Inspection, Opening},
    profile::{Claim, all_built_in},
    signal::Signal,
};

/// Splits `body` into pieces as long as `lengths` says, over and over; 0 is an
/// empty piece. All of `body` in one if nothing else is in it.
pub fn pieces<'b>(mut body: &'b [u8], lengths: &[u8]) -> Vec<&'b [u8]> {
    if lengths.iter().all(|length| *length == 0) {
        return vec![body];
    }
    let mut cut = Vec::new();
    for length in lengths.iter().cycle() {
        if body.is_empty() {
            break;
        }
        let (piece, rest) = body.split_at(usize::from(*length).min(body.len()));
        cut.push(piece);
        body = rest;
    }
    cut
}

/// The first line of `input`, and what follows.
pub fn lines(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (first, rest) = input.split_at(end);
    (first, rest.get(1..).unwrap_or_default())
}

/// One endpoint of the built-in profiles; those of Z.AI come first.
pub fn claim(number: u8) -> Claim {
    static CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
        let mut profiles = all_built_in();
        profiles.sort_by_key(|profile| profile.id() != "zai");
        let all = profiles.into_iter().flat_map(|profile| {
            (0..).map_while(move |endpoint| Claim::new(profile.clone(), endpoint))
        });
        all.collect()
    });
    CLAIMS[usize::from(number) % CLAIMS.len()].clone()
}

/// The moment of every verdict.
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_300_000)
}

/// What an answer to a POST says, where its body comes in these pieces.
pub fn verdict(
    claim: &Claim,
    status: StatusCode,
    media: &'static str,
    pieces: &[&[u8]],
) -> Option<Signal> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    match Inspection::begin(claim, &Method::POST, status, &headers, now()) {
        Opening::Inspect(mut inspection) => {
            let found = pieces.iter().find_map(|piece| inspection.feed(piece, now()));
            found.or_else(|| inspection.finish(now()))
        }
        Opening::Unreadable(_, signal) => signal,
        Opening::Found(signal) => Some(signal),
        _ => None,
    }
}

/// Demands that `body` is judged alike in one piece, in `lengths` and byte by
/// byte, and that what is kept of it is bounded. Gives the verdict.
pub fn verdict_at_any_chunking(
    claim: &Claim,
    status: StatusCode,
    media: &'static str,
    body: &[u8],
    lengths: &[u8],
) -> Option<Signal> {
    let whole = verdict(claim, status, media, &[body]);
    for lengths in [lengths, &[1]] {
        let cut = verdict(claim, status, media, &pieces(body, lengths));
        assert_eq!(cut, whole, "in pieces of {lengths:?}");
    }
    if let Some(signal) = &whole {
        assert!(signal.message.len() <= 8 * 1024, "{} bytes of words", signal.message.len());
    }
    whole
}
