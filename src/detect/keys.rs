//! A request's credentials, so that no echo of them is written down.

use std::cmp::Reverse;

use http::{HeaderMap, HeaderValue};

use crate::profile::{Profile, without_bearer};

/// A key shorter than this may be a word of the message.
const MIN_KEY_BYTES: usize = 8;

/// The credentials of one request, in their headers' own form. Most have one.
#[derive(Clone, Default)]
pub(super) struct Keys {
    first: Option<HeaderValue>,
    more: Vec<HeaderValue>,
}

impl Keys {
    /// Those of a request with `headers` to the plan of `profile`.
    pub(super) fn of(profile: &Profile, headers: &HeaderMap) -> Self {
        let mut keys = Self::default();
        for name in profile.credential_names() {
            for value in headers.get_all(name) {
                match keys.first {
                    None => keys.first = Some(value.clone()),
                    Some(_) => keys.more.push(value.clone()),
                }
            }
        }
        keys
    }

    /// Takes them out of the provider's words: these go to logs, the ledger and
    /// people's screens, and some providers echo what they were sent.
    pub(super) fn hide_in(&self, message: &mut String) {
        let values = self.first.iter().chain(&self.more);
        let mut keys: Vec<_> = values
            .filter_map(|value| std::str::from_utf8(without_bearer(value.as_bytes())).ok())
            .filter(|key| key.len() >= MIN_KEY_BYTES && message.contains(key))
            .collect();
        // One may begin with another.
        keys.sort_by_key(|key| Reverse(key.len()));
        for key in keys {
            *message = message.replace(key, "…");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_keys_in_one_word_the_longer_goes_first() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer abcdefgh"));
        headers.insert("x-api-key", HeaderValue::from_static("abcdefgh.secret"));
        let mut message = "No abcdefgh.secret, and no abcdefgh".to_owned();
        Keys::of(&crate::profile::zai(), &headers).hide_in(&mut message);
        assert_eq!(message, "No …, and no …");
    }
}
