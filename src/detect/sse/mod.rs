//! An incremental scanner of event streams (`text/event-stream`).
//!
//! It reads what the HTML standard describes, at any chunking: lines that end
//! in CR, LF or CRLF, a byte order mark, comments, data over several lines,
//! a last line without its end. And what providers send besides: a plain text
//! as data, and frames that were written into one another, where a second
//! `data:` stands behind or inside the JSON of the first (Kilo-Org/kilocode
//! #9432, zai-org/GLM-5#66).
//!
//! An event is judged when its JSON value is complete, not at the blank line.

mod event;

use memchr::{memchr2, memmem};

use self::event::Event;
use super::found::Found;
use crate::signal::Signal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Other,
}

/// Where in a line the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// In the name of its field: the first bytes of it, and how many.
    Name([u8; 5], u8),
    /// Right behind the colon, where one space is dropped.
    Colon(Field),
    Value(Field),
}

const LINE_START: Line = Line::Name([0; 5], 0);

/// Scans an event stream, fed in pieces.
///
/// Keeps at most 64 KiB of an event that is under way and nothing between
/// events. Longer events are read and judged all the same.
#[derive(Clone, Debug)]
pub struct EventScanner {
    line: Line,
    /// The last byte was a CR: a LF right behind it ends nothing more.
    after_cr: bool,
    /// The first bytes of the name of an event.
    name: ([u8; 6], u8),
    event: Event,
    /// An event with data has ended.
    seen: bool,
}

impl Default for EventScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl EventScanner {
    /// A scanner at the start of a stream.
    pub fn new() -> Self {
        let event = Event::new();
        Self { line: LINE_START, after_cr: false, name: ([0; 6], 0), event, seen: false }
    }

    /// Whether the first event that has data was read, at least as far as its
    /// value goes.
    pub fn has_seen_event(&self) -> bool {
        self.seen || self.event.has_value()
    }

    /// Skips `chunk` if it is one event with one line of data, a JSON object,
    /// in which `may_matter` sees neither a word that matters nor a further
    /// line of data: all that an ordinary frame costs, without allocation.
    /// Otherwise says no and leaves it to [`skip`](Self::skip).
    pub fn skip_one<M>(&mut self, chunk: &[u8], may_matter: M) -> bool
    where
        M: Fn(&[u8]) -> bool,
    {
        let skips = chunk.starts_with(b"data: {")
            && self.is_between_events()
            && chunk.ends_with(b"\n\n")
            && !may_matter(chunk);
        self.after_cr &= !skips;
        skips
    }

    /// Skips `chunk` if it is whole events and `may_matter` sees nothing in
    /// them. Otherwise says no and leaves it to [`feed`](Self::feed).
    pub fn skip<M>(&mut self, chunk: &[u8], may_matter: M) -> bool
    where
        M: Fn(&[u8]) -> bool,
    {
        let skips = self.is_between_events()
            && !(self.after_cr && chunk.first() == Some(&b'\n'))
            && ends_event(chunk)
            && is_plain(chunk)
            && !may_matter(chunk);
        if skips {
            self.after_cr = chunk.last() == Some(&b'\r');
        }
        skips
    }

