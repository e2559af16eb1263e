//! The body that is forwarded is the one that was received: frame by frame,
//! with its trailers or its error, whatever the guard has read of it.

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use planguard::workload::{Policy, RequestBody};
use proptest::{prelude::*, test_runner::TestRunner};
use tower::{Layer, ServiceExt};

use crate::{
    scripted::{End, Script, Scripted, turns},
    upstream::{
        Arrived, Asked, Book, Piece, layer, limit, on_paused_clock, pieces, request, upstream,
    },
};

/// What of `script`, sent as a `B`, arrives below the guard; and what the
/// classifier was asked about.
fn forwarded<B>(script: &Script, bytes: usize, of: fn(Scripted) -> B) -> (Arrived, Vec<String>)
where
    B: RequestBody + Body<Data = Bytes> + Send + 'static,
    B::Error: ToString + Send,
{
    on_paused_clock(async {
        let (book, asked) = (Book::default(), Asked::default());
        let policy = Policy::new().classifier(asked.clone()).limits(limit(bytes));
        let guarded = layer(policy).layer(upstream::<B>(&book));
        let response = guarded.oneshot(request(of(script.body()))).await.unwrap();
        assert_eq!(response.status(), 200);
        (book.one(), asked.about())
    })
}

/// Whether what arrives of scripts, sent as `B`, is what was sent.
fn is_the_received_one<B>(of: fn(Scripted) -> B)
where
    B: RequestBody + Body<Data = Bytes> + Send + 'static,
    B::Error: ToString + Send,
{
    let mut runner = TestRunner::new(ProptestConfig::with_cases(256));
    let ran = runner.run(&turns(), |(script, bytes)| {
        let (arrived, asked) = forwarded(&script, bytes, of);
        let sent = on_paused_clock(pieces(of(script.body())));
        let sent: Vec<Piece> = sent.into_iter().map(|(_, piece)| piece).collect();
        prop_assert_eq!(arrived.pieces(), sent);

        // What an HTTP client makes its framing of.
        let body = of(script.body());
        prop_assert_eq!(arrived.hint.exact(), body.size_hint().exact());
        prop_assert!(arrived.hint.lower() >= body.size_hint().lower());
        prop_assert_eq!(arrived.was_over, body.is_end_stream());

        // It is judged if it came whole and within the limit.
        let whole = script.cost() <= bytes && script.end != End::Error;
        prop_assert_eq!(asked.len(), usize::from(whole), "{:?} of {}", script, bytes);
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_boxed_body_arrives_as_it_was_sent() {
    is_the_received_one(BodyExt::boxed);
}

#[test]
fn a_boxed_body_that_stays_on_its_thread_arrives_as_it_was_sent() {
    is_the_received_one(BodyExt::boxed_unsync);
}

#[cfg(feature = "axum")]
#[test]
fn an_axum_body_arrives_as_it_was_sent() {
    is_the_received_one(axum::body::Body::new);
}

/// A body of one's own, by `read_ahead`.
struct Own(http_body_util::combinators::BoxBody<Bytes, planguard::BoxError>);

impl RequestBody for Own {
    type Reading = planguard::workload::ReadAhead<
        http_body_util::combinators::BoxBody<Bytes, planguard::BoxError>,
        Self,
    >;

    fn read(self, limit: usize) -> Self::Reading {
        planguard::workload::read_ahead(self.0, limit, |read| Self(read.boxed()))
    }

    fn of(data: Bytes) -> Self {
        Self(http_body_util::Full::new(data).map_err(|never| match never {}).boxed())
    }
}

impl Body for Own {
    type Data = Bytes;
    type Error = planguard::BoxError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, planguard::BoxError>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.size_hint()
    }
}

#[test]
fn a_body_of_ones_own_arrives_as_it_was_sent() {
    is_the_received_one(|body| Own(body.boxed()));
}
