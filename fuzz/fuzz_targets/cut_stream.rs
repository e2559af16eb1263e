//! Event streams that are handed on event by event: no byte is lost, however
//! they came, and the verdict is that of a stream that is not cut.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use libfuzzer_sys::fuzz_target;
use planguard::{
    detect::DetectLayer,
    exchange::Detection,
    profile::{Registry, zai},
    signal::Signal,
};
use planguard_fuzz::pieces;
use tower::{Layer, ServiceExt, service_fn};

/// What the caller reads of a stream that comes in these pieces, and the verdict.
fn handed_on(cut: bool, pieces: &[&[u8]]) -> (Vec<u8>, Option<Signal>) {
    let pieces: Vec<_> = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
    let answer = service_fn(move |_: Request<Empty<Bytes>>| {
        let frames = pieces.clone().into_iter().map(|data| Ok::<_, Infallible>(Frame::data(data)));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let response = Response::builder().header(CONTENT_TYPE, "text/event-stream").body(body);
        std::future::ready(response)
    });
    let layer = DetectLayer::new(Registry::new(&[zai()]));
    let layer = if cut { layer.one_event_a_frame() } else { layer };
    let request = Request::post("https://api.z.ai/api/coding/paas/v4/chat/completions")
        .body(Empty::new())
        .expect("it is a request");
    futures_executor::block_on(async {
        let response = layer.layer(answer).oneshot(request).await.expect("it answers");
        let found = response.extensions().get::<Detection>().cloned().expect("it is watched");
        let read = response.into_body().collect().await.expect("it does not fail");
        (read.to_bytes().into(), found.signal().cloned())
    })
}

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (lengths, body) = input;
    let told = |signal: Option<Signal>| signal.map(|signal| (signal.class, signal.message));
    let (_, whole) = handed_on(false, &[body]);
    let whole = told(whole);
    for lengths in [&lengths[..], &[1]] {
        let (read, signal) = handed_on(true, &pieces(body, lengths));
        assert!(read == body, "bytes were lost or added");
        assert_eq!(told(signal), whole);
    }
});
