//! The provider's bodies: pieces, pauses, and an end that may be a bad one.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{admission::Presence, error::Error};

/// A response body of the provider. `Unpin`, `Send` and `Sync`.
///
/// Pieces come as tokio's clock says; polling it needs a tokio runtime with
/// time. The provider counts the request as served until it ends or is
/// dropped.
pub struct Body {
    steps: VecDeque<Step>,
    endless: Option<(Bytes, Duration)>,
    pause: Option<Pin<Box<Sleep>>>,
    /// The length that the head announces.
    length: Option<u64>,
    presence: Option<Presence>,
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Step {
    Data(Bytes),
    /// The piece that completes a signal.
    Signal(Bytes),
    Pause(Duration),
    Break,
}

impl Body {
    pub(super) fn new(steps: VecDeque<Step>, length: Option<u64>, presence: Presence) -> Self {
        Self { steps, endless: None, pause: None, length, presence: Some(presence) }
    }

    pub(super) fn endless(piece: Bytes, pace: Duration, presence: Presence) -> Self {
        // Without a pause a reader of an endless body would never yield.
        let endless = Some((piece, pace.max(Duration::from_millis(1))));
        Self { endless, ..Self::new(VecDeque::new(), None, presence) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        loop {
            if let Some(pause) = &mut this.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                this.pause = None;
            }
            let step = match (this.steps.pop_front(), &this.endless) {
                (Some(step), _) => step,
                (None, Some((piece, pace))) => {
                    this.steps.push_back(Step::Pause(*pace));
                    Step::Data(piece.clone())
                }
                (None, None) => {
                    this.presence = None;
                    return Poll::Ready(None);
                }
            };
            match step {
                Step::Pause(pause) => this.pause = Some(Box::pin(sleep(pause))),
                Step::Data(piece) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Step::Signal(piece) => {
                    if let Some(presence) = &this.presence {
                        presence.signal_sent();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Step::Break => {
                    this.steps.clear();
                    this.presence = None;
                    return Poll::Ready(Some(Err(Error::Broken)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.endless.is_none() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left: u64 = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Data(piece) | Step::Signal(piece) => piece.len() as u64,
                Step::Pause(_) | Step::Break => 0,
            })
            .sum();
        match self.length {
            // The announced length holds until the first piece is out.
            Some(length) if left > 0 => SizeHint::with_exact(length),
            Some(_) if self.is_end_stream() => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("steps", &self.steps.len()).finish_non_exhaustive()
    }
}
