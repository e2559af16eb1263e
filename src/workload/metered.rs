//! Where other work may go instead of the plan: an endpoint that is paid by
//! the call, or a server of the user's own.

use std::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::AUTHORIZATION,
    uri::{PathAndQuery, Scheme},
};

use crate::profile::{Billing, Claim, Registry, Surface};

/// Where a non-coding request is sent instead of the plan, and with which key.
///
/// Base URL and credential are replaced, and the model where it is mapped;
/// everything else of the request stays as it is. Never towards a plan: such a
/// target is an error when the guard is built, and a request whose path would
/// lead to one is blocked.
///
/// What a client adds below every layer (reqwest's `default_headers`) goes
/// along: set the plan's credential on the request instead. Trailers of a
/// request whose model is replaced do not.
///
/// `Debug` shows no key.
#[derive(Clone)]
#[must_use]
pub struct Metered {
    key: String,
    places: Vec<(Surface, Uri)>,
    models: Vec<(String, String)>,
}

impl Metered {
    /// The profile's own metered endpoint of the same wire format, with `key`.
    /// Where the profile has none (Z.AI has none for the Anthropic format),
    /// the request is blocked, unless [`at`](Self::at) names a place.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), places: Vec::new(), models: Vec::new() }
    }

    /// Requests in the format of `surface` go to `base` instead: a base URL as
    /// clients of that format take it, such as `http://127.0.0.1:8000/v1` for
    /// OpenAI's, and without `/v1` for Anthropic's.
    pub fn at(mut self, surface: Surface, base: Uri) -> Self {
        self.places.push((surface, base));
        self
    }

    /// Who asks for the model `from` gets `to` there. A model without such a
    /// row keeps its name.
    pub fn model(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.models.push((from.into(), to.into()));
        self
    }

    /// A place that is no place to go to, and why.
    pub(crate) fn trouble(&self, plans: &Registry) -> Option<String> {
        if HeaderValue::from_str(&self.key).is_err() || self.key.is_empty() {
            return Some("its key is empty, or cannot stand in a header".to_owned());
        }
        self.places.iter().find_map(|(surface, base)| {
            if base.host().is_none() {
                return Some(format!("`{base}` has no host: give an absolute URL"));
            }
            if base.authority().is_some_and(|authority| authority.as_str().contains('@')) {
                let host = base.host().unwrap_or_default();
                return Some(format!(
                    "the URL on `{host}` holds a name or a password: give the key to `Metered::new`"
                ));
            }
            let usual = usual(base, *surface);
            let claim = self.plan(plans, base).or_else(|| self.plan(plans, usual.as_ref()?))?;
            let plan = claim.profile().plan();
            Some(format!("`{base}` leads to a plan itself ({plan}): other work may not go there"))
        })
    }

    /// Where `uri`, which `claim` claims, goes. None if there is no place for
    /// its wire format.
    pub(super) fn target(&self, claim: &Claim, uri: &Uri) -> Option<Uri> {
        let surface = claim.endpoint().surface;
        let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
        let (scheme, authority, path) = match self.places.iter().find(|place| place.0 == surface) {
            Some((_, base)) => {
                let path = base.path().trim_end_matches('/');
                let scheme = base.scheme().cloned().unwrap_or(Scheme::HTTPS);
                let operation = operation(uri.path(), surface);
                (scheme, base.authority()?.clone(), format!("{path}{operation}"))
            }
            None => {
                let endpoint = metered(claim)?;
                let rest = uri.path().strip_prefix(claim.endpoint().path_prefix.as_str())?;
                let path = joined(&endpoint.path_prefix, rest);
                (Scheme::HTTPS, endpoint.host.parse().ok()?, path)
            }
        };
        let path: PathAndQuery = format!("{path}{query}").parse().ok()?;
        Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()
    }

    /// Replaces the credential in `headers`: in `x-api-key` if one stood there,
    /// as a bearer token otherwise. No header stays in which the plan of
    /// `claim` has its credentials.
    pub(super) fn credential(&self, claim: &Claim, headers: &mut HeaderMap) {
        let secret = |text: &str| {
            HeaderValue::from_str(text).ok().map(|mut value| {
                value.set_sensitive(true);
                value
            })
        };
        let own_header = headers.remove("x-api-key").is_some();
        let bearer = headers.remove(AUTHORIZATION).is_some();
        headers.remove(http::header::HOST);
        for name in claim.profile().credential_headers() {
            headers.remove(name);
        }
        if own_header {
            if let Some(value) = secret(&self.key) {
                headers.insert("x-api-key", value);
            }
        }
        if bearer || !own_header {
            if let Some(value) = secret(&format!("Bearer {}", self.key)) {
                headers.insert(AUTHORIZATION, value);
            }
        }
    }

    /// The claim of a plan among `plans` on what goes to `to` with this key.
    pub(super) fn plan(&self, plans: &Registry, to: &Uri) -> Option<Claim> {
        let places = [
            (AUTHORIZATION, format!("Bearer {}", self.key)),
            (HeaderName::from_static("x-api-key"), self.key.clone()),
        ];
        let header =
            |(name, value): (HeaderName, String)| Some((name, HeaderValue::from_str(&value).ok()?));
        let headers = places.into_iter().filter_map(header).collect();
        plans.claim(to, &headers).filter(Claim::is_plan)
    }

    /// Whether any model has another name there.
    pub(super) fn maps_models(&self) -> bool {
        !self.models.is_empty()
    }

    /// What the model `from` is called there, if it is mapped.
    pub(super) fn model_there(&self, from: &str) -> Option<&str> {
        self.models.iter().find(|(known, _)| known == from).map(|(_, to)| to.as_str())
    }
}

