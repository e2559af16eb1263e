//! Plays a recorded answer through a layer, as a transport would deliver it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use planguard::{BoxError, exchange::Detection};
use tower::{Layer, Service, ServiceExt, util::BoxService};

/// One recorded answer.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub url: Uri,
    pub request_headers: HeaderMap,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The transport that a layer stands around here.
pub type Transport = BoxService<Request<Empty<Bytes>>, Response<Chunks>, Infallible>;

/// What the layer makes of `recorded`, delivered in frames of `chunk` bytes;
/// none if no profile claims it.
pub async fn drive<L, B>(
    recorded: Recorded,
    layer: &L,
    chunk: usize,
) -> Result<Option<Detection>, BoxError>
where
    L: Layer<Transport>,
    L::Service: Service<Request<Empty<Bytes>>, Response = Response<B>>,
    <L::Service as Service<Request<Empty<Bytes>>>>::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let Recorded { url, request_headers, status, headers, body } = recorded;
    let transport = tower::service_fn(move |_: Request<Empty<Bytes>>| {
        let mut response = Response::new(Chunks::new(body.clone(), chunk));
        *response.status_mut() = status;
        *response.headers_mut() = headers.clone();
        async move { Ok::<_, Infallible>(response) }
    });
    let mut request = Request::post(url).body(Empty::new())?;
    *request.headers_mut() = request_headers;
    let service = layer.layer(BoxService::new(transport));
    let mut response = service.oneshot(request).await.map_err(Into::into)?;
    // A stream speaks while it flows.
    while let Some(frame) = response.body_mut().frame().await {
        frame.map_err(Into::into)?;
    }
    Ok(response.extensions().get::<Detection>().cloned())
}

/// A body in frames of at most so many bytes, not ready before each.
#[derive(Debug)]
pub struct Chunks {
    frames: VecDeque<Bytes>,
    waited: bool,
}

impl Chunks {
    fn new(mut body: Bytes, chunk: usize) -> Self {
        let mut frames = VecDeque::new();
        while !body.is_empty() {
            frames.push_back(body.split_to(chunk.min(body.len())));
        }
        Self { frames, waited: false }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.frames.pop_front().map(|frame| Ok(Frame::data(frame))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.frames.iter().map(|frame| frame.len() as u64).sum())
    }
}
