//! Request bodies that can be read before they are sent.

use std::{
    fmt,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{
    BodyExt, Empty, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};

use super::Kept;

/// A request body that can be read ahead and sent on unchanged.
///
/// The workload layer reads what a plan endpoint is asked for before anything
/// leaves. Bodies that it knows: `Full<Bytes>`, `Empty<Bytes>`,
/// `BoxBody<Bytes, _>` and `UnsyncBoxBody<Bytes, _>` of http-body-util,
/// `Bytes`, `String` and `()`; reqwest's with feature `reqwest`, axum's with
/// feature `axum`. For a body of your own, implement it with [`read_ahead`].
#[diagnostic::on_unimplemented(
    message = "planguard cannot read `{Self}` ahead",
    note = "box it above the layer, as in `request.map(http_body_util::BodyExt::boxed)`",
    note = "or enable planguard's feature `reqwest` or `axum` if it is one of theirs",
    note = "or implement `RequestBody` for a type of your own with `read_ahead`"
)]
pub trait RequestBody: Sized {
    /// Reads the body.
    type Reading: Future<Output = (Option<Bytes>, Self)>;

    /// Reads at most about `limit` bytes. Gives the data, if the body ended by
    /// then, and the body, of which nothing is lost.
    fn read(self, limit: usize) -> Self::Reading;

    /// A body of `data`, in place of one whose model was replaced.
    fn of(data: Bytes) -> Self;
}

/// Reads `body` ahead; `rebuild` makes a body of what was read and the rest.
pub fn read_ahead<B, T>(body: B, limit: usize, rebuild: fn(ReplayBody<B>) -> T) -> ReadAhead<B, T>
where
    B: Body<Data = Bytes>,
{
    ReadAhead { body: Some((Box::pin(body), Kept::default())), limit, rebuild }
}

/// The future of [`read_ahead`].
pub struct ReadAhead<B: Body, T> {
    body: Option<Begun<B>>,
    limit: usize,
    rebuild: fn(ReplayBody<B>) -> T,
}

/// A body, and what was read of it.
type Begun<B> = (Pin<Box<B>>, Kept<<B as Body>::Error>);

// The body is in a box, and nothing else is pinned.
impl<B: Body, T> Unpin for ReadAhead<B, T> {}

impl<B: Body<Data = Bytes>, T> Future for ReadAhead<B, T> {
    type Output = (Option<Bytes>, T);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (limit, rebuild) = (self.limit, self.rebuild);
        loop {
            let Some((body, kept)) = &mut self.body else { return Poll::Pending };
            let over = kept.cost() > limit;
            if !over && !kept.is_over() {
                kept.push(ready!(body.as_mut().poll_frame(cx)));
                continue;
            }
            let data = (!over && kept.has_ended()).then(|| kept.data());
            let Some((body, kept)) = self.body.take() else { return Poll::Pending };
            return Poll::Ready((data, rebuild(ReplayBody { kept, body })));
        }
    }
}

impl<B: Body, T> fmt::Debug for ReadAhead<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead").finish_non_exhaustive()
    }
}

/// A body that was read ahead: first what was read, frame by frame, then the
/// rest.
pub struct ReplayBody<B: Body> {
    kept: Kept<B::Error>,
    body: Pin<Box<B>>,
}

impl<B: Body<Data = Bytes>> ReplayBody<B> {
    /// All data that was read, in one piece.
    pub fn data(&self) -> Bytes {
        self.kept.data()
    }

    /// Whether what was read is all that there is, without trailers.
    pub fn is_whole(&self) -> bool {
        self.kept.has_ended() && !self.kept.has_trailers()
    }
}

// The body is in a box.
impl<B: Body> Unpin for ReplayBody<B> {}

impl<B: Body<Data = Bytes>> Body for ReplayBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.kept.pop() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.kept.is_over() => Poll::Ready(None),
            None => self.body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.kept.is_end(self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.kept.size_hint(self.body.size_hint())
    }
}

impl<B: Body> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").finish_non_exhaustive()
    }
}

impl RequestBody for Full<Bytes> {
    type Reading = ReadAhead<Self, Self>;

