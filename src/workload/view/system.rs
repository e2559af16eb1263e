//! The system's text of a request.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::{
    client::{BILLING, FRAMES, IDENTITIES},
    parts::texts,
    request::Request,
    window::{Pieces, Window},
};

/// A longer text is an agent's frame, which names the client and not the task.
const SHORT_BYTES: usize = 3_000;
const WINDOW: Window = Window { head: 700, tail: 300 };
/// How much of it its mark is made of.
const MARKED: usize = 2_048;

/// Gives `each` all texts, but for what a client says to those who bill it.
fn each<'a>(request: &Request<'a>, mut each: impl FnMut(&'a [u8]) -> Option<()>) {
    for system in &request.system {
        texts(system, |text| if text.starts_with(BILLING) { Some(()) } else { each(text) });
    }
}

/// The window of all of it.
pub(super) fn window(request: &Request<'_>) -> String {
    let mut pieces = Pieces::new(WINDOW);
    each(request, |text| {
        pieces.push(text);
        Some(())
    });
    pieces.text()
}

/// Whether what it says may be of the task.
pub(super) fn is_short(request: &Request<'_>) -> bool {
    request.system_bytes < SHORT_BYTES
}

/// `text` without a first line that only says which client this is; nothing of
/// one that is a client's frame.
pub(super) fn without_identity(text: String) -> String {
    if FRAMES.iter().any(|frame| text.starts_with(frame)) {
        return String::new();
    }
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let lower = first.to_lowercase();
    let names_client = first.len() < 200
        && lower.starts_with("you are")
        && IDENTITIES.iter().any(|name| lower.contains(name));
    if names_client { rest.to_owned() } else { text }
}

/// The same for the same system text, from the beginnings of its texts and
/// their length.
pub(super) fn mark(request: &Request<'_>) -> Option<u64> {
    let mut starts: Vec<&[u8]> = Vec::new();
    each(request, |text| {
        starts.push(text.get(..MARKED.min(text.len())).unwrap_or_default());
        None
    });
    if starts.is_empty() {
        return None;
    }
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    Some(hasher.hash_one((starts, request.system_bytes)))
}
