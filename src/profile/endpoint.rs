//! Where a plan lives: hosts, segment-bounded path prefixes, and the match of
//! a request to them.

use std::{cmp::Reverse, fmt, sync::Arc};

use http::{HeaderMap, Uri, header::HOST};
use serde::{Deserialize, Serialize};

use super::Profile;

/// The wire format that an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Surface {
    /// OpenAI Chat Completions.
    Openai,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
    /// Anything else, such as a quota read-out.
    Other,
}

/// Who pays for an endpoint's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Billing {
    /// The plan: its terms hold here.
    Plan,
    /// The balance, call by call.
    Metered,
}

/// One place of a vendor's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Endpoint {
    /// The exact host, in lower case, without a port.
    pub host: String,
    /// The path's first segments, as in `/api/anthropic`. Matches whole
    /// segments only: `/api/coding` does not claim `/api/codingx`.
    pub path_prefix: String,
    /// What it speaks.
    pub surface: Surface,
    /// Who pays.
    pub billing: Billing,
}

/// Where a request goes, read in place from a URI or a reqwest URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// As it is written: perhaps with user info and a port.
    authority: Option<&'a str>,
    path: &'a str,
}

impl<'a> Target<'a> {
    /// The host, bare and as it is written; none if the URI has no authority.
    pub(crate) fn host(&self) -> Option<&'a str> {
        let authority = self.authority?;
        Some(bare_host(authority.rsplit_once('@').map_or(authority, |(_, host)| host)))
    }
}

impl<'a> From<&'a Uri> for Target<'a> {
    fn from(uri: &'a Uri) -> Self {
        Self { authority: uri.authority().map(|authority| authority.as_str()), path: uri.path() }
    }
}

#[cfg(feature = "reqwest")]
impl<'a> From<&'a ::reqwest::Url> for Target<'a> {
    fn from(url: &'a ::reqwest::Url) -> Self {
        Self { authority: url.host_str(), path: url.path() }
    }
}

/// The profile and endpoint that a request belongs to. Clones are cheap.
#[derive(Clone)]
pub struct Claim {
    profile: Profile,
    endpoint: u16,
}

impl Claim {
    /// The claim of `profile`'s endpoint number `endpoint`; none if it has no
    /// such endpoint.
    pub fn new(profile: Profile, endpoint: u16) -> Option<Self> {
        profile.endpoints().get(usize::from(endpoint))?;
        Some(Self { profile, endpoint })
    }

    /// The vendor's plan.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The endpoint that answers.
    pub fn endpoint(&self) -> &Endpoint {
        &self.profile.endpoints()[usize::from(self.endpoint)]
    }

    /// The endpoint's place in the profile's list.
    pub fn endpoint_index(&self) -> u16 {
        self.endpoint
    }

    /// Whether the plan pays.
    pub fn is_plan(&self) -> bool {
        self.endpoint().billing == Billing::Plan
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("profile", &self.profile.id())
            .field("host", &self.endpoint().host)
            .field("path_prefix", &self.endpoint().path_prefix)
            .finish()
    }
}

/// All profiles of one stack, looked up by host. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<[Host]>);

#[derive(Debug)]
struct Host {
    name: String,
    /// Longest prefix first.
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    /// Without a final slash.
    prefix: String,
    claim: Claim,
}

impl Place {
    fn holds(&self, path: &str) -> bool {
        // The end of the segment first: it tells most places apart.
        matches!(path.as_bytes().get(self.prefix.len()), None | Some(b'/'))
            && path.starts_with(&*self.prefix)
    }
}

impl Registry {
    /// A registry of `profiles`. Of two that claim the same prefix the first
    /// one wins; a longer prefix wins over a shorter one.
    pub fn new(profiles: &[Profile]) -> Self {
        let mut hosts: Vec<Host> = Vec::new();
        for profile in profiles {
            for (index, endpoint) in (0..).zip(profile.endpoints()) {
                let claim = Claim { profile: profile.clone(), endpoint: index };
                let prefix = endpoint.path_prefix.trim_end_matches('/').to_owned();
                let place = Place { prefix, claim };
                match hosts.iter_mut().find(|host| host.name == endpoint.host) {
                    Some(host) => host.places.push(place),
                    None => hosts.push(Host { name: endpoint.host.clone(), places: vec![place] }),
                }
            }
        }
        for host in &mut hosts {
            host.places.sort_by_key(|place| Reverse(place.prefix.len()));
        }
        Self(hosts.into())
    }

    /// The claim on a request: its URI's authority decides, the `Host` header
    /// only if the URI has none. Port, user info, a trailing dot and the case
    /// of the host do not matter; the case of the path does.
    ///
    /// No allocation; one comparison of lengths for each host that differs.
    pub fn claim(&self, uri: &Uri, headers: &HeaderMap) -> Option<Claim> {
        self.claim_on(uri.into(), headers)
    }

    /// [`claim`](Self::claim) for those who have no URI.
    pub(crate) fn claim_on(&self, to: Target<'_>, headers: &HeaderMap) -> Option<Claim> {
        let host = match to.authority {
            // Most are the bare host, and need not be taken apart.
            Some(authority) => match self.0.iter().find(|own| own.name == authority) {
                Some(host) => host,
                None => self.host(to.host()?)?,
            },
            None => self.host(bare_host(headers.get(HOST)?.to_str().ok()?))?,
        };
        host.places.iter().find(|place| place.holds(to.path)).map(|place| place.claim.clone())
    }

    fn host(&self, host: &str) -> Option<&Host> {
        self.0.iter().find(|own| own.name.eq_ignore_ascii_case(host))
    }
}

/// A host without a port and without the dot that makes it absolute.
pub(super) fn bare_host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}