    fn read(self, limit: usize) -> Self::Reading {
        // It was one frame in memory, however long.
        read_ahead(self, limit, |read| Self::new(read.data()))
    }

    fn of(data: Bytes) -> Self {
        Self::new(data)
    }
}

impl<E: Send + Sync + 'static> RequestBody for BoxBody<Bytes, E> {
    type Reading = ReadAhead<Self, Self>;

    fn read(self, limit: usize) -> Self::Reading {
        read_ahead(self, limit, BodyExt::boxed)
    }

    fn of(data: Bytes) -> Self {
        Full::new(data).map_err(|never| match never {}).boxed()
    }
}

impl<E: Send + 'static> RequestBody for UnsyncBoxBody<Bytes, E> {
    type Reading = ReadAhead<Self, Self>;

    fn read(self, limit: usize) -> Self::Reading {
        read_ahead(self, limit, BodyExt::boxed_unsync)
    }

    fn of(data: Bytes) -> Self {
        Full::new(data).map_err(|never| match never {}).boxed_unsync()
    }
}

#[cfg(feature = "axum")]
impl RequestBody for axum_core::body::Body {
    type Reading = ReadAhead<Self, Self>;

    fn read(self, limit: usize) -> Self::Reading {
        read_ahead(self, limit, Self::new)
    }

    fn of(data: Bytes) -> Self {
        data.into()
    }
}

/// One that is a stream is not read: it is sent as it comes.
#[cfg(feature = "reqwest")]
impl RequestBody for ::reqwest::Body {
    type Reading = Ready<(Option<Bytes>, Self)>;

    fn read(self, limit: usize) -> Self::Reading {
        let data = self.as_bytes().filter(|data| data.len() <= limit);
        ready((data.map(Bytes::copy_from_slice), self))
    }

    fn of(data: Bytes) -> Self {
        data.into()
    }
}

impl RequestBody for Bytes {
    type Reading = Ready<(Option<Bytes>, Self)>;

    fn read(self, limit: usize) -> Self::Reading {
        ready((Some(self.clone()).filter(|data| data.len() <= limit), self))
    }

    fn of(data: Bytes) -> Self {
        data
    }
}

impl RequestBody for String {
    type Reading = Ready<(Option<Bytes>, Self)>;

    fn read(self, limit: usize) -> Self::Reading {
        let short = self.len() <= limit;
        ready((short.then(|| Bytes::copy_from_slice(self.as_bytes())), self))
    }

    fn of(data: Bytes) -> Self {
        Self::from_utf8_lossy(&data).into_owned()
    }
}

impl RequestBody for () {
    type Reading = Ready<(Option<Bytes>, Self)>;

    fn read(self, _: usize) -> Self::Reading {
        ready((Some(Bytes::new()), self))
    }

    fn of(_: Bytes) -> Self {}
}

impl RequestBody for Empty<Bytes> {
    type Reading = Ready<(Option<Bytes>, Self)>;

    fn read(self, _: usize) -> Self::Reading {
        ready((Some(Bytes::new()), self))
    }

    fn of(_: Bytes) -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;

    use super::*;

    /// A body of these frames, which knows neither its length nor its end.
    fn in_frames(frames: &'static [&'static str]) -> impl Body<Data = Bytes, Error = ()> {
        let frames = frames.iter().map(|data| Ok(Frame::data(Bytes::from_static(data.as_bytes()))));
        StreamBody::new(futures_util::stream::iter(frames))
    }

    #[tokio::test]
    async fn what_was_read_of_a_body_is_not_its_end() {
        for (limit, whole) in [(100, true), (3, false)] {
            let (data, mut body) =
                read_ahead(in_frames(&["one", "two", "three"]), limit, |read| read).await;
            assert_eq!(data, whole.then(|| Bytes::from_static(b"onetwothree")));
            for frame in ["one", "two", "three"] {
                assert!(!body.is_end_stream(), "{frame} is to come");
                let next = body.frame().await.unwrap().unwrap();
                assert_eq!(next.data_ref().unwrap(), frame);
            }
            assert!(body.frame().await.is_none());
            assert!(body.is_end_stream() == whole, "the body itself does not know");
        }
    }
}
