use std::task::{Context, Poll};

use ::reqwest::Body;
use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::{HttpFuture, ReqwestFuture};
use crate::BoxError;

/// A reqwest client as a service of `http` types.
///
/// `S` is a [`reqwest::Client`], a
/// [`ClientWithMiddleware`](reqwest_middleware::ClientWithMiddleware), or any
/// `Service<reqwest::Request>`.
///
/// # Errors
///
/// The client's own; a URI that is no URL is its builder error.
#[derive(Clone, Debug)]
pub struct HttpService<S> {
    inner: S,
}

impl<S> HttpService<S> {
    /// `client`, for `http` requests.
    pub fn new(client: S) -> Self {
        Self { inner: client }
    }
}

impl<S> Service<Request<Body>> for HttpService<S>
where
    S: Service<::reqwest::Request, Response = ::reqwest::Response>,
    S::Error: From<::reqwest::Error>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = HttpFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let host = request.uri().host().map(str::to_owned);
        match request.try_into() {
            Ok(request) => HttpFuture::sent(self.inner.call(request), host),
            Err(error) => HttpFuture::failed(::reqwest::Error::into(error)),
        }
    }
}

/// A stack of `http` services, for those who speak reqwest.
///
/// # Errors
///
/// The stack's own; a URL that is no URI is reqwest's builder error.
#[derive(Clone, Debug)]
pub struct ReqwestService<S> {
    inner: S,
}

impl<S> ReqwestService<S> {
    /// `stack`, for reqwest requests.
    pub fn new(stack: S) -> Self {
        Self { inner: stack }
    }
}

impl<S, B> Service<::reqwest::Request> for ReqwestService<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: From<::reqwest::Error>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Response = ::reqwest::Response;
    type Error = S::Error;
    type Future = ReqwestFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: ::reqwest::Request) -> Self::Future {
        let url = request.url().clone();
        match request.try_into() {
            Ok(request) => ReqwestFuture::sent(self.inner.call(request), url),
            Err(error) => ReqwestFuture::failed(::reqwest::Error::into(error)),
        }
    }
}
