//! A glance at a success that is here as a whole: nearly all say nothing, and
//! it is seen in one search.

use memchr::memchr;

use crate::profile::Profile;

/// Whether an [`Inspection`](super::Inspection) would find nothing in `body`,
/// which is all of a success that is neither compressed nor called an event
/// stream, and whose head says nothing. What cannot be told at a glance is
/// left to the inspection.
pub(super) fn says_nothing(profile: &Profile, body: &[u8]) -> bool {
    // Such a body is JSON, and no text with a code in front.
    body.trim_ascii_start().starts_with(b"{")
        && !profile.may_matter_or_fail(body)
        && is_spelled_plainly(body)
}

/// Whether no escape stands for a letter: then every word in `body` stands
/// there as it is.
fn is_spelled_plainly(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = memchr(b'\\', rest) {
        match rest.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => rest = &rest[at + 2..],
            _ => return false,
        }
    }
    true
}
