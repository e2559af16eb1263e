//! A cursor over one JSON text: values are crossed, not built.

mod escape;
#[cfg(test)]
mod tests;

pub(super) use escape::{escape_bytes, is, name, plainly, unescape};

use crate::quote::closing_quote;

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

    /// Goes on where `later`, a cursor that went further, stands; gives what it
    /// has crossed.
    pub(super) fn until(&mut self, later: &Self) -> Option<&'a [u8]> {
        self.peek();
        self.forward(self.rest.len().checked_sub(later.rest.len())?)
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
