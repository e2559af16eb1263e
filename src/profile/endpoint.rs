//! Where a plan lives: hosts, segment-bounded path prefixes, and the match of
//! a request to them.

use std::{fmt, sync::Arc};

use http::{HeaderMap, Uri, header::HOST};
use serde::{Deserialize, Serialize};

use super::{Profile, by_name::ByName, credential::Identity, odd_path::resolved};

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

impl Surface {
    /// The name as it stands in profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Other => "other",
        }
    }
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
    /// Which credentials it is about, where several plans or payers share host
    /// and path; without it any, and requests that show none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialTest>,
}

impl Endpoint {
    /// Whether some request may be about both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let under = |path: &str, prefix: &str| {
            let rest = path.strip_prefix(prefix.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let (own, theirs) = (&self.path_prefix, &other.path_prefix);
        let test = |of: &Self| of.credential.clone().unwrap_or_default();
        self.host == other.host
            && (under(own, theirs) || under(theirs, own))
            && test(self).meets(&test(other))
    }
}

/// Which credentials an endpoint is about: one of those that a request shows,
/// wherever they stand. A request that shows none passes no such test, nor does
/// one that also shows what begins with one of `not_prefix`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CredentialTest {
    /// It begins with one of these, as in `sk-ant-oat`; any does if there is
    /// none.
    #[serde(default)]
    pub prefix: Vec<String>,
    /// It begins with none of these.
    #[serde(default)]
    pub not_prefix: Vec<String>,
}

impl CredentialTest {
    pub(super) fn passes(&self, credential: &[u8]) -> bool {
        let begins = |with: &String| credential.starts_with(with.as_bytes());
        (self.prefix.is_empty() || self.prefix.iter().any(begins)) && !self.excludes(credential)
    }

    fn excludes(&self, credential: &[u8]) -> bool {
        self.not_prefix.iter().any(|with| credential.starts_with(with.as_bytes()))
    }

    /// Whether a request that shows `credentials` is meant.
    fn is_met<'h>(&self, credentials: impl Iterator<Item = &'h [u8]>) -> bool {
        let mut met = false;
        for credential in credentials {
            if self.excludes(credential) {
                return false;
            }
            met |= self.passes(credential);
        }
        met
    }

    /// Whether some credential passes both.
    fn meets(&self, other: &Self) -> bool {
        self.beginnings().any(|own| {
            other.beginnings().any(|theirs| {
                let longer = if own.len() > theirs.len() { own } else { theirs };
                let passes = |test: &Self| !test.excludes(longer.as_bytes());
                longer.starts_with(own)
                    && longer.starts_with(theirs)
                    && passes(self)
                    && passes(other)
            })
        })
    }

    /// What a credential may begin with: anything, if there is no prefix.
    fn beginnings(&self) -> impl Iterator<Item = &str> {
        let any = self.prefix.is_empty().then_some("");
        self.prefix.iter().map(String::as_str).chain(any)
    }
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
    plan: bool,
}

impl Claim {
    /// The claim of `profile`'s endpoint number `endpoint`; none if it has no
    /// such endpoint.
    pub fn new(profile: Profile, endpoint: u16) -> Option<Self> {
        let plan = profile.endpoints().get(usize::from(endpoint))?.billing == Billing::Plan;
        Some(Self { profile, endpoint, plan })
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
        self.plan
    }

    /// What a request shows of its account: where a credential made the claim,
    /// that one.
    #[inline]
    pub(crate) fn identity<'h>(&self, headers: &'h HeaderMap) -> Option<Identity<'h>> {
        self.profile.identity(headers, self.endpoint().credential.as_ref())
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
pub struct Registry(Arc<ByName<ByName<Claims>>>);

/// Who claims one host and path.
#[derive(Debug, Default)]
struct Claims {
    /// Whatever the credential is.
    any: Option<Claim>,
    by_credential: Vec<Claim>,
}

impl Claims {
    fn add(&mut self, claim: Claim) {
        match claim.endpoint().credential {
            Some(_) => self.by_credential.push(claim),
            None => {
                self.any.get_or_insert(claim);
            }
        }
    }

    #[inline(always)]
    fn of(&self, headers: &HeaderMap) -> Option<&Claim> {
        let own = if self.by_credential.is_empty() { None } else { self.by_credential(headers) };
        own.or(self.any.as_ref())
    }

    #[inline(never)]
    fn by_credential(&self, headers: &HeaderMap) -> Option<&Claim> {
        self.by_credential.iter().find(|claim| {
            let all = claim.profile().all_credentials(headers);
            let test = claim.endpoint().credential.as_ref();
            test.is_some_and(|test| test.is_met(all))
        })
    }
}

impl Registry {
    /// A registry of `profiles`. Of two that claim the same prefix the first
    /// one wins; a longer prefix wins over a shorter one, and of one prefix an
    /// endpoint that asks for the request's credential over one that does not.
    pub fn new(profiles: &[Profile]) -> Self {
        let mut hosts = ByName::default();
        for profile in profiles {
            for (index, endpoint) in (0..).zip(profile.endpoints()) {
                let prefixes: &mut ByName<Claims> = hosts.entry(&endpoint.host, ByName::default);
                let prefix = endpoint.path_prefix.trim_end_matches('/');
                let plan = endpoint.billing == Billing::Plan;
                let claim = Claim { profile: profile.clone(), endpoint: index, plan };
                prefixes.entry(prefix, Claims::default).add(claim);
            }
        }
        Self(hosts.into())
    }

    /// The claim on a request: its URI's authority decides, the `Host` header
    /// only if the URI has none. Port, user info, a trailing dot and the case
    /// of the host do not matter; the case of the path does. A path that is no
    /// plan's as it stands is also taken as lenient servers take it: decoded,
    /// without empty and dot segments and parameters.
    ///
    /// No allocation for a path without such oddities; one comparison for each
    /// length that hosts or prefixes have, and one look-up among those of one
    /// length, however many they are.
    pub fn claim(&self, uri: &Uri, headers: &HeaderMap) -> Option<Claim> {
        self.find(uri.into(), headers).cloned()
    }

    /// [`claim`](Self::claim) for those who have no URI, or need not keep it.
    pub(crate) fn find(&self, to: Target<'_>, headers: &HeaderMap) -> Option<&Claim> {
        let prefixes = match to.authority {
            // Most are the bare host, and need not be taken apart.
            Some(authority) => match self.0.get(authority) {
                Some(prefixes) => prefixes,
                None => self.0.get_in_any_case(to.host()?)?,
            },
            None => self.0.get_in_any_case(bare_host(headers.get(HOST)?.to_str().ok()?))?,
        };
        match prefixes.in_front_of(to.path, |claims| claims.of(headers)) {
            Some(claim) if claim.is_plan() => Some(claim),
            found => elsewhere(prefixes, to.path, headers).or(found),
        }
    }
}

/// What a path that is no plan's as it stands is to a server that reads it
/// leniently: a plan is not left because of a slash too many.
#[cold]
#[inline(never)]
fn elsewhere<'c>(
    prefixes: &'c ByName<Claims>,
    path: &str,
    headers: &HeaderMap,
) -> Option<&'c Claim> {
    prefixes.in_front_of(&resolved(path)?, |claims| claims.of(headers))
}

/// A host without a port and without the dot that makes it absolute.
pub(super) fn bare_host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}
