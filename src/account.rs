//! Who is halted: a profile and the stable part of a credential, hashed.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The letters of ids: consonants, so that an id never holds a digit group or
/// a word that a client takes as a reason to ask again (opencode retries on
/// the digits of `req_7a500c`).
const LETTERS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";

/// `n` letters from the bits of `bytes`.
pub(crate) fn letters(bytes: &[u8], n: usize) -> String {
    let mut number = bytes.iter().take(16).fold(0u128, |acc, b| acc << 8 | u128::from(*b));
    (0..n)
        .map(|_| {
            let letter = LETTERS[(number % 20) as usize];
            number /= 20;
            char::from(letter)
        })
        .collect()
}

/// A number that no other process draws. Not for secrets.
pub(crate) fn random() -> u128 {
    let draw = || RandomState::new().build_hasher().finish();
    u128::from(draw()) << 64 | u128::from(draw())
}

/// One account under one profile: what a halt is about.
///
/// Made from the stable part of a credential by SHA-256 (domain-separated,
/// truncated to about 69 bits), or from a name that the operator gives. The
/// credential itself is never kept. Displays as `zai/bcdfghjklmnpqrst`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Account(Arc<str>);

impl Account {
    /// The account that `stable` (the part of a credential which a refresh
    /// keeps) names under `profile`; the [`unidentified`](Self::unidentified)
    /// one if that is empty. Costs one SHA-256.
    pub fn from_credential(profile: &str, stable: &[u8]) -> Self {
        if stable.is_empty() {
            return Self::unidentified(profile);
        }
        let mut hash = Sha256::new();
        hash.update(b"planguard account v1\0");
        hash.update(profile.as_bytes());
        hash.update(b"\0");
        hash.update(stable);
        Self(format!("{profile}/{}", letters(&hash.finalize(), 16)).into())
    }

    /// The account that an operator calls `name`.
    pub fn named(profile: &str, name: &str) -> Self {
        Self(format!("{profile}/{name}").into())
    }

    /// The one account of all plan requests without a visible credential, or
    /// with one that names no account.
    pub fn unidentified(profile: &str) -> Self {
        Self::named(profile, "unidentified")
    }

    /// The profile's id.
    pub fn profile(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(profile, _)| profile)
    }

    /// The account's name within its profile.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// The whole, as displayed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Letters that stand for this account where its name may not be shown.
    pub fn letters(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"planguard account letters v1\0");
        hash.update(self.0.as_bytes());
        letters(&hash.finalize(), 10)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        (*account.0).to_owned()
    }
}

/// A text that names no account: it has no `profile/name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no account: expected `profile/name`")]
pub struct NotAnAccount(String);

impl TryFrom<String> for Account {
    type Error = NotAnAccount;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once('/') {
            Some((profile, name)) if !profile.is_empty() && !name.is_empty() => {
                Ok(Self(text.into()))
            }
            _ => Err(NotAnAccount(text)),
        }
    }
}

/// How often an account was struck, beside the limit that the provider's
/// terms name. Displays as `1 confirmed, 2 suspected, limit 3`.
///
/// ```
/// use planguard::account::Tally;
///
/// assert_eq!(Tally::new(1, 2, 3).to_string(), "1 confirmed, 2 suspected, limit 3");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Those that count against the limit.
    pub confirmed: u32,
    /// Those that may have an innocent reason and do not count.
    pub suspected: u32,
    /// With which confirmed one the provider bans the account; 0 if its terms
    /// name none.
    pub limit: u32,
}

impl Tally {
    /// So many confirmed and suspected ones, of `limit`.
    pub const fn new(confirmed: u32, suspected: u32, limit: u32) -> Self {
        Self { confirmed, suspected, limit }
    }

    /// Whether the next confirmed strike is the one that the limit names.
    pub const fn is_last_before_limit(&self) -> bool {
        self.limit > 0 && self.confirmed == self.limit - 1
    }

    /// As displayed, each number as `number` writes it.
    pub(crate) fn words(&self, number: impl Fn(u32) -> String) -> String {
        let Self { confirmed, suspected, limit } = *self;
        let of = match limit {
            0 => String::new(),
            limit => format!(", limit {}", number(limit)),
        };
        format!("{} confirmed, {} suspected{of}", number(confirmed), number(suspected))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(|number| number.to_string()))
    }
}
