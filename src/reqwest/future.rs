use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::reqwest::{Body, Url};
use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use super::convert::{into_http, into_reqwest_from};
use crate::BoxError;

pin_project! {
    /// The future of an [`HttpService`](super::HttpService).
    pub struct HttpFuture<F, E> {
        #[pin]
        state: State<F, E, Option<String>>,
    }
}

pin_project! {
    /// The future of a [`ReqwestService`](super::ReqwestService).
    pub struct ReqwestFuture<F, E> {
        #[pin]
        state: State<F, E, Option<Url>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, E, K> {
        Failed { error: Option<E> },
        Sent { #[pin] future: F, kept: K },
    }
}

impl<F, E> HttpFuture<F, E> {
    pub(super) fn sent(future: F, host: Option<String>) -> Self {
        Self { state: State::Sent { future, kept: host } }
    }

    pub(super) fn failed(error: E) -> Self {
        Self { state: State::Failed { error: Some(error) } }
    }
}

impl<F, E> ReqwestFuture<F, E> {
    pub(super) fn sent(future: F, url: Url) -> Self {
        Self { state: State::Sent { future, kept: Some(url) } }
    }

    pub(super) fn failed(error: E) -> Self {
        Self { state: State::Failed { error: Some(error) } }
    }
}

impl<F, E> Future for HttpFuture<F, E>
where
    F: Future<Output = Result<::reqwest::Response, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Failed { error } => {
                error.take().map_or(Poll::Pending, |e| Poll::Ready(Err(e)))
            }
            StateProj::Sent { future, kept: host } => {
                let result = ready!(future.poll(cx));
                Poll::Ready(result.map(|response| into_http(response, host.as_deref())))
            }
        }
    }
}

impl<F, B, E> Future for ReqwestFuture<F, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Output = Result<::reqwest::Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Failed { error } => {
                error.take().map_or(Poll::Pending, |e| Poll::Ready(Err(e)))
            }
            StateProj::Sent { future, kept } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(into_reqwest_from(response, || kept.take())))
            }
        }
    }
}

impl<F, E> fmt::Debug for HttpFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFuture").finish_non_exhaustive()
    }
}

impl<F, E> fmt::Debug for ReqwestFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestFuture").finish_non_exhaustive()
    }
}
