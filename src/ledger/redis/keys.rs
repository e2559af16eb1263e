//! The names of the keys.

use std::fmt::Write as _;

use super::RedisTrouble;
use crate::account::Account;

/// How the keys begin, unless the user says otherwise.
pub(super) const PREFIX: &str = "planguard";

/// The names of one ledger's keys.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// The keys of one account: in one slot of a Cluster, by their hash tag, since
/// a script may touch no other.
#[derive(Clone, Debug)]
pub(super) struct AccountKeys {
    pub(super) record: String,
    pub(super) hits: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Result<Self, RedisTrouble> {
        match prefix.contains(['{', '}']) {
            true => Err(RedisTrouble::Prefix(prefix.to_owned())),
            false => Ok(Self { prefix: prefix.to_owned() }),
        }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn schema(&self) -> String {
        format!("{}:schema", self.prefix)
    }

    /// The set of all accounts.
    pub(super) fn accounts(&self) -> String {
        format!("{}:accounts", self.prefix)
    }

    pub(super) fn of(&self, account: &Account) -> AccountKeys {
        let base = format!("{}:{{{}}}", self.prefix, tag(account.as_str()));
        AccountKeys { record: format!("{base}:record"), hits: format!("{base}:hits") }
    }
}

/// `account` as a hash tag: what would end the tag, or a line of `redis-cli
/// --scan`, is written as in a URL.
fn tag(account: &str) -> String {
    account.chars().fold(String::new(), |mut tag, c| {
        if matches!(c, '{' | '}' | '%') || c.is_control() || c.is_whitespace() {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(tag, "%{byte:02X}");
            }
        } else {
            tag.push(c);
        }
        tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_documented() {
        let keys = Keys::new("planguard").unwrap().of(&Account::named("zai", "ada"));
        assert_eq!(keys.record, "planguard:{zai/ada}:record");
        assert_eq!(keys.hits, "planguard:{zai/ada}:hits");
    }

    #[test]
    fn no_name_of_an_account_ends_its_hash_tag() {
        for name in ["}", "{}", "a}b{c", "}{", "a b\n%7D", "ä\u{a0}"] {
            let keys = Keys::new("p").unwrap().of(&Account::named("}", name));
            let tag = keys.record.strip_prefix("p:{").unwrap().strip_suffix("}:record").unwrap();
            assert!(!tag.is_empty() && !tag.contains(['{', '}', ' ', '\n']), "{tag}");
            assert_eq!(keys.hits, format!("p:{{{tag}}}:hits"));
        }
    }

    #[test]
    fn different_accounts_have_different_keys() {
        let of = |name| Keys::new("p").unwrap().of(&Account::named("zai", name)).record;
        assert_ne!(of("a}"), of("a%7D"));
    }

    #[test]
    fn a_prefix_with_a_brace_is_refused() {
        assert!(matches!(Keys::new("a{b"), Err(RedisTrouble::Prefix(_))));
    }
}
