//! An answer's body, so that the timeline tells of one that did not come to
//! its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body as _, Frame, SizeHint};
use planguard::profile::Surface;

use crate::{figures, journal::Line};

/// Lines of the last event of a stream, in each format. Many clients read no
/// further, and events come one a frame.
const LAST: [(&[u8], &[u8]); 6] = [
    (b"data:", b"[DONE]"),
    (b"event:", b"message_stop"),
    (b"event:", b"response.completed"),
    (b"event:", b"response.incomplete"),
    (b"event:", b"response.failed"),
    (b"event:", b"error"),
];
/// Within so many bytes an event has said what it is.
const LOOK: usize = 256;

pub struct Followed {
    body: Body,
    line: Line,
    surface: Surface,
    /// Of an announced length, what is still to come; hyper asks no further
    /// once it has come, and not every body tells its length.
    remaining: Option<u64>,
    over: bool,
}

impl Followed {
    /// `response`, an answer to a request by `method`.
    pub fn answer(
        response: Response<Body>,
        method: &Method,
        line: Line,
        surface: Surface,
    ) -> Response<Body> {
        let announced = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let remaining = response.body().size_hint().exact().or_else(announced);
        let bodiless = method == Method::HEAD
            || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let over = bodiless || response.body().is_end_stream() || remaining == Some(0);
        response.map(|body| Body::new(Self { body, line, surface, remaining, over }))
    }

    fn broke(&mut self, why: &'static str) {
        self.over = true;
        self.line.broke(why);
        figures::broke(self.surface, why);
    }
}

impl http_body::Body for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &polled {
            None => self.over = true,
            Some(Err(_)) if self.over => {}
            Some(Err(_)) => self.broke("the upstream broke off"),
            Some(Ok(frame)) => {
                let data = frame.data_ref().map_or(&[][..], |data| data);
                let last = is_last(data);
                self.remaining = self.remaining.map(|left| left.saturating_sub(data.len() as u64));
                self.over |= last || self.remaining == Some(0) || self.body.is_end_stream();
            }
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        if !self.over {
            self.broke("its client went away");
        }
    }
}

fn is_last(event: &[u8]) -> bool {
    let head = event.get(..LOOK).unwrap_or(event);
    head.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        LAST.iter().any(|(field, value)| {
            let said = line.strip_prefix(*field);
            said.is_some_and(|said| said.strip_prefix(b" ").unwrap_or(said) == *value)
        })
    })
}
