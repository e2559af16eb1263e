//! reqwest's responses as `http`'s and back, with nothing lost.

use ::reqwest::{Body, ResponseBuilderExt, Url};
use bytes::Bytes;
use http::Response;

use crate::{BoxError, exchange::FinalUrl};

/// The host that reqwest gives to a response that has no URL.
const UNNAMED: &str = "no.url.provided.local";

/// A response as `http` has it, with its URL where [`into_reqwest`] finds it.
/// It says where it came from if that is not `asked`, the request's host.
pub(crate) fn into_http(response: ::reqwest::Response, asked: Option<&str>) -> Response<Body> {
    let url = response.url().clone();
    let mut response: Response<Body> = response.into();
    let host = url.host_str();
    if host != asked && host != Some(UNNAMED) {
        // What cannot be said as a URI was no request's target.
        if let Ok(uri) = url.as_str().parse() {
            response.extensions_mut().insert(FinalUrl(uri));
        }
    }
    come_from(url, response)
}

/// The reverse of [`into_http`].
pub(crate) fn into_reqwest<B>(response: Response<B>) -> ::reqwest::Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    response.map(Body::wrap).into()
}

/// [`into_reqwest`] for a response that perhaps no reqwest client made: such a
/// one is said to come from `asked`.
pub(crate) fn into_reqwest_from<B>(
    response: Response<B>,
    asked: impl FnOnce() -> Option<Url>,
) -> ::reqwest::Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let response = into_reqwest(response);
    if response.url().host_str() != Some(UNNAMED) {
        return response;
    }
    match asked() {
        Some(url) => come_from(url, Response::<Body>::from(response)).into(),
        None => response,
    }
}

/// Gives a response its URL. reqwest keeps it in the extensions, under a type
/// of its own that only a builder can put there.
fn come_from<B>(url: Url, mut response: Response<B>) -> Response<B> {
    let mut builder = Response::builder();
    if let Some(extensions) = builder.extensions_mut() {
        std::mem::swap(extensions, response.extensions_mut());
    }
    if let Ok(mut named) = builder.url(url).body(()) {
        std::mem::swap(named.extensions_mut(), response.extensions_mut());
    }
    response
}
