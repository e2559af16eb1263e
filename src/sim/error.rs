//! How an exchange fails below HTTP.

/// The provider ended an exchange as a failing server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer came: [`Answer::reset`](super::Answer::reset).
    #[error("the simulated provider reset the connection")]
    Reset,
    /// The body broke off: [`Answer::close_early`](super::Answer::close_early).
    #[error("the simulated provider closed the connection inside the body")]
    Broken,
}
