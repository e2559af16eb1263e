//! A glance at a success that is here as a whole: nearly all say nothing, and
//! it is seen in one search.

use crate::profile::Profile;

/// Whether an [`Inspection`](super::Inspection) would find nothing in `body`,
/// which is all of a success that is neither compressed nor called an event
/// stream, and whose head says nothing. What cannot be told at a glance is
/// left to the inspection.
pub(super) fn says_nothing(profile: &Profile, body: &[u8]) -> bool {
    // Such a body is JSON, and no text with a code in front.
    body.trim_ascii_start().starts_with(b"{") && !profile.may_matter(body)
}
