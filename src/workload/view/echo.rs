//! Lines of a person's turn that are a client's: it says its rules again
//! there, as they stand in the system's text (aider).

use std::collections::HashMap;

use super::strip::raw_lines;

/// From this length on a line that also stands in the system's text is the
/// client's; a shorter one is if it stands beside such a line.
const LONG: usize = 16;
/// How many lines of each kind are looked for in the system's text.
const LINES: usize = 128;
const SHORT_LINES: usize = 32;
/// How many short lines wait for a long one to stand beside.
const HELD: usize = 8;
const MASK_BITS: usize = 1_024;

/// The lines of one turn.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    /// And whether the system's text has them.
    known: HashMap<&'a [u8], bool>,
    long: usize,
    /// Which lines are worth a look into `known`.
    mask: [bool; MASK_BITS],
    echoed: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new() -> Self {
        Self { known: HashMap::new(), long: 0, mask: [false; MASK_BITS], echoed: false }
    }

    /// Remembers the lines of a person's raw text.
    pub(super) fn see(&mut self, text: &'a [u8]) {
        raw_lines(text, |line| {
            let line = line.trim_ascii();
            let long = line.len() >= LONG;
            let (count, most) = match long {
                true => (self.long, LINES),
                false => (self.known.len() - self.long, SHORT_LINES),
            };
            if line.is_empty() || count == most {
                return;
            }
            if self.known.insert(line, false).is_none() {
                self.long += usize::from(long);
            }
            if let Some(place) = self.mask.get_mut(place(line)) {
                *place = true;
            }
        });
    }

    /// Whether they can be a person's words with a client's rules behind them.
    pub(super) fn are_many(&self) -> bool {
        self.long > 1
    }

    /// Marks those that also stand in a text of the system.
    pub(super) fn compare(&mut self, text: &[u8]) {
        raw_lines(text, |line| {
            let line = line.trim_ascii();
            if self.mask.get(place(line)).is_some_and(|seen| *seen) {
                if let Some(echo) = self.known.get_mut(line) {
                    *echo = true;
                    self.echoed |= line.len() >= LONG;
                }
            }
        });
    }

    /// Whether a long line is the client's.
    pub(super) fn have_echoes(&self) -> bool {
        self.echoed
    }
}

/// Cheap, and different for most lines.
fn place(line: &[u8]) -> usize {
    let [first, middle, last] = [0, line.len() / 2, line.len().saturating_sub(1)]
        .map(|at| line.get(at).map_or(0, |byte| usize::from(*byte)));
    (line.len() ^ first << 2 ^ middle << 4 ^ last << 5) % MASK_BITS
}

/// Takes the client's lines out of what [`Lines`] have seen.
#[derive(Debug)]
pub(super) struct Without<'l, 'a, F> {
    lines: &'l Lines<'a>,
    each: F,
    /// Whether the last line was the client's.
    dropping: bool,
    held: Vec<&'a [u8]>,
}

impl<'l, 'a, F: FnMut(&'a [u8])> Without<'l, 'a, F> {
    /// Gives the lines that are left to `each`.
    pub(super) fn new(lines: &'l Lines<'a>, each: F) -> Self {
        Self { lines, each, dropping: false, held: Vec::new() }
    }

    pub(super) fn text(&mut self, text: &'a [u8]) {
        raw_lines(text, |line| self.line(line));
    }

    fn line(&mut self, line: &'a [u8]) {
        let trimmed = line.trim_ascii();
        let echo = self.lines.known.get(trimmed).is_some_and(|echo| *echo);
        match echo {
            true if trimmed.len() >= LONG => {
                self.held.clear();
                self.dropping = true;
            }
            true if self.dropping => {}
            true if self.held.len() < HELD => self.held.push(line),
            // Behind a client's line a blank one parts nothing.
            _ if trimmed.is_empty() && self.dropping => {}
            _ if trimmed.is_empty() => self.end(),
            _ => {
                self.end();
                self.dropping = false;
                (self.each)(line);
            }
        }
    }

    /// No more lines come.
    pub(super) fn end(&mut self) {
        self.held.drain(..).for_each(&mut self.each);
    }
}
