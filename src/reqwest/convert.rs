//! reqwest's responses as `http`'s and back, with nothing lost.

use ::reqwest::{Body, ResponseBuilderExt, Url};
use bytes::Bytes;
use http::Response;

use crate::{BoxError, exchange::FinalUrl};

/// The host that reqwest gives to a response that has no URL.
const UNNAMED: &str = "no.url.provided.local";

/// A response as `http` has it, with its URL where reqwest's own conversion
/// back finds it. It says where it came from if that is not `asked`, the
/// request's host.
pub(crate) fn into_http(response: ::reqwest::Response, asked: &str) -> Response<Body> {
    let url = response.url().clone();
    let mut response: Response<Body> = response.into();
    let host = url.host_str();
    if host != Some(asked) && host != Some(UNNAMED) {
        // What cannot be said as a URI was no request's target.
        if let Ok(uri) = url.as_str().parse() {
            response.extensions_mut().insert(FinalUrl(uri));
        }
    }
    come_from(url, response)
}

/// The reverse of [`into_http`]. A response that no reqwest client made is
/// said to come from `asked`.
pub(crate) fn into_reqwest<B>(
    response: Response<B>,
    asked: impl FnOnce() -> Option<Url>,
) -> ::reqwest::Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let response: ::reqwest::Response = response.map(Body::wrap).into();
    if response.url().host_str() != Some(UNNAMED) {
        return response;
    }
    match asked() {
        Some(url) => come_from(url, Response::<Body>::from(response)).into(),
        None => response,
    }
}

/// Gives a response its URL, whose place in the extensions is reqwest's own
/// secret.
fn come_from<B>(url: Url, mut response: Response<B>) -> Response<B> {
    if let Ok(carrier) = http::response::Builder::new().url(url).body(()) {
        response.extensions_mut().extend(carrier.into_parts().0.extensions);
    }
    response
}