/// Where the requests of a format go below `base`.
fn usual(base: &Uri, surface: Surface) -> Option<Uri> {
    let operation = match surface {
        Surface::Anthropic => "/v1/messages",
        Surface::Responses => "/responses",
        _ => "/chat/completions",
    };
    let path = format!("{}{operation}", base.path().trim_end_matches('/'));
    let builder = Uri::builder().scheme(Scheme::HTTPS).authority(base.authority()?.clone());
    builder.path_and_query(path).build().ok()
}

/// The profile's metered endpoint of the same format, on the same host if
/// there is one.
fn metered(claim: &Claim) -> Option<&crate::profile::Endpoint> {
    let (plan, endpoints) = (claim.endpoint(), claim.profile().endpoints());
    let fits = |endpoint: &&crate::profile::Endpoint| {
        endpoint.billing == Billing::Metered && endpoint.surface == plan.surface
    };
    let here = endpoints.iter().filter(fits).find(|endpoint| endpoint.host == plan.host);
    here.or_else(|| endpoints.iter().find(fits))
}

/// `prefix` and `rest`, in which the last segment of `prefix` is not repeated.
fn joined(prefix: &str, rest: &str) -> String {
    let prefix = prefix.trim_end_matches('/');
    let last = prefix.rfind('/').and_then(|at| prefix.get(at..)).unwrap_or_default();
    let rest = match rest.strip_prefix(last) {
        Some(after) if after.starts_with('/') && !last.is_empty() => after,
        _ => rest,
    };
    format!("{prefix}{rest}")
}

/// What of a path a base URL does not hold: from the version on in Anthropic's
/// format, after it in OpenAI's.
fn operation(path: &str, surface: Surface) -> &str {
    let version = path.match_indices("/v").filter(|(at, _)| {
        let rest = path.get(at + 2..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && matches!(rest.as_bytes().get(digits), None | Some(b'/'))
    });
    let Some((at, _)) = version.last() else { return path };
    let from = path.get(at..).unwrap_or_default();
    if surface == Surface::Anthropic {
        return from;
    }
    let after = from.get(1..).and_then(|rest| rest.find('/')).map(|slash| slash + 1);
    after.and_then(|slash| from.get(slash..)).unwrap_or_default()
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a password.
        let places = self.places.iter().map(|(surface, base)| (surface, base.host(), base.path()));
        f.debug_struct("Metered")
            .field("places", &places.collect::<Vec<_>>())
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Metered {
    fn eq(&self, other: &Self) -> bool {
        (&self.key, &self.places, &self.models) == (&other.key, &other.places, &other.models)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::zai;

    fn goes(to: &Metered, url: &str) -> Option<String> {
        let registry = Registry::new(&[zai()]);
        let uri: Uri = url.parse().unwrap();
        let claim = registry.claim(&uri, &HeaderMap::new()).unwrap();
        to.target(&claim, &uri).map(|uri| uri.to_string())
    }

    #[test]
    fn a_request_goes_to_the_metered_endpoint_of_its_format_and_host() {
        let to = Metered::new("k");
        let url = |base: &str| format!("{base}/v4/chat/completions?a=b");
        for host in ["https://api.z.ai", "https://open.bigmodel.cn"] {
            let plan = url(&format!("{host}/api/coding/paas"));
            assert_eq!(goes(&to, &plan), Some(url(&format!("{host}/api/paas"))));
        }
        assert_eq!(goes(&to, "https://api.z.ai/api/anthropic/v1/messages"), None);
    }

    #[test]
    fn a_base_url_is_one_as_clients_of_the_format_take_it() {
        let to = Metered::new("k")
            .at(Surface::Openai, "http://127.0.0.1:8000/v1".parse().unwrap())
            .at(Surface::Anthropic, "http://127.0.0.1:8000/a/".parse().unwrap());
        assert_eq!(
            goes(&to, "https://api.z.ai/api/coding/paas/v4/chat/completions").as_deref(),
            Some("http://127.0.0.1:8000/v1/chat/completions")
        );
        assert_eq!(
            goes(&to, "https://api.z.ai/api/anthropic/v1/messages?beta=true").as_deref(),
            Some("http://127.0.0.1:8000/a/v1/messages?beta=true")
        );
    }

    #[test]
    fn a_plan_is_no_place_to_go_to() {
        let plans = Registry::new(&[zai()]);
        let to = |url: &str| Metered::new("k").at(Surface::Openai, url.parse().unwrap());
        let trouble = to("https://api.z.ai/api/coding/paas/v4").trouble(&plans).unwrap();
        assert!(trouble.contains("GLM Coding Plan"), "{trouble}");
        assert!(to("/relative").trouble(&plans).is_some());
        assert!(Metered::new("").trouble(&plans).is_some());
        assert_eq!(to("https://api.z.ai/api/paas/v4").trouble(&plans), None);
    }

    #[test]
    fn the_key_replaces_the_credential_where_it_stood_and_is_not_shown() {
        let to = Metered::new("other-secret");
        let claim = Claim::new(zai(), 0).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("plan-secret"));
        to.credential(&claim, &mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(headers["x-api-key"], "other-secret");
        headers.remove("x-api-key");
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer plan-secret"));
        to.credential(&claim, &mut headers);
        assert_eq!(headers[AUTHORIZATION], "Bearer other-secret");
        let shown = format!("{headers:?} {to:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
