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

use super::{
    Case,
    answer::{self, FRAMES},
    now, request,
};

const EVENT_STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";

pub const EVENTS: Case = events("detect-events", |rounds| {
    let stream = answer::service(EVENT_STREAM, answer::events());
    call(detect().layer(stream), rounds);
})
.without(&BARE_EVENTS);

const BARE_EVENTS: Case = events("bare-events", |rounds| {
    call(answer::service(EVENT_STREAM, answer::events()), rounds);
});

pub const DOCUMENT: Case = document("detect-document", |rounds| {
    let whole = answer::service(JSON, answer::cut(answer::document()));
    call(detect().layer(whole), rounds);
})
.without(&BARE_DOCUMENT);

const BARE_DOCUMENT: Case = document("bare-document", |rounds| {
    call(answer::service(JSON, answer::cut(answer::document())), rounds);
});

pub const SSE_STREAM: Case = events("sse-stream", |rounds| {
    let frames = answer::events();
    for _ in 0..rounds {
        let events = sse_stream::SseStream::new(answer::body(&frames));
        assert_eq!(now(events.count()), FRAMES as usize);
    }
})
.without(&BARE_FRAMES);

pub const EVENTSOURCE_STREAM: Case = events("eventsource-stream", |rounds| {
    let frames = answer::events();
    for _ in 0..rounds {
        let events = answer::body(&frames).into_data_stream().eventsource();
        assert_eq!(now(events.count()), FRAMES as usize);
    }
})
.without(&BARE_FRAMES);

const BARE_FRAMES: Case = events("bare-frames", |rounds| {
    let frames = answer::events();
    for _ in 0..rounds {
        black_box(answer::drain(answer::body(&frames)));
    }
});

pub const SERDE_JSON: Case = document("serde_json IgnoredAny", |rounds| {
    let document = answer::document();
    for _ in 0..rounds {
        let walked = serde_json::from_slice::<IgnoredAny>(black_box(&document));
        assert!(black_box(walked).is_ok());
    }
});

/// Something that is counted once an event. The first stream pays for what
/// happens once, such as compiling a search.
const fn events(name: &'static str, run: fn(u32)) -> Case {
    Case { name, run, rounds: (1, 3), units: || f64::from(FRAMES), control: None }
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
