//! The beginning and the end of a text that comes in raw pieces.

use std::collections::VecDeque;

use super::super::json::{escape_bytes, unescape};

/// How much of a text is looked at, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) head: usize,
    pub(super) tail: usize,
}

/// Raw pieces of one text, one below the other; of many no more are held than
/// the window shows.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    window: Window,
    /// The length of all of them, with one byte more for each.
    length: usize,
    first: Vec<&'a [u8]>,
    first_bytes: usize,
    last: VecDeque<&'a [u8]>,
    last_bytes: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(window: Window) -> Self {
        let (first, last) = (Vec::new(), VecDeque::new());
        Self { window, length: 0, first, first_bytes: 0, last, last_bytes: 0 }
    }

    pub(super) fn push(&mut self, piece: &'a [u8]) {
        self.length += piece.len() + 1;
        if piece.is_empty() {
            return;
        }
        if self.is_whole() || self.first_bytes < self.window.head {
            self.first.push(piece);
            self.first_bytes += piece.len();
        }
        self.last.push_back(piece);
        self.last_bytes += piece.len();
        while let Some(front) = self.last.front() {
            if self.last_bytes - front.len() < self.window.tail {
                break;
            }
            self.last_bytes -= front.len();
            self.last.pop_front();
        }
    }

    /// Whether the window shows all of it.
    fn is_whole(&self) -> bool {
        self.length <= self.window.head + self.window.tail
    }

    /// What the window shows.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if self.is_whole() {
            self.first.iter().for_each(|piece| line(piece, &mut text));
        } else {
            let mut room = self.window.head;
            for piece in &self.first {
                line(piece.get(..edge(piece, room)).unwrap_or_default(), &mut text);
                room = room.saturating_sub(piece.len());
                if room == 0 {
                    break;
                }
            }
            // More of the first one than fits, and all of the others.
            let mut cut = self.last_bytes.saturating_sub(self.window.tail);
            for piece in &self.last {
                line(piece.get(edge(piece, cut)..).unwrap_or_default(), &mut text);
                cut = 0;
            }
        }
        let trimmed = text.trim();
        if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
    }
}

fn line(raw: &[u8], text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    unescape(raw, text);
}

/// The window of one raw text.
pub(super) fn cut(raw: &[u8], window: Window) -> String {
    let mut pieces = Pieces::new(window);
    pieces.push(raw);
    pieces.text()
}

/// The place at or after `at` that cuts neither a character nor an escape in
/// half.
fn edge(raw: &[u8], at: usize) -> usize {
    if at == 0 || at >= raw.len() {
        return at.min(raw.len());
    }
    let mut at = at;
    // An escape has at most twelve bytes (a pair of surrogates).
    let from = at.saturating_sub(12);
    if let Some(back) = memchr::memchr(b'\\', raw.get(from..at).unwrap_or_default()) {
        let mut place = from + back;
        let run =
            raw.get(..place).unwrap_or_default().iter().rev().take_while(|b| **b == b'\\').count();
        place -= run % 2;
        while place < at {
            place += match raw.get(place..) {
                Some(rest @ [b'\\', ..]) => escape_bytes(rest),
                _ => 1,
            };
        }
        at = place.min(raw.len());
    }
    while raw.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at += 1;
    }
    at
}

/// The first `bytes` of a text.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    text.get(..floor(text, bytes)).unwrap_or(text)
}

/// The last `bytes` of a text.
pub(super) fn tail(text: &str, bytes: usize) -> &str {
    text.get(floor(text, text.len().saturating_sub(bytes))..).unwrap_or(text)
}

/// The place at or before `at` that cuts no character in half.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
