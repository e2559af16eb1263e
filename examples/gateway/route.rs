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
    /// Only these methods are.
    Method(&'static [Method]),
}

const ASK: &[Method] = &[Method::POST];
const LOOK: &[Method] = &[Method::GET, Method::HEAD];
/// Stored responses and batches are fetched, cancelled and deleted.
const KEEP: &[Method] = &[Method::POST, Method::GET, Method::HEAD, Method::DELETE];

/// Where `path`, freed of the upstream's own, leads. A client may have put
/// `/v1` before it or not.
pub fn route(method: &Method, path: &str, headers: &HeaderMap) -> Result<Route, NoRoute> {
    if !is_plain(path) {
        return Err(NoRoute::Path);
    }
    let path = path.trim_end_matches('/');
    let rest = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let under = |first: &str| {
        rest.strip_prefix(first).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
    };
    let (surface, methods) = if matches!(rest, "/chat/completions" | "/embeddings") {
        (Surface::Openai, ASK)
    } else if rest == "/messages" || rest == "/messages/count_tokens" {
        (Surface::Anthropic, ASK)
    } else if under("/messages") {
        (Surface::Anthropic, KEEP)
    } else if under("/responses") {
        (Surface::Responses, KEEP)
    } else if under("/models") && headers.contains_key("anthropic-version") {
        (Surface::Anthropic, LOOK)
    } else if under("/models") {
        (Surface::Openai, LOOK)
    } else {
        return Err(NoRoute::Path);
    };
    if !methods.contains(method) {
        return Err(NoRoute::Method(methods));
    }
    // Anthropic's base URLs end before the version, OpenAI's behind it.
    let version = if surface == Surface::Anthropic { "/v1" } else { "" };
    Ok(Route { surface, rest: format!("{version}{rest}") })
}

/// Whether `path` means what it says: an upstream may resolve dot segments and
/// decode slashes, and would then serve another place than the one that was
/// judged.
fn is_plain(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let hidden = ["%2f", "%5c", "%25", "%3b", "\\"].iter().any(|hidden| path.contains(hidden));
    let is_dots = |segment: &str| {
        let bare = segment.split(';').next().unwrap_or_default().replace("%2e", ".");
        matches!(&*bare, "." | "..")
    };
    !hidden && !path.split('/').any(is_dots)
}

/// What of `path` stands behind `prefix`, at a segment's border.
pub fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
