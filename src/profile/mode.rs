//! How far a vendor admits the clients of others.

use serde::{Deserialize, Serialize};

/// How far a vendor admits clients other than its own, as far as its documents
/// say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It admits them on conditions. Requests leave, and the first policy
    /// signal halts the account.
    Guarded,
    /// It grants a generic client nothing that planguard knows of. Plan
    /// requests are refused before anything leaves, unless the program's own
    /// code says that it has a grant
    /// ([`allow_tripwire`](crate::Builder::allow_tripwire)); then an
    /// answer of 4xx that no rule knows holds the account at once, and the
    /// first policy signal halts it.
    Tripwire,
    /// No policy signal is known for its plan endpoints, or hardly any: what is
    /// recognised is mainly when the quota is used up.
    QuotaOnly,
}

impl Mode {
    /// The name as it stands in profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guarded => "guarded",
            Self::Tripwire => "tripwire",
            Self::QuotaOnly => "quota_only",
        }
    }
}
