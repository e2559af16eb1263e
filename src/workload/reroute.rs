//! The way of a request that goes elsewhere.

use bytes::Bytes;
use http::{HeaderMap, Uri, header::CONTENT_LENGTH};

use super::Metered;
use crate::profile::{Claim, Registry};

/// The way of a request that goes elsewhere.
pub(super) struct Reroute {
    from: Claim,
    with: Metered,
    pub(super) to: Uri,
    /// Its body, if its model has another name there.
    pub(super) body: Option<Bytes>,
}

impl Reroute {
    /// The way of a request to `uri`, which `from` claims. It leads to no plan
    /// among `plans`: a base URL is none's, and still may lead to one with what
    /// follows it.
    pub(super) fn find(
        plans: &Registry,
        from: &Claim,
        with: &Metered,
        uri: &Uri,
        body: Option<&[u8]>,
    ) -> Option<Self> {
        let to = with.target(from, uri).filter(|to| with.plan(plans, to).is_none())?;
        let body = body.and_then(|body| with_model(body, with));
        Some(Self { from: from.clone(), with: with.clone(), to, body })
    }

    /// Makes `headers` those of the request that goes there.
    pub(super) fn rewrite(&self, headers: &mut HeaderMap) {
        self.with.credential(&self.from, headers);
        if let Some(body) = &self.body {
            if headers.contains_key(CONTENT_LENGTH) {
                headers.insert(CONTENT_LENGTH, body.len().into());
            }
        }
    }
}

/// `body` with the name that its model has elsewhere, if that is another.
fn with_model(body: &[u8], metered: &Metered) -> Option<Bytes> {
    if !metered.maps_models() {
        return None;
    }
    let (range, model) = super::view::model_of(body)?;
    let there = serde_json::to_string(metered.model_there(&model)?).ok()?;
    let (before, after) = (body.get(..range.start)?, body.get(range.end..)?);
    Some([before, there.as_bytes(), after].concat().into())
}
