//! What one response says about the account that asked: the [`Signal`].

use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// What a provider's answer is about.
///
/// A class says what the answer *is*; what planguard does about it is a
/// [disposition](crate::breaker::Disposition), which is a table of its own.
/// The serialised form is the snake-case name, as in `policy_violation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// The provider says that the way the plan is used breaks its terms.
    PolicyViolation,
    /// The provider has locked the account.
    AccountLocked,
    /// The provider refuses this client, not this request.
    ClientRefused,
    /// The provider wants a person to prove something ("verify your account").
    Challenge,
    /// A throttle that the provider uses as policy control, never a plain
    /// rate limit (Z.AI 1302 and 1303 on plan endpoints).
    PolicyThrottle,
    /// The plan's quota is used up until it resets.
    QuotaExhausted,
    /// Nothing can be charged for this key, endpoint and model.
    Billing,
    /// The plan does not include what was asked for.
    Entitlement,
    /// A plain rate limit.
    RateLimited,
    /// The provider is overloaded.
    Overloaded,
    /// The credential was not accepted.
    Authentication,
    /// This prompt or completion was filtered; nothing about the account.
    ContentFilter,
    /// The request was malformed.
    InvalidRequest,
    /// The provider failed.
    ServerError,
    /// A failure that no rule of the profile knows.
    Unknown,
}

impl Class {
    /// Every class, in the order of the design's table.
    pub const ALL: [Self; 15] = [
        Self::PolicyViolation,
        Self::AccountLocked,
        Self::ClientRefused,
        Self::Challenge,
        Self::PolicyThrottle,
        Self::QuotaExhausted,
        Self::Billing,
        Self::Entitlement,
        Self::RateLimited,
        Self::Overloaded,
        Self::Authentication,
        Self::ContentFilter,
        Self::InvalidRequest,
        Self::ServerError,
        Self::Unknown,
    ];

    /// The name as it stands in JSON, logs and profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyViolation => "policy_violation",
            Self::AccountLocked => "account_locked",
            Self::ClientRefused => "client_refused",
            Self::Challenge => "challenge",
            Self::PolicyThrottle => "policy_throttle",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Billing => "billing",
            Self::Entitlement => "entitlement",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Authentication => "authentication",
            Self::ContentFilter => "content_filter",
            Self::InvalidRequest => "invalid_request",
            Self::ServerError => "server_error",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the provider enforces its terms with this class: the classes
    /// whose disposition can be made stricter but not laxer.
    pub const fn is_policy(self) -> bool {
        matches!(
            self,
            Self::PolicyViolation
                | Self::AccountLocked
                | Self::ClientRefused
                | Self::Challenge
                | Self::PolicyThrottle
        )
    }

    /// Whether an ordinary retry may repeat the request that got this answer.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded | Self::ServerError)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no [`Class`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a signal class")]
pub struct UnknownClass(String);

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == name)
            .ok_or_else(|| UnknownClass(name.to_owned()))
    }
}

/// How sure the signal is of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Certainty {
    /// The provider's own code or words name it.
    Confirmed,
    /// The same answer is also given for an innocent reason, or only the
    /// status speaks.
    Suspected,
}

/// Whom the provider acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum About {
    /// The client: it is not admitted. Nothing is said about the account.
    Client,
    /// The account itself.
    Account,
}

impl About {
    /// The name as it stands in JSON and profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Account => "account",
        }
    }
}

/// When the provider says that a wall comes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reset {
    /// The moment.
    pub at: SystemTime,
    /// Where the provider said so.
    pub source: ResetSource,
}

impl Reset {
    /// A reset at `at`, read from `source`.
    pub const fn new(at: SystemTime, source: ResetSource) -> Self {
        Self { at, source }
    }
}

/// Where a [`Reset`] was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResetSource {
    /// A `Retry-After` header.
    RetryAfter,
    /// Another header, as in `x-ratelimit-reset`.
    Header,
    /// A moment or a wait written in the body.
    Body,
    /// Nothing in the answer: the vendor's walls come down by the calendar.
    Calendar,
}

/// How far a halt reaches within one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// The endpoint that answered.
    Endpoint,
    /// Every plan endpoint of the profile.
    Plan,
    /// Every endpoint of the profile, metered ones included.
    Profile,
}

impl Reach {
    /// The name as it stands in JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Plan => "plan",
            Self::Profile => "profile",
        }
    }
}

/// How much of the provider's words a signal keeps.
const MESSAGE_BYTES: usize = 8 * 1024;
/// How much of a code or a request id is kept of a signal that strikes.
const NAME_BYTES: usize = 256;

/// What one response says about the account that asked.
///
/// `message` is the provider's own text, verbatim, at most 8 KiB of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Signal {
    /// What the answer is about.
    pub class: Class,
    /// How sure that is.
    pub certainty: Certainty,
    /// The HTTP status that carried it (200 inside a stream).
    pub status: u16,
    /// The provider's business code, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's words, verbatim, but for the request's own credential,
    /// for which `…` stands. Empty if it gave none.
    #[serde(default)]
    pub message: String,
    /// The provider's id for this exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When the wall comes down, if the provider said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
    /// The id of the profile rule that matched; none if no rule knew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
    /// What a person can do, as the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Arc<str>>,
    /// How far the rule says that a halt reaches, where it differs from the
    /// class's row in the disposition table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Whom the provider acted upon, where the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// When the provider is known to have said this to people who had done
    /// nothing, where the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_positive_note: Option<Arc<str>>,
}

impl Signal {
    /// A signal of `class` from an answer with `status`, with nothing else known.
    pub fn new(class: Class, certainty: Certainty, status: u16) -> Self {
        Self {
            class,
            certainty,
            status,
            code: None,
            message: String::new(),
            request_id: None,
            reset: None,
            rule: None,
            hint: None,
            reach: None,
            about: None,
            false_positive_note: None,
        }
    }

    /// This signal with no part that a ledger cannot hold, whoever reported
    /// it.
    pub(crate) fn bounded(mut self) -> Self {
        cut(&mut self.message, MESSAGE_BYTES);
        self.code.iter_mut().for_each(|code| cut(code, NAME_BYTES));
        self.request_id.iter_mut().for_each(|id| cut(id, NAME_BYTES));
        // What cannot be written as JSON would keep the halt out of the ledger.
        self.reset = self.reset.filter(|reset| reset.at >= UNIX_EPOCH);
        self
    }
}

/// As much of a message as a signal keeps.
pub(crate) fn front(message: &str) -> &str {
    front_of(message, MESSAGE_BYTES)
}

/// At most `most` bytes of `text`, whole characters.
pub(crate) fn front_of(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn cut(text: &mut String, most: usize) {
    text.truncate(front_of(text, most).len());
}
