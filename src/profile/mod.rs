#![doc = include_str!("format.md")]

mod age;
mod appeal;
mod builtin;
mod by_name;
mod calendar;
mod check;
mod condition;
mod credential;
mod describe;
mod endpoint;
mod error;
mod evidence;
mod extract;
mod fixture;
mod format;
mod in_header;
mod judge;
mod load;
mod mode;
mod notice;
mod odd_path;
mod pattern;
mod pointer;
mod reset;
mod rule;
mod when;

#[cfg(test)]
mod tests;

pub use appeal::Appeal;
pub use builtin::{all_built_in, built_in, built_in_ids, zai};
pub(crate) use credential::Identity;
#[cfg(feature = "tower")]
pub(crate) use credential::without_bearer;
pub(crate) use endpoint::Target;
pub use endpoint::{Billing, Claim, CredentialTest, Endpoint, Registry, Surface};
pub use error::{ProfileError, ProfileErrorKind};
pub use evidence::{Evidence, Leaves, Place, Scalar};
pub use fixture::{Fixture, Role};
pub use mode::Mode;
pub use notice::Notice;
pub use rule::Rule;

use std::{borrow::Cow, fmt, path::Path, sync::Arc};

use http::{HeaderMap, HeaderName};

use crate::signal::Signal;

/// One vendor's plan, as data. Clones share.
#[derive(Clone)]
pub struct Profile(Arc<Inner>);

struct Inner {
    file: String,
    id: String,
    provider: String,
    plan: String,
    checked_on: String,
    mode: Mode,
    require_user_agent: bool,
    terms: format::TermsFile,
    notice: Notice,
    endpoints: Vec<Endpoint>,
    credential: credential::Credential,
    extract: extract::Extract,
    /// What an error is that no rule matches.
    unmatched: Signal,
    rules: Vec<Rule>,
    reads_success_heads: bool,
    needles: pattern::Words,
    /// The needles, and what begins a further line of data.
    needles_and_lines: pattern::Words,
    fixtures: fixture::Fixtures,
}

