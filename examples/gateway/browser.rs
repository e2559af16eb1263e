//! Keeps web pages from calling the gateway through their reader's browser.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
};
use http::{HeaderMap, Response, StatusCode, Uri, header};
use planguard::profile::Surface;

use crate::answer;

/// The names by which the gateway may be called.
pub struct Hosts(Vec<String>);

impl Hosts {
    pub fn new(allowed: &[String]) -> Self {
        Self(allowed.iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    /// A number is no name that somebody else's server could answer for.
    fn allows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || bare.eq_ignore_ascii_case("localhost")
            || self.0.contains(&bare.to_ascii_lowercase())
    }

    /// What is wrong with where a request says that it comes from and goes to:
    /// a page's own name made to lead here (DNS rebinding), or a page from
    /// elsewhere.
    fn objects(&self, headers: &HeaderMap) -> Option<String> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(host) = text(header::HOST) {
            let name = host.parse::<http::uri::Authority>().ok();
            if !name.is_some_and(|name| self.allows(name.host())) {
                return Some(format!("it is not called `{host}` (allow_hosts names it)"));
            }
        }
        let origin = text(header::ORIGIN)?;
        let from = origin.parse::<Uri>().ok();
        let here = from.as_ref().and_then(Uri::authority).map(|from| from.as_str());
        if here.is_some() && here == text(header::HOST) {
            return None;
        }
        match from.as_ref().and_then(Uri::host) {
            Some(host) if self.0.iter().any(|allowed| allowed == host) => None,
            _ => Some(format!("a page of `{origin}` may not call it (allow_hosts names its host)")),
        }
    }
}

pub async fn keep_pages_out(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match hosts.objects(request.headers()) {
        Some(why) => answer::error(Surface::Openai, StatusCode::FORBIDDEN, &why),
        None => next.run(request).await,
    }
}
