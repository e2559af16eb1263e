//! What reading an answer adds to handing it on.

use std::{convert::Infallible, hint::black_box};

use bytes::Bytes;
use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use planguard::{
    detect::DetectLayer,
    profile::{Registry, zai},
};
use serde::de::IgnoredAny;
use tower::{Layer, Service};

use super::{Case, answer, now, request};

const EVENT_STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";

pub const EVENTS: Case = events("detect-events", |frames| {
    let stream = answer::service(EVENT_STREAM, answer::events(frames));
    call(detect().layer(stream), 1);
})
.without(&BARE_EVENTS);

const BARE_EVENTS: Case = events("bare-events", |frames| {
    call(answer::service(EVENT_STREAM, answer::events(frames)), 1);
});

pub const DOCUMENT: Case = document("detect-document", |rounds| {
    let whole = answer::service(JSON, answer::cut(answer::document()));
    call(detect().layer(whole), rounds);
})
.without(&BARE_DOCUMENT);

const BARE_DOCUMENT: Case = document("bare-document", |rounds| {
    call(answer::service(JSON, answer::cut(answer::document())), rounds);
});

pub const SSE_STREAM: Case = events("sse-stream", |frames| {
    let body = answer::body(&answer::events(frames));
    assert_eq!(now(sse_stream::SseStream::new(body).count()), frames as usize);
})
.without(&BARE_FRAMES);

pub const EVENTSOURCE_STREAM: Case = events("eventsource-stream", |frames| {
    let body = answer::body(&answer::events(frames));
    assert_eq!(now(body.into_data_stream().eventsource().count()), frames as usize);
})
.without(&BARE_FRAMES);

const BARE_FRAMES: Case = events("bare-frames", |frames| {
    black_box(answer::drain(answer::body(&answer::events(frames))));
});

pub const SERDE_JSON: Case = document("serde_json IgnoredAny", |rounds| {
    let document = answer::document();
    for _ in 0..rounds {
        let walked = serde_json::from_slice::<IgnoredAny>(black_box(&document));
        assert!(black_box(walked).is_ok());
    }
});

/// One stream of so many events. The shorter one pays for what happens once,
/// such as compiling a search; 10,000 events lie between the two.
const fn events(name: &'static str, run: fn(u32)) -> Case {
    Case::each(name, run)
}

/// Something that is counted once a byte of the document.
const fn document(name: &'static str, run: fn(u32)) -> Case {
    Case { name, run, rounds: (1, 5), units: || answer::document().len() as f64, control: None }
}

fn detect() -> DetectLayer {
    DetectLayer::new(Registry::new(&[zai()]))
}

/// `rounds` calls whose answers are read to their ends.
fn call<S, B>(mut service: S, rounds: u32)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error = Infallible>,
{
    for _ in 0..rounds {
        let Ok(response) = now(service.call(request::fresh(())));
        black_box(answer::drain(response.into_body()));
    }
}
