//! Keeps web pages from calling the gateway through their reader's browser.

use std::{net::IpAddr, sync::Arc};

use crate::{answer, proxy::guess};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
};
use http::{Response, StatusCode, Uri, header, uri::Authority};

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

    /// What is wrong with where a request goes and comes from: a page's own
    /// name made to lead here (DNS rebinding), or a page from elsewhere.
    fn objects(&self, request: &Request) -> Option<String> {
        let text = |name: &str| request.headers().get(name).map(|value| value.to_str().ok());
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = hosts.next().map(|value| value.to_str().ok().and_then(|t| t.parse().ok()));
        let named: Option<Authority> = match (host, request.uri().authority()) {
            (Some(host), None) => host,
            (None, Some(authority)) => Some(authority.clone()),
            (Some(host), Some(authority)) => host.filter(|host| host == authority),
            (None, None) => None,
        };
        let Some(named) = named.filter(|named| hosts.next().is_none() && self.allows(named.host()))
        else {
            return Some(
                "it is not called so (allow_hosts names the hosts that it has)".to_owned(),
            );
        };
        // What every present browser says of itself, even where it sends no
        // Origin, as for an image.
        let elsewhere = text("sec-fetch-site")
            .is_some_and(|site| !matches!(site, Some("same-origin" | "none")));
        // Somebody may follow a link to the page.
        let a_link = text("sec-fetch-mode").flatten() == Some("navigate")
            && request.uri().path() == "/planguard";
        if elsewhere && !a_link {
            return Some("a page from elsewhere may not call it".to_owned());
        }
        let origin = text("origin")?;
        let from = origin.and_then(|origin| origin.parse::<Uri>().ok());
        match from.as_ref().and_then(Uri::authority) {
            Some(from) if *from == named => None,
            _ => Some("a page from elsewhere may not call it".to_owned()),
        }
    }
}

pub async fn keep_pages_out(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match hosts.objects(&request) {
        Some(why) => {
            let surface = guess(request.uri().path(), request.headers());
            answer::error(surface, StatusCode::FORBIDDEN, &why)
        }
        None => next.run(request).await,
    }
}
