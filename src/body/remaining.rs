//! How much of a body is still to come.

use http::{Response, header::CONTENT_LENGTH};
use http_body::Body;

/// The bytes that are still to come, where the response told how many.
///
/// hyper's servers ask no further once an announced length has come, and a
/// body that others wrap may not tell that it is over (tower-http's
/// `TimeoutBody` does not).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remaining(Option<u64>);

impl Remaining {
    pub(crate) fn of<B: Body>(response: &Response<B>) -> Self {
        let announced = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        Self(response.body().size_hint().exact().or_else(announced))
    }

    /// `bytes` more have come. Whether that was all.
    pub(crate) fn came(&mut self, bytes: usize) -> bool {
        self.0 = self.0.map(|left| left.saturating_sub(bytes as u64));
        self.0 == Some(0)
    }
}