    /// Reads on. Each value that completes goes to `judge`; the first signal
    /// ends the reading. Whole events at the begin of `chunk` are skipped
    /// where they can be.
    pub fn feed<M, J>(&mut self, chunk: &[u8], may_matter: M, judge: &mut J) -> Option<Signal>
    where
        M: Fn(&[u8]) -> bool,
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let mut rest = chunk;
        let mut may_skip = true;
        while !rest.is_empty() {
            if may_skip && self.is_between_events() {
                may_skip = false;
                let (whole, tail) = rest.split_at(last_boundary(rest));
                if self.skip(whole, &may_matter) {
                    rest = tail;
                    continue;
                }
            }
            if std::mem::take(&mut self.after_cr) && rest.first() == Some(&b'\n') {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = memchr2(b'\n', b'\r', rest);
            let (segment, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            if let Some(signal) = self.segment(segment, judge) {
                return Some(signal);
            }
            if end.is_some() {
                self.after_cr = after.first() == Some(&b'\r');
                if let Some(signal) = self.end_line(judge) {
                    return Some(signal);
                }
            }
        }
        None
    }

    /// The stream is over, perhaps in the middle of an event.
    pub fn finish<J>(&mut self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        self.event.end(judge)
    }

    /// The first event is read byte by byte, since a byte order mark may
    /// stand before it.
    fn is_between_events(&self) -> bool {
        self.seen && self.line == LINE_START && self.event.is_empty()
    }

    /// Part of a line.
    fn segment<J>(&mut self, segment: &[u8], judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let mut rest = segment;
        while let Some((&byte, after)) = rest.split_first() {
            match self.line {
                // A byte order mark, which stands before no other line.
                Line::Name(_, 0) if !self.seen && matches!(byte, 0xEF | 0xBB | 0xBF) => {
                    rest = after;
                }
                Line::Name(name, len) if byte == b':' => {
                    rest = after;
                    self.begin_value(field(&name, len));
                    if let Some(signal) = self.begin_data(judge) {
                        return Some(signal);
                    }
                }
                Line::Name(mut name, len) => {
                    rest = after;
                    if let Some(place) = name.get_mut(usize::from(len)) {
                        *place = byte;
                    }
                    self.line = Line::Name(name, len.saturating_add(1));
                }
                Line::Colon(field) => {
                    self.line = Line::Value(field);
                    if byte == b' ' {
                        rest = after;
                    }
                }
                Line::Value(Field::Data) => {
                    let signal = self.event.data(rest, judge);
                    return signal;
                }
                Line::Value(Field::Event) => {
                    let (name, len) = &mut self.name;
                    if let Some(place) = name.get_mut(usize::from(*len)) {
                        *place = byte;
                        *len += 1;
                    }
                    rest = after;
                }
                Line::Value(Field::Other) => return None,
            }
        }
        None
    }

    fn begin_value(&mut self, field: Field) {
        self.line = Line::Colon(field);
        if field == Field::Event {
            self.name = ([0; 6], 0);
        }
    }

    /// A further line of data continues the one before it.
    fn begin_data<J>(&mut self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        if self.line != Line::Colon(Field::Data) || !self.event.has_data() {
            return None;
        }
        self.event.data(b"\n", judge)
    }

    fn end_line<J>(&mut self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let line = std::mem::replace(&mut self.line, LINE_START);
        match line {
            Line::Name(_, 0) => {
                self.seen |= self.event.has_data();
                self.event.end(judge)
            }
            Line::Colon(Field::Event) | Line::Value(Field::Event) => {
                let (name, len) = self.name;
                self.event.named_error = name.get(..usize::from(len)) == Some(b"error");
                None
            }
            _ => None,
        }
    }
}

fn field(name: &[u8; 5], len: u8) -> Field {
    match name.get(..usize::from(len)) {
        Some(b"data") => Field::Data,
        Some(b"event") => Field::Event,
        _ => Field::Other,
    }
}

/// Whether an event ends where `chunk` does.
fn ends_event(chunk: &[u8]) -> bool {
    matches!(chunk, [.., b'\n', b'\n'] | [.., b'\n', b'\r', b'\n'] | [.., b'\r', b'\r'])
}

/// Where the last whole event of `chunk` ends; 0 if none does.
fn last_boundary(chunk: &[u8]) -> usize {
    if ends_event(chunk) {
        return chunk.len();
    }
    let lf = memmem::rfind(chunk, b"\n\n").map_or(0, |at| at + 2);
    let crlf = memmem::rfind(chunk, b"\n\r\n").map_or(0, |at| at + 3);
    lf.max(crlf)
}

/// Whether all data in `events` is JSON objects, or the usual `[DONE]`: a
/// plain text has no word by which `may_matter` would know it.
fn is_plain(events: &[u8]) -> bool {
    let mut rest = events.strip_suffix(b"\n\n").unwrap_or(events);
    loop {
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let plain = match line {
            [b'd', b'a', b't', b'a', data @ ..] => matches!(
                data,
                [] | [b':'] | [b':', b' ', b'{', ..] | [b':', b'{', ..] | b": [DONE]"
            ),
            _ => true,
        };
        match after.split_first() {
            _ if !plain => return false,
            Some((_, after)) => rest = after,
            None => return true,
        }
    }
}
