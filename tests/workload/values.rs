//! Bodies that are here as a whole: what goes in comes out.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use parking_lot::Mutex;
use planguard::workload::{Policy, RequestBody};
use proptest::prelude::*;
use tower::{Layer, ServiceExt};

use crate::upstream::{
    Asked, Book, Piece, layer, limit, on_paused_clock, pieces, request, turn, upstream,
};

/// What arrives of `body`, and whether it was judged.
fn forwarded<B: RequestBody>(body: B, bytes: usize) -> (B, bool) {
    let (arrived, asked) = (Mutex::new(Vec::new()), Asked::default());
    let policy = Policy::new().classifier(asked.clone()).limits(limit(bytes));
    let keep = tower::service_fn(|request: Request<B>| {
        arrived.lock().push(request.into_body());
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    on_paused_clock(layer(policy).layer(keep).oneshot(request(body))).unwrap();
    let mut arrived = arrived.into_inner();
    assert_eq!(arrived.len(), 1, "it is sent once");
    (arrived.remove(0), !asked.about().is_empty())
}

/// A turn, and a limit that lies near its length.
fn turns() -> impl Strategy<Value = (String, usize)> {
    ("[ -~]{1,60}", -2i64..=2).prop_map(|(words, near)| {
        let body = turn(&format!("Fix src/a.rs: {words}"));
        let limit = (body.len() as i64 + near).max(0) as usize;
        (body, limit)
    })
}

proptest! {
    #[test]
    fn a_string_arrives_as_it_was_sent((body, bytes) in turns()) {
        let (arrived, judged) = forwarded(body.clone(), bytes);
        prop_assert_eq!(judged, body.len() <= bytes);
        prop_assert_eq!(arrived, body);
    }

    #[test]
    fn bytes_arrive_as_they_were_sent((body, bytes) in turns()) {
        let body = Bytes::from(body);
        let (arrived, judged) = forwarded(body.clone(), bytes);
        prop_assert_eq!(judged, body.len() <= bytes);
        prop_assert_eq!(arrived.as_ptr(), body.as_ptr(), "not even copied");
        prop_assert_eq!(arrived, body);
    }

    #[test]
    fn a_full_body_arrives_as_it_was_sent((body, bytes) in turns()) {
        let body = Bytes::from(body);
        let (arrived, judged) = forwarded(Full::new(body.clone()), bytes);
        prop_assert_eq!(judged, body.len() <= bytes);
        prop_assert_eq!(http_body::Body::size_hint(&arrived).exact(), Some(body.len() as u64));
        let arrived: Vec<_> = on_paused_clock(pieces(arrived)).into_iter().map(|(_, p)| p).collect();
        prop_assert_eq!(arrived, [Piece::Data(body)]);
    }

    #[test]
    fn bytes_that_are_no_turn_arrive_as_they_were_sent(body in any::<Vec<u8>>(), bytes in 0..64usize) {
        let (arrived, judged) = forwarded(Bytes::from(body.clone()), bytes);
        prop_assert_eq!(arrived, body);
        prop_assert!(!judged);
    }
}

#[test]
fn nothing_arrives_as_nothing() {
    assert_eq!(forwarded((), 8), ((), false));
    assert_eq!(forwarded(String::new(), 8), (String::new(), false));
    on_paused_clock(async {
        for bytes in [0, 8] {
            let book = Book::default();
            let policy = || Policy::new().limits(limit(bytes));
            let empty = layer(policy()).layer(upstream::<Empty<Bytes>>(&book));
            empty.oneshot(request(Empty::new())).await.unwrap();
            let full = layer(policy()).layer(upstream::<Full<Bytes>>(&book));
            full.oneshot(request(Full::default())).await.unwrap();
            for arrived in book.all() {
                assert_eq!((arrived.hint.exact(), arrived.was_over), (Some(0), true));
                assert!(arrived.pieces().is_empty());
            }
        }
    });
}

#[cfg(feature = "reqwest")]
mod of_reqwest {
    use super::*;
    use reqwest::Body;

    proptest! {
        #[test]
        fn a_reqwest_body_arrives_as_it_was_sent((body, bytes) in turns()) {
            let (arrived, judged) = forwarded(Body::from(body.clone()), bytes);
            prop_assert_eq!(judged, body.len() <= bytes);
            prop_assert_eq!(arrived.as_bytes(), Some(body.as_bytes()));
        }
    }

    #[test]
    fn a_reqwest_body_that_is_a_stream_is_sent_as_it_comes() {
        let script = crate::scripted::Script {
            pieces: vec![(5, Bytes::from(turn("Fix "))), (7, Bytes::from("src/a.rs"))],
            end: crate::scripted::End::Trailers,
            sized: false,
        };
        let (arrived, judged) = forwarded(Body::wrap(script.body()), 1 << 20);
        assert!(!judged && arrived.as_bytes().is_none());
        let sent = on_paused_clock(pieces(script.body()));
        assert_eq!(on_paused_clock(pieces(arrived)), sent, "in its own time");
    }
}
