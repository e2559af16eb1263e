//! Bodies that take their time, or never end.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use parking_lot::Mutex;
use planguard::workload::Policy;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use crate::upstream::{layer, limit, request};

type Boxed = BoxBody<Bytes, Infallible>;

/// Says when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Four bytes a second, for ever: how many came, and whether it was dropped.
fn endless() -> (Boxed, Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (came, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let state = (came.clone(), Dropped(dropped.clone()));
    let frames = stream::unfold(state, |(came, dropped)| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        came.fetch_add(1, Ordering::Relaxed);
        let frame = Frame::data(Bytes::from_static(b"more"));
        Some((Ok::<_, Infallible>(frame), (came, dropped)))
    });
    (StreamBody::new(sync_wrapper::SyncStream::new(Box::pin(frames))).boxed(), came, dropped)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_passed_on_as_it_comes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let book = seen.clone();
    let began = Instant::now();
    // It answers once it has seen six frames.
    let upstream = tower::service_fn(move |request: Request<Boxed>| {
        let book = book.clone();
        async move {
            let mut body = request.into_body();
            for _ in 0..6 {
                let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
                book.lock().push((began.elapsed().as_secs(), frame));
            }
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let (body, came, dropped) = endless();
    // Ten bytes: the third frame goes beyond.
    let guarded = layer(Policy::new().limits(limit(10))).layer(upstream);
    guarded.oneshot(request(body)).await.unwrap();
    let times: Vec<_> = seen.lock().iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [3, 3, 3, 4, 5, 6], "what was read at once, the rest in its own time");
    assert!(seen.lock().iter().all(|(_, frame)| frame == "more"));
    assert_eq!(came.load(Ordering::Relaxed), 6, "nothing is read ahead of its reader");
    assert!(dropped.load(Ordering::Relaxed), "what nobody wants any more is dropped");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_is_kept_of_empty_frames_either() {
    let frames = stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::new())));
    let body = StreamBody::new(sync_wrapper::SyncStream::new(Box::pin(frames))).boxed();
    let upstream = tower::service_fn(|request: Request<Boxed>| async move {
        let kept = request.into_body().frame().await.unwrap().unwrap();
        assert!(kept.into_data().unwrap().is_empty());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let guarded = layer(Policy::new().limits(limit(1_000))).layer(upstream);
    guarded.oneshot(request(body)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_its_body_is_read_never_leaves() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let upstream = tower::service_fn(move |_: Request<Boxed>| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    let (body, came, dropped) = endless();
    let asking = layer(Policy::new()).layer(upstream).oneshot(request(body));
    let limit = Duration::from_millis(4_500);
    assert!(tokio::time::timeout(limit, asking).await.is_err(), "it is read to its end first");
    assert_eq!((sent.load(Ordering::Relaxed), came.load(Ordering::Relaxed)), (0, 4));
    assert!(dropped.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_to_be_judged_is_not_read_ahead() {
    let (body, came, _) = endless();
    let upstream = tower::service_fn(|request: Request<Boxed>| async move {
        drop(request);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let mut asked = request(body);
    *asked.uri_mut() = "https://api.z.ai/api/paas/v4/chat/completions".parse().unwrap();
    let began = Instant::now();
    layer(Policy::new()).layer(upstream).oneshot(asked).await.unwrap();
    assert_eq!((came.load(Ordering::Relaxed), began.elapsed()), (0, Duration::ZERO));
}
