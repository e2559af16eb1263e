//! reqwest's responses as `http`'s and back, with nothing lost.

use ::reqwest::{Body, ResponseBuilderExt, Url};
use bytes::Bytes;
use http::Response;

use crate::{BoxError, exchange::FinalUrl};

/// The URL of a response, which `http`'s conversion would drop.
#[derive(Clone)]
struct KeptUrl(Url);

/// A response as `http` has it. It says where it came from if that is not
/// `asked`, the request's host.
pub(crate) fn into_http(response: ::reqwest::Response, asked: &str) -> Response<Body> {
    let url = response.url().clone();
    let mut response: Response<Body> = response.into();
    // reqwest's placeholder for a response that some middleware made itself.
    let unnamed = url.host_str() == Some("no.url.provided.local");
    if !unnamed && url.host_str() != Some(asked) {
        // What cannot be said as a URI was no request's target.
        if let Ok(uri) = url.as_str().parse() {
            response.extensions_mut().insert(FinalUrl(uri));
        }
    }
    response.extensions_mut().insert(KeptUrl(url));
    response
}

/// The reverse of [`into_http`]. A response that no reqwest client made is
/// said to come from `asked`.
pub(crate) fn into_reqwest<B>(
    mut response: Response<B>,
    asked: impl FnOnce() -> Option<Url>,
) -> ::reqwest::Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let kept = response.extensions_mut().remove::<KeptUrl>();
    if let Some(url) = kept.map(|kept| kept.0).or_else(asked) {
        // Its place in the extensions is reqwest's own secret.
        if let Ok(carrier) = http::response::Builder::new().url(url).body(()) {
            response.extensions_mut().extend(carrier.into_parts().0.extensions);
        }
    }
    response.map(Body::wrap).into()
}
