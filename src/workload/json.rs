//! A cursor over one JSON text: values are crossed, not built.

use std::borrow::Cow;

use crate::quote::closing_quote;

#[cfg(test)]
mod tests;

/// No name that is looked for is longer than this as it stands, with each of
/// its characters escaped.
const NAME_BYTES: usize = 128;

/// A place in a JSON text. Everything gives `None` where the text is broken.
///
/// Lenient where that harms nothing: what stands between values is only told
/// apart as far as is needed to find the next one.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The first byte of what comes next, blanks left out.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let blanks = self.rest.iter().take_while(|byte| blank(byte)).count();
        self.forward(blanks)?;
        self.rest.first().copied()
    }

    fn forward(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (before, after) = self.rest.split_at_checked(bytes)?;
        self.rest = after;
        Some(before)
    }

    /// A string, without its quotes, its escapes as they stand.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        (self.peek()? == b'"').then_some(())?;
        self.forward(1)?;
        let length = closing_quote(self.rest, false).ok()?;
        self.forward(length)?.get(..length - 1)
    }

    /// Any value, as it stands.
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        let first = self.peek()?;
        let whole = self.rest;
        match first {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => self.cross()?,
            b'}' | b']' | b',' | b':' => return None,
            _ => {
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
                let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
                self.forward(length)?;
            }
        }
        whole.get(..whole.len() - self.rest.len())
    }

    /// Crosses a container. Depth is only counted: no nesting is too deep.
    fn cross(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            let next = self
                .rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
            match self.rest.get(next)? {
                b'"' => {
                    self.forward(next)?;
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            self.forward(next + 1)?;
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Walks an object; `each` gets the keys, and crosses the value of each.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&[u8], &mut Self) -> Option<()>,
    ) -> Option<()> {
        self.items(b'{', b'}', |cursor| {
            let key = cursor.string()?;
            (cursor.peek()? == b':').then_some(())?;
            cursor.forward(1)?;
            each(&name(key), cursor)
        })
    }

    /// Walks an array; `each` crosses one element.
    pub(super) fn array(&mut self, each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.items(b'[', b']', each)
    }

    fn items(
        &mut self,
        open: u8,
        close: u8,
        mut each: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        (self.peek()? == open).then_some(())?;
        self.forward(1)?;
        if self.peek()? == close {
            self.forward(1)?;
            return Some(());
        }
        loop {
            each(self)?;
            let separator = self.peek()?;
            self.forward(1)?;
            match separator {
                b',' => {}
                end if end == close => return Some(()),
                _ => return None,
            }
        }
    }

    /// Whether nothing but blanks is left.
    pub(super) fn is_over(&mut self) -> bool {
        self.peek().is_none()
    }
}

/// The content of a raw value that is a string.
pub(super) fn as_string(raw: &[u8]) -> Option<&[u8]> {
    match raw {
        [b'"', within @ .., b'"'] => Some(within),
        _ => None,
    }
}

/// The name that a raw string stands for. One that is too long to be known is
/// left as it stands.
pub(super) fn name(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.len() > NAME_BYTES || !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut plain = String::new();
    unescape(raw, &mut plain);
    Cow::Owned(plain.into_bytes())
}

/// Whether a raw value is the string `word`.
pub(super) fn is(raw: &[u8], word: &[u8]) -> bool {
    as_string(raw).is_some_and(|raw| *name(raw) == *word)
}

/// The text that a raw string, or a piece of one, stands for. What is no
/// UTF-8, and a lone surrogate, becomes U+FFFD; an escape that was cut in half
/// is left out.
pub(super) fn unescape(raw: &[u8], into: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
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

fn push(bytes: &[u8], into: &mut String) {
    into.push_str(&String::from_utf8_lossy(bytes));
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}
