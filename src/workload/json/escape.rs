//! What the escapes of a raw string stand for.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::as_string;

/// No name that is looked for is longer than this as it stands, with each of
/// its characters escaped.
pub(super) const NAME_BYTES: usize = 128;

/// The name that a raw string stands for. One that is too long to be known is
/// left as it stands.
pub(in super::super) fn name(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.len() > NAME_BYTES || !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut plain = String::new();
    unescape(raw, &mut plain);
    Cow::Owned(plain.into_bytes())
}

/// Whether a raw value is the string `word`.
pub(in super::super) fn is(raw: &[u8], word: &[u8]) -> bool {
    as_string(raw).is_some_and(|raw| *name(raw) == *word)
}

/// The text that a raw string, or a piece of one, stands for. What is no
/// UTF-8, and a lone surrogate, becomes U+FFFD; an escape that was cut in half
/// is left out.
pub(in super::super) fn unescape(raw: &[u8], into: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest) {
        let (plain, escaped) = rest.split_at(at);
        push(plain, into);
        let Some(kind) = escaped.get(1) else { return };
        rest = escaped.get(2..).unwrap_or_default();
        match kind {
            b'n' => into.push('\n'),
            b't' => into.push('\t'),
            b'r' => into.push('\r'),
            b'b' | b'f' => into.push(' '),
            b'u' => {
                let Some(first) = hex(rest) else {
                    // Cut in half, or no escape at all.
                    rest = if rest.len() < 4 { b"" } else { rest };
                    continue;
                };
                rest = rest.get(4..).unwrap_or_default();
                let second = match rest {
                    [b'\\', b'u', low @ ..] if (0xd800..0xdc00).contains(&first) => hex(low),
                    _ => None,
                };
                match second.filter(|low| (0xdc00..0xe000).contains(low)) {
                    Some(low) => {
                        rest = rest.get(6..).unwrap_or_default();
                        let code = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                        into.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    None => into.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            other => into.push(char::from(*other)),
        }
    }
    push(rest, into);
}

/// `raw` with each printable ASCII character as itself, if that means the same
/// in JSON: `\u003c` (Go) is `<`, and `\/` (PHP) is `/`.
pub(in super::super) fn plainly(raw: &[u8]) -> Cow<'_, [u8]> {
    let ascii = |escape: &[u8]| match escape {
        [b'\\', b'/', ..] => Some((b'/', 2)),
        [b'\\', b'u', digits @ ..] => hex(digits)
            .and_then(|unit| u8::try_from(unit).ok())
            .filter(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(byte))
            .map(|byte| (byte, 6)),
        _ => None,
    };
    // What is seldom there is looked for first.
    let some = memmem::find(raw, b"\\/").is_some()
        || memmem::find_iter(raw, b"\\u00").any(|at| matches!(raw.get(at + 4), Some(b'2'..=b'7')));
    if !some {
        return Cow::Borrowed(raw);
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest) {
        let (before, escaped) = rest.split_at(at);
        plain.extend_from_slice(before);
        let length = match ascii(escaped) {
            Some((byte, length)) => {
                plain.push(byte);
                length
            }
            None => {
                let escape = escaped.get(..2).unwrap_or(escaped);
                plain.extend_from_slice(escape);
                escape.len()
            }
        };
        rest = escaped.get(length..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// The length of the escape that `raw` begins with; that of both if it is a
/// pair of surrogates.
pub(in super::super) fn escape_bytes(raw: &[u8]) -> usize {
    let surrogate = |raw: &[u8], range: std::ops::Range<u32>| match raw {
        [b'\\', b'u', digits @ ..] => hex(digits).is_some_and(|unit| range.contains(&unit)),
        _ => false,
    };
    match raw {
        [b'\\', b'u', ..] => {
            let low = raw.get(6..).unwrap_or_default();
            let pair = surrogate(raw, 0xd800..0xdc00) && surrogate(low, 0xdc00..0xe000);
            if pair { 12 } else { 6 }
        }
        _ => 2,
    }
}

fn push(bytes: &[u8], into: &mut String) {
    into.push_str(&String::from_utf8_lossy(bytes));
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}
