//! An answer's body, so that the timeline tells of one that did not come to
//! its end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use planguard::profile::Surface;

use crate::{figures, journal::Line};

pub struct Followed {
    body: Body,
    line: Line,
    surface: Surface,
    /// Of an announced length, what is still to come; hyper asks no further
    /// once it has come.
    remaining: Option<u64>,
    over: bool,
}

impl Followed {
    pub fn new(body: Body, line: Line, surface: Surface) -> Self {
        let remaining = body.size_hint().exact();
        let over = body.is_end_stream() || remaining == Some(0);
        Self { body, line, surface, remaining, over }
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
            Some(Err(_)) => self.broke("the upstream broke off"),
            Some(Ok(frame)) => {
                let came = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.remaining = self.remaining.map(|left| left.saturating_sub(came));
                self.over |= self.remaining == Some(0) || self.body.is_end_stream();
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
