//! Bodies that do as they are told.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::StreamBody;
use planguard::BoxError;
use proptest::{collection::vec, prelude::*};
use std::task::{Context, Poll};

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Plain,
    Trailers,
    Error,
}

/// A body's frames, the pauses before each of them, and its end.
#[derive(Clone, Debug)]
pub struct Script {
    pub pieces: Vec<(u64, Bytes)>,
    pub end: End,
    /// Whether the body says how long it is.
    pub sized: bool,
}

impl Script {
    /// All data of it.
    pub fn data(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|(_, piece)| piece.to_vec()).collect()
    }

    /// What it counts for against a limit: no frame less than a byte.
    pub fn cost(&self) -> usize {
        let data: usize = self.pieces.iter().map(|(_, piece)| piece.len().max(1)).sum();
        data + usize::from(self.end == End::Trailers)
    }

    pub fn body(&self) -> Scripted {
        let mut steps: Vec<_> = self.pieces.iter().cloned().map(Step::Data).collect();
        match self.end {
            End::Plain => {}
            End::Trailers => steps.push(Step::Trailers),
            End::Error => steps.push(Step::Error),
        }
        let steps = stream::unfold(steps.into_iter(), |mut steps| async {
            let frame = match steps.next()? {
                Step::Data((pause, data)) => {
                    // Not even a pause of nothing is a pause.
                    if pause > 0 {
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                    Ok(Frame::data(data))
                }
                Step::Trailers => Ok(Frame::trailers(trailers())),
                Step::Error => Err(BoxError::from("the client went away")),
            };
            Some((frame, steps))
        });
        let left = self.sized.then(|| self.data().len() as u64);
        Scripted { steps: Box::pin(StreamBody::new(sync_wrapper::SyncStream::new(steps))), left }
    }
}

enum Step {
    Data((u64, Bytes)),
    Trailers,
    Error,
}

pub fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "abc".parse().unwrap());
    trailers
}

/// A body that follows a [`Script`].
pub struct Scripted {
    steps: Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send + Sync>>,
    left: Option<u64>,
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.steps.as_mut().poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let read = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.left = self.left.map(|left| left - read);
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// A coding turn that is sent in pieces, and a limit that lies near its length.
pub fn turns() -> impl Strategy<Value = (Script, usize)> {
    let words = "[a-z ]{1,40}";
    let cuts = vec((0u8..40, prop_oneof![3 => Just(0u64), 1 => 1u64..50]), 0..8);
    let end = prop_oneof![3 => Just(End::Plain), 2 => Just(End::Trailers), 2 => Just(End::Error)];
    (words, cuts, end, any::<bool>(), -3i64..=3).prop_map(|(words, cuts, end, sized, near)| {
        let body = serde_json::json!({
            "model": "glm-5.2",
            "messages": [{"role": "user", "content": format!("Fix src/a.rs: {words}")}],
        });
        let mut rest = Bytes::from(body.to_string());
        let mut pieces = Vec::new();
        for (len, pause) in cuts {
            pieces.push((pause, rest.split_to(usize::from(len).min(rest.len()))));
        }
        pieces.push((0, rest));
        let script = Script { pieces, end, sized };
        let limit = (script.cost() as i64 + near * near * near).max(0) as usize;
        (script, limit)
    })
}
