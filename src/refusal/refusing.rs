//! How a front tells a refusal: as an error, or as a response.

use bytes::Bytes;
use http::Response;

use super::{Dialect, Refused, Stopped};
use crate::BoxError;

/// What a front makes of a refusal, where its inner service fails with `E`.
pub trait Refusing<E>: Clone {
    /// The front's own error.
    type Error;

    /// Tells `refused` to the caller.
    ///
    /// # Errors
    ///
    /// The refusal itself, where it is told as an error.
    fn refuse<B: From<Bytes>>(&self, refused: Refused) -> Result<Response<B>, Self::Error>;

    /// Hands the inner service's error on.
    fn fail(error: E) -> Self::Error;

    /// The dialect of the [event](Refused::to_event) that takes the place of
    /// one by which the provider halted the account, in a stream that has
    /// begun. None, which is the default, leaves the stream as it is.
    fn closes_streams(&self) -> Option<Dialect> {
        None
    }
}

/// Refusals are errors: [`Stopped`] in a [`BoxError`]. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Throw;

impl<E: Into<BoxError>> Refusing<E> for Throw {
    type Error = BoxError;

    fn refuse<B: From<Bytes>>(&self, refused: Refused) -> Result<Response<B>, BoxError> {
        Err(Stopped::from(refused).into())
    }

    fn fail(error: E) -> BoxError {
        error.into()
    }
}

/// Refusals are responses in a client's dialect, so that the stack keeps its
/// inner service's error: axum's `Infallible`, for one.
#[derive(Clone, Copy, Debug)]
pub struct Answer(Dialect);

impl Answer {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self(dialect)
    }
}

impl<E> Refusing<E> for Answer {
    type Error = E;

    fn refuse<B: From<Bytes>>(&self, refused: Refused) -> Result<Response<B>, E> {
        Ok(refused.to_response(self.0))
    }

    fn fail(error: E) -> E {
        error
    }

    fn closes_streams(&self) -> Option<Dialect> {
        Some(self.0)
    }
}
