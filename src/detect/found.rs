//! What the parsers hand to the judge.

use crate::profile::Leaves;

/// What a value says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing of an error.
    Success,
    /// Its own top level, or the name of its event, says error.
    Error,
    /// A text that begins as Z.AI's plain errors do; only a rule can tell.
    Perhaps,
}

/// One value of a body or stream.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What it says about itself.
    pub says: Says,
    /// The scalars of its JSON.
    pub leaves: &'a Leaves,
    /// Its bytes, where they are no JSON.
    pub text: Option<&'a [u8]>,
    /// Whether all of it was read and understood.
    pub complete: bool,
}

/// How a text compares with the ways in which Z.AI writes a code in front of
/// a message: `[1305][…]`, `[1302]`, `1302:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodePrefix {
    /// It begins otherwise.
    No,
    /// It is too short to tell.
    Maybe,
    /// It begins so.
    Yes,
}

/// Compares the begin of `text`.
pub(super) fn code_prefix(text: &[u8]) -> CodePrefix {
    let text = text.trim_ascii_start();
    let (bracket, rest) = match text.split_first() {
        None => return CodePrefix::Maybe,
        Some((b'[', rest)) => (true, rest),
        Some(_) => (false, text),
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let after = rest.get(digits..).unwrap_or_default();
    let colon = "：".as_bytes();
    match (digits, after.first()) {
        (0..=4, None) => CodePrefix::Maybe,
        (4, Some(b']')) if bracket => CodePrefix::Yes,
        (4, _) if !bracket => {
            let after = after.trim_ascii_start();
            if after.starts_with(b":") || after.starts_with(colon) {
                CodePrefix::Yes
            } else if colon.starts_with(after) {
                CodePrefix::Maybe
            } else {
                CodePrefix::No
            }
        }
        _ => CodePrefix::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_prefix_is_four_digits_in_front_and_nothing_else() {
        for yes in ["[1305][x]", " [1302]", "1302: x", "1302 ：x"] {
            assert_eq!(code_prefix(yes.as_bytes()), CodePrefix::Yes, "{yes}");
        }
        for no in ["[13131][x]", "13131: x", "1302 x", "[x", "2024-01-01", "text", "1302]", "["] {
            let is = code_prefix(no.as_bytes());
            assert_ne!(is, CodePrefix::Yes, "{no}");
        }
    }

    #[test]
    fn a_prefix_of_a_prefix_is_never_denied() {
        for yes in ["[1305][x]", " [1302]", "1302: x", "1302 ：x"] {
            for n in 0..yes.len() {
                assert_ne!(code_prefix(&yes.as_bytes()[..n]), CodePrefix::No, "{yes} {n}");
            }
        }
    }
}
