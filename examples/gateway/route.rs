//! From a client's path to a wire format and what follows its base URL.

use http::{HeaderMap, Method};
use planguard::profile::Surface;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    pub surface: Surface,
    /// What stands behind the base URL, as in `/chat/completions`.
    pub rest: String,
}

/// Why it leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// Nothing is served there.
    Path,
    /// Only this method is.
    Method(Method),
}

/// Where `path`, freed of the upstream's own, leads. A client may have put
/// `/v1` before it or not.
pub fn route(method: &Method, path: &str, headers: &HeaderMap) -> Result<Route, NoRoute> {
    let path = path.trim_end_matches('/');
    let rest = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let under = |first: &str| {
        rest.strip_prefix(first).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
    };
    let (surface, wanted) = if under("/chat/completions") || under("/embeddings") {
        (Surface::Openai, Some(Method::POST))
    } else if under("/messages") {
        (Surface::Anthropic, Some(Method::POST))
    } else if under("/responses") {
        // A stored response is fetched, cancelled and deleted.
        (Surface::Responses, None)
    } else if under("/models") && headers.contains_key("anthropic-version") {
        (Surface::Anthropic, Some(Method::GET))
    } else if under("/models") {
        (Surface::Openai, Some(Method::GET))
    } else {
        return Err(NoRoute::Path);
    };
    match wanted {
        Some(wanted) if wanted != method => Err(NoRoute::Method(wanted)),
        // Anthropic's base URLs end before the version, OpenAI's behind it.
        _ if surface == Surface::Anthropic => Ok(Route { surface, rest: format!("/v1{rest}") }),
        _ => Ok(Route { surface, rest: rest.to_owned() }),
    }
}

/// What of `path` stands behind `prefix`, at a segment's border.
pub fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