impl Profile {
    /// Loads a profile from TOML text; `file_name` stands in errors.
    ///
    /// Strict: an unknown key, a bad regex or pointer, a rule that can never
    /// match, and a rule without a fixture that proves it and one that spares
    /// it are errors. The fixtures are not run: see
    /// [`check_fixtures`](Self::check_fixtures).
    ///
    /// # Errors
    ///
    /// A [`ProfileError`] that names file, rule and reason.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, ProfileError> {
        load::parse(file_name, text)
    }

    /// Loads a profile from a file, as strictly as [`parse`](Self::parse).
    ///
    /// The fixtures of `plan.toml` stand in it, in `plan.fixtures.toml` beside
    /// it, or in both. Blocks while it reads.
    ///
    /// # Errors
    ///
    /// A [`ProfileError`] that names file, rule and reason.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ProfileError> {
        load::load(path.as_ref())
    }

    /// The profile's id, as in `zai`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What tells this profile from any other that lives, at the cost of
    /// nothing.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The vendor, as in `Z.AI`.
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The plan, as in `GLM Coding Plan`.
    pub fn plan(&self) -> &str {
        &self.0.plan
    }

    /// The day the vendor's documents were last read, as in `2026-11-22`.
    pub fn checked_on(&self) -> &str {
        &self.0.checked_on
    }

    /// Where the plan lives, metered endpoints of the same vendor included.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.0.endpoints
    }

    /// How far the vendor admits clients other than its own.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Whether the plan is sold for coding only, so that other work does not
    /// belong on it.
    pub fn is_for_coding_only(&self) -> bool {
        self.0.terms.coding_only
    }

    /// Whether a plan request without a `User-Agent` is refused. planguard
    /// never sets one.
    pub fn require_user_agent(&self) -> bool {
        self.0.require_user_agent
    }

    /// Where the plan's terms stand.
    pub fn terms_url(&self) -> &str {
        &self.0.terms.url
    }

    /// The sentence of the terms that matters most, verbatim.
    pub fn terms_quote(&self) -> &str {
        &self.0.terms.quote
    }

    /// With which confirmed violation the vendor bans an account.
    pub fn strike_limit(&self) -> u32 {
        self.0.terms.strike_limit
    }

    /// How the vendor words that limit.
    pub fn strike_wording(&self) -> &str {
        &self.0.terms.strike_wording
    }

    /// The tools that the vendor lists, and the day the list was read.
    pub fn supported_tools(&self) -> (&[String], &str) {
        (&self.0.terms.supported_tools, &self.0.terms.supported_tools_on)
    }

    /// What the vendor's terms say, dated.
    pub fn notice(&self) -> Notice {
        self.0.notice.clone()
    }

    /// The credential of a request: the first header of the profile's list
    /// that has one, without `Bearer`. No allocation.
    pub fn credential<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        std::str::from_utf8(self.credential_bytes(headers)?).ok()
    }

    /// The same before anybody knows that it is text.
    pub(crate) fn credential_bytes<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        self.0.credential.find(headers)
    }

    /// The headers in which credentials of this plan stand.
    #[cfg(feature = "tower")]
    pub(crate) fn credential_names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.credential.names()
    }

    /// Every credential of a request, in all headers and lines.
    pub(crate) fn all_credentials<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> impl Iterator<Item = &'h [u8]> {
        self.0.credential.all(headers)
    }

    /// What a request shows of its account, by a credential that passes `test`
    /// if there is one.
    #[inline]
    pub(crate) fn identity<'h>(
        &self,
        headers: &'h HeaderMap,
        test: Option<&CredentialTest>,
    ) -> Option<Identity<'h>> {
        self.0.credential.identity(headers, test)
    }

    /// The headers in which credentials of this plan stand, or what names
    /// their account.
    pub fn credential_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.credential.headers()
    }

    /// The part of `credential` that a refresh keeps: what names the account.
    /// For Z.AI the `id` of `id.secret`, or the `api_key` claim of a JWT that a
    /// client signed from it. Empty if the profile says that nothing of it
    /// stays: then all are one account. Allocates only for a JWT.
    pub fn stable_part<'a>(&self, credential: &'a str) -> Cow<'a, str> {
        self.0.credential.stable_part(credential)
    }

    /// Judges one answer, or one event of a stream: the first rule that
    /// matches makes the signal; an error that none matches is `unknown`.
    /// None for a success that no rule is about.
    pub fn judge(&self, claim: &Claim, evidence: &Evidence<'_>) -> Option<Signal> {
        judge::judge(&self.0, claim, evidence)
    }

    /// The business code in front of a plain text, as in `[1305][text]`: how a
    /// 200 that is no JSON says that it is an error.
    pub fn code_in_front<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0.extract.in_front(text).map(|(code, _)| code)
    }

    /// Whether the rule that made `signal` looks at a success's head alone.
    pub(crate) fn is_in_success_head(&self, signal: &Signal) -> bool {
        let mut rules = self.rules().iter();
        let is_its = |rule: &&Rule| signal.rule.as_deref() == Some(rule.id());
        rules.find(is_its).is_some_and(Rule::reads_success_heads)
    }

    /// The literals of which one stands in every event or body of a success
    /// that [`judge`](Self::judge) could have something to say about.
    pub fn needles(&self) -> &[String] {
        self.0.needles.words()
    }

    /// Whether any of the [`needles`](Self::needles) stands in `chunk`. A
    /// vectorised scan; a needle may lie across two chunks.
    pub fn may_matter(&self, chunk: &[u8]) -> bool {
        self.0.needles.is_in(chunk)
    }

    /// The same for one event, in which a further line of data matters too:
    /// one search instead of two.
    pub(crate) fn may_matter_or_go_on(&self, event: &[u8]) -> bool {
        self.0.needles_and_lines.is_in(event)
    }

    /// Whether some rule matches successes by their headers alone, so that
    /// each one's head must be judged (with no leaves).
    pub fn reads_success_heads(&self) -> bool {
        self.0.reads_success_heads
    }

    /// The rules, in the order in which they are asked.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    /// The recorded answers that prove the rules, parsed on first use.
    ///
    /// # Errors
    ///
    /// A [`ProfileError`] if one is malformed, which only those of a built-in
    /// profile can be after loading.
    pub fn fixtures(&self) -> Result<&[Fixture], ProfileError> {
        self.0.fixtures.get()
    }

    /// Checks what [`judge`](Self::judge) gives for every fixture.
    /// `run` takes an answer apart and judges it.
    ///
    /// # Errors
    ///
    /// One [`ProfileError`] for each fixture that fails.
    pub fn check_fixtures(
        &self,
        run: impl FnMut(&Fixture) -> Option<Signal>,
    ) -> Result<(), Vec<ProfileError>> {
        self.0.fixtures.run(run)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("id", &self.0.id)
            .field("checked_on", &self.0.checked_on)
            .field("endpoints", &self.0.endpoints.len())
            .field("rules", &self.0.rules.len())
            .finish_non_exhaustive()
    }
}
