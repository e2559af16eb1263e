//! A plan that requests are sent to.

use std::{net::IpAddr, sync::Arc};

use axum::body::Body;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Uri,
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING},
    uri::{Authority, PathAndQuery, Scheme},
};
use planguard::profile::{Claim, Profile, Registry, Surface};

use crate::{
    config::{self, ConfigError},
    route::Route,
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Headers that concern one connection (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    http::header::TE,
    TRANSFER_ENCODING,
    http::header::UPGRADE,
];

/// One `[[upstream]]`, checked.
pub struct Upstream {
    pub path: String,
    pub profile: Profile,
    bases: Vec<(Surface, Uri)>,
    key: Option<String>,
    via: Option<Via>,
}

/// The server that is connected to in place of those `instead_of` which it is.
#[derive(Clone, Debug)]
pub struct Via {
    pub instead_of: Arc<[Authority]>,
    pub scheme: Scheme,
    pub authority: Authority,
}

impl Upstream {
    pub fn new(config: &config::Upstream) -> Result<Self, ConfigError> {
        let path = &config.path;
        let wrong = |what: String| ConfigError::new(format!("upstream `{path}`: {what}"));
        if !path.starts_with('/') {
            return Err(wrong("its path has to begin with `/`".to_owned()));
        }
        let profile = profile(&config.profile).map_err(&wrong)?;
        let bases = bases(&config.openai, &config.responses, &config.anthropic).map_err(&wrong)?;
        if bases.is_empty() {
            return Err(wrong("it has no `openai`, `responses` or `anthropic` URL".to_owned()));
        }
        let key = config.key.as_ref().map(|key| key.read()).transpose();
        let key = key.map_err(|error| wrong(error.to_string()))?;
        for (surface, base) in &bases {
            let name = surface.as_str();
            let Some(claim) = claimed(&profile, *surface, base, key.as_deref()) else {
                return Err(wrong(format!(
                    "the profile `{}` does not know {name} = \"{base}\", so nothing would be guarded there: its endpoints are {}",
                    profile.id(),
                    endpoints(&profile),
                )));
            };
            let speaks = claim.endpoint().surface;
            if speaks != *surface && speaks != Surface::Other {
                return Err(wrong(format!(
                    "{name} = \"{base}\" speaks {} by the profile `{}`",
                    speaks.as_str(),
                    profile.id()
                )));
            }
            if base.scheme() == Some(&Scheme::HTTP) && config.via.is_none() {
                return Err(wrong(format!("{name} has to begin with https://")));
            }
        }
        let via = config.via.as_deref().map(|url| via(url, &bases)).transpose().map_err(&wrong)?;
        Ok(Self { path: path.clone(), profile, bases, key, via })
    }

    /// Whether whoever reaches the gateway uses the operator's key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether `profile` claims what is sent here, too.
    pub fn is_claimed_by(&self, profile: &Profile) -> bool {
        let keys = keys(self.key.as_deref(), &[&self.profile, profile]);
        self.bases.iter().any(|(surface, base)| {
            let claims = |profile, key| claim_with(profile, *surface, base, key).is_some();
            keys.iter().any(|key| claims(&self.profile, key) && claims(profile, key))
        })
    }

    pub fn formats(&self) -> impl Iterator<Item = (Surface, &Uri)> {
        self.bases.iter().map(|(surface, base)| (*surface, base))
    }

    /// Makes a client's request one to this upstream: its URI, its key, and no
    /// header of the connection that it came by. Nothing else is touched.
    pub fn prepare(
        &self,
        route: &Route,
        request: Request<Body>,
    ) -> Result<Request<Body>, NoRequest> {
        let base = self.bases.iter().find(|(surface, _)| *surface == route.surface);
        let (_, base) = base.ok_or(NoRequest::Format)?;
        let (mut parts, body) = request.into_parts();
        if self.key.is_none() && differ(&parts.headers) {
            return Err(NoRequest::Credentials);
        }
        parts.uri = joined(base, &route.rest, parts.uri.query()).ok_or(NoRequest::TooLong)?;
        strip_connection(&mut parts.headers);
        parts.headers.remove(HOST);
        // Answered by this server already.
        parts.headers.remove(EXPECT);
        parts.version = http::Version::HTTP_11;
        if let Some(key) = &self.key {
            credential(&mut parts.headers, key, route.surface);
            // The account is the key's, whatever a client says.
            for name in self.profile.credential_headers() {
                if *name != AUTHORIZATION && *name != API_KEY {
                    parts.headers.remove(name);
                }
            }
        }
        if let Some(via) = &self.via {
            parts.extensions.insert(via.clone());
        }
        Ok(Request::from_parts(parts, body))
    }
}

/// The claim of `profile` on what is sent to `base`, with `key` if the gateway
/// has one, else with a client's.
fn claimed(profile: &Profile, surface: Surface, base: &Uri, key: Option<&str>) -> Option<Claim> {
    keys(key, &[profile]).iter().find_map(|key| claim_with(profile, surface, base, key))
}

/// The keys with which requests may go: the gateway's `own`, or of clients' one
/// for each test that `profiles` make, and one that none asks for.
fn keys<'k>(own: Option<&'k str>, profiles: &[&'k Profile]) -> Vec<&'k str> {
    if let Some(own) = own {
        return vec![own];
    }
    let endpoints = profiles.iter().flat_map(|profile| profile.endpoints());
    let tests = endpoints.filter_map(|endpoint| endpoint.credential.as_ref());
    tests.flat_map(|test| &test.prefix).map(String::as_str).chain(["any"]).collect()
}

/// The claim of `profile` on a request with `key`.
fn claim_with(profile: &Profile, surface: Surface, base: &Uri, key: &str) -> Option<Claim> {
    let rest = match surface {
        Surface::Anthropic => "/v1/messages",
        Surface::Responses => "/responses",
        _ => "/chat/completions",
    };
    let mut headers = HeaderMap::new();
    credential(&mut headers, key, surface);
    Registry::new(std::slice::from_ref(profile)).claim(&joined(base, rest, None)?, &headers)
}

/// Why a client's request cannot be made one to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRequest {
    /// The upstream has no base URL for its format.
    Format,
    /// It names two accounts.
    Credentials,
    /// Its path and query are too long for a URL.
    TooLong,
}

/// Removes what concerns one connection, and what that names.
pub fn strip_connection(headers: &mut HeaderMap) {
    // Which of the two counts is for those who framed it to know (RFC 9112, 6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    let named = headers.get_all(CONNECTION).iter();
    let named: Vec<HeaderName> = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// Whether a request holds two keys that are not the same: which account
/// would the provider see?
fn differ(headers: &HeaderMap) -> bool {
    let values = [AUTHORIZATION, API_KEY].map(|name| headers.get_all(name)).into_iter().flatten();
    let keys = values.map(|value| {
        let value = value.as_bytes();
        match value.split_at_checked(b"bearer".len()) {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer") => key.trim_ascii(),
            _ => value.trim_ascii(),
        }
    });
    let mut keys = keys.filter(|key| !key.is_empty());
    let first = keys.next();
    keys.any(|key| Some(key) != first)
}

fn via(url: &str, bases: &[(Surface, Uri)]) -> Result<Via, String> {
    let url = absolute("via", url)?;
    if url.path() != "/" {
        return Err("via names a server, and has no path".to_owned());
    }
    let instead_of = bases.iter().filter_map(|(_, base)| base.authority().cloned()).collect();
    let parts = url.into_parts();
    let server = parts.scheme.zip(parts.authority);
    let (scheme, authority) = server.ok_or("via is no URL")?;
    if scheme == Scheme::HTTP && !is_here(authority.host()) {
        tracing::warn!(
            "via = \"http://{authority}\" sends keys and prompts in the clear to another machine"
        );
    }
    Ok(Via { instead_of, scheme, authority })
}

/// Whether a URL with this host stays on this machine.
fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Puts the gateway's key where the client had one, or where the format has it.
fn credential(headers: &mut HeaderMap, key: &str, surface: Surface) {
    let bearer = headers.remove(AUTHORIZATION).is_some();
    let own_header = headers.remove(API_KEY).is_some();
    let (name, text) = if own_header || (!bearer && surface == Surface::Anthropic) {
        (API_KEY, key.to_owned())
    } else {
        (AUTHORIZATION, format!("Bearer {key}"))
    };
    // It was checked when it was read.
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

fn profile(name: &str) -> Result<Profile, String> {
    if let Some(profile) = planguard::profile::built_in(name) {
        return Ok(profile);
    }
    if !name.ends_with(".toml") {
        let known: Vec<_> = planguard::profile::all_built_in();
        let known: Vec<_> = known.iter().map(Profile::id).collect();
        return Err(format!(
            "no built-in profile is called `{name}` ({}), and a file's name ends in .toml",
            known.join(", ")
        ));
    }
    Profile::load(name).map_err(|error| error.to_string())
}

fn endpoints(profile: &Profile) -> String {
    let places = profile.endpoints().iter();
    let places: Vec<_> =
        places.map(|place| format!("https://{}{}", place.host, place.path_prefix)).collect();
    places.join(", ")
}

/// The base URLs that are there.
pub fn bases(
    openai: &Option<String>,
    responses: &Option<String>,
    anthropic: &Option<String>,
) -> Result<Vec<(Surface, Uri)>, String> {
    let all = [
        (Surface::Openai, openai),
        (Surface::Responses, responses),
        (Surface::Anthropic, anthropic),
    ];
    let given = all.into_iter().filter_map(|(surface, url)| Some((surface, url.as_deref()?)));
    given.map(|(surface, url)| Ok((surface, absolute(surface.as_str(), url)?))).collect()
}

fn absolute(name: &str, url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| format!("{name} is no URL"))?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    match web && plain && uri.query().is_none() {
        true => Ok(uri),
        false => Err(format!(
            "{name} has to begin with http:// or https://, without a password or a query"
        )),
    }
}

fn joined(base: &Uri, rest: &str, query: Option<&str>) -> Option<Uri> {
    let path = base.path().trim_end_matches('/');
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let path: PathAndQuery = format!("{path}{rest}{query}").parse().ok()?;
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}
