//! Where the events of an event stream end. No I/O.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// How much of an event is held until its end comes.
const MAX_HELD_BYTES: usize = 64 * 1024;

/// Cuts an event stream into its events, each up to and with the blank line
/// that ends it, in the order and with the bytes that came.
///
/// Each byte is looked at once. Whole events of one frame are not copied; of
/// one that comes in several at most 64 KiB are held: what is longer passes as
/// it came. Two things are not held though they end no event: a comment line
/// between two events, since it keeps a connection alive, and the LF of a CRLF
/// whose CR came alone, since for whoever reads lines the CR has ended it.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    /// What came last, as far as it is not cut.
    rest: Bytes,
    /// The beginning of an event.
    held: BytesMut,
    /// The beginning of this event was handed on.
    within: bool,
    lines: Lines,
}

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) data: Bytes,
    /// It begins where an event does.
    pub(crate) begins: bool,
}

impl Cutter {
    /// More of the stream came; only once all before it is cut.
    pub(crate) fn push(&mut self, data: Bytes) {
        debug_assert!(self.rest.is_empty(), "what came before is not cut");
        self.rest = data;
    }

    /// The next event. None if its end is still to come.
    ///
    /// `read` is given each part of the stream as soon as all before it was
    /// handed on: that of an event which is held, too.
    pub(crate) fn next(&mut self, read: impl FnOnce(&Bytes)) -> Option<Piece> {
        if self.rest.is_empty() {
            return None;
        }
        let between = self.held.is_empty() && !self.within;
        let end = match between && self.lines.ends_crlf(&self.rest) {
            true => Some(1),
            false => self.lines.end_of_event(&self.rest),
        };
        let part = self.rest.split_to(end.unwrap_or(self.rest.len()));
        read(&part);
        let whole = end.is_some() || (between && self.lines.blank && is_comment(&part));
        if !whole && !self.within && self.held.len() + part.len() <= MAX_HELD_BYTES {
            self.held.extend_from_slice(&part);
            return None;
        }
        let begins = !std::mem::replace(&mut self.within, !whole);
        let data = match self.held.is_empty() {
            true => part,
            false => {
                self.held.extend_from_slice(&part);
                std::mem::take(&mut self.held).freeze()
            }
        };
        Some(Piece { data, begins })
    }

    /// The event whose end will not come, since the stream is over.
    pub(crate) fn finish(&mut self) -> Option<Piece> {
        let data = std::mem::take(&mut self.held).freeze();
        Some(Piece { data, begins: true }).filter(|piece| !piece.data.is_empty())
    }

    /// What came and was given to nobody.
    pub(crate) fn unread(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    /// Whether nothing of the event that comes next was handed on.
    pub(crate) fn begins(&self) -> bool {
        !self.within
    }

    /// How many bytes are still to be handed on.
    pub(crate) fn len(&self) -> usize {
        self.held.len() + self.rest.len()
    }
}

/// Where in a line the stream is.
#[derive(Debug)]
struct Lines {
    /// Nothing of the line has come.
    blank: bool,
    /// The last byte was a CR: a LF right behind it ends nothing more.
    after_cr: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { blank: true, after_cr: false }
    }
}

impl Lines {
    /// Whether `data` begins with the LF of a CRLF, which is passed then.
    fn ends_crlf(&mut self, data: &[u8]) -> bool {
        let ends = self.after_cr && data.first() == Some(&b'\n');
        self.after_cr &= !ends;
        ends
    }

    /// Reads on to the end of the event, and says where in `data` that is.
    fn end_of_event(&mut self, data: &[u8]) -> Option<usize> {
        let mut at = usize::from(self.ends_crlf(data));
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let Some(len) = memchr2(b'\n', b'\r', rest) else {
                self.blank &= rest.is_empty();
                self.after_cr &= rest.is_empty();
                return None;
            };
            let ends = self.blank && len == 0;
            self.after_cr = rest.get(len) == Some(&b'\r');
            self.blank = true;
            at += len + 1;
            at += usize::from(self.ends_crlf(data.get(at..).unwrap_or_default()));
            if ends {
                return Some(at);
            }
        }
    }
}

/// Whether `lines` hold comments and nothing else.
fn is_comment(lines: &[u8]) -> bool {
    let mut lines = lines.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.all(|line| line.is_empty() || line.starts_with(b":"))
}

#[cfg(test)]
mod tests;
