//! Texts inside a turn's content, and their windows.

use std::collections::HashSet;

use super::{
    super::json::{Cursor, as_string, is, unescape},
    strip::raw_lines,
};

/// How many parts of one content are looked at: the first ones, and the rest
/// not at all.
const PARTS: usize = 64;
/// A line of this length that also stands in the system's text is the client's.
const ECHO_BYTES: usize = 16;
/// How many lines of a person are compared with the system's.
const ECHO_LINES: usize = 128;

/// How much of a text is looked at, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) head: usize,
    pub(super) tail: usize,
}

/// The raw texts of a content: a string, or parts of which some are text.
pub(super) fn texts(content: &[u8]) -> Vec<&[u8]> {
    if let Some(text) = as_string(content) {
        return vec![text];
    }
    let mut found = Vec::new();
    let _ = Cursor::new(content).array(|cursor| {
        if cursor.peek()? != b'{' || found.len() == PARTS {
            if let Some(text) = as_string(cursor.value()?) {
                found.push(text);
            }
            return Some(());
        }
        cursor.object(|key, cursor| {
            let value = cursor.value()?;
            if key == b"text" {
                found.extend(as_string(value));
            }
            Some(())
        })
    });
    found
}

/// Whether a content has a part that is a tool's result.
pub(super) fn has_result(content: &[u8]) -> bool {
    let mut found = false;
    let _ = Cursor::new(content).array(|cursor| {
        if cursor.peek()? != b'{' {
            return cursor.value().map(|_| ());
        }
        cursor.object(|key, cursor| {
            let value = cursor.value()?;
            found |= key == b"type" && is(value, b"tool_result");
            Some(())
        })
    });
    found
}

/// What a tool gave back: the content's own texts, or those of its results.
pub(super) fn result(content: &[u8], window: Window) -> String {
    let own = texts(content);
    let mut found = Vec::new();
    let _ = Cursor::new(content).array(|cursor| {
        if cursor.peek()? != b'{' {
            return cursor.value().map(|_| ());
        }
        let (mut kind, mut within): (&[u8], &[u8]) = (b"", b"");
        cursor.object(|key, cursor| {
            let value = cursor.value()?;
            match key {
                b"type" => kind = value,
                b"content" => within = value,
                _ => {}
            }
            Some(())
        })?;
        if is(kind, b"tool_result") && found.len() < PARTS {
            found.extend(texts(within));
        }
        Some(())
    });
    join(if found.is_empty() { &own } else { &found }, window)
}

/// What calls were made with: all strings in their arguments, keys left out.
pub(super) fn arguments(calls: &[u8], window: Window) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(text) = as_string(calls) {
        // A Responses call: the arguments are JSON in a string.
        let mut plain = String::new();
        unescape(text.get(..text.len().min(8 * 1024)).unwrap_or_default(), &mut plain);
        found.extend(strings(plain.as_bytes(), window));
        return found;
    }
    let _ = Cursor::new(calls).array(|cursor| {
        if cursor.peek()? != b'{' {
            return cursor.value().map(|_| ());
        }
        let mut raw: &[u8] = b"";
        cursor.object(|key, cursor| {
            match key {
                b"function" => cursor.object(|key, cursor| {
                    let value = cursor.value()?;
                    if key == b"arguments" {
                        raw = value;
                    }
                    Some(())
                })?,
                b"input" => raw = cursor.value()?,
                _ => {
                    cursor.value()?;
                }
            }
            Some(())
        })?;
        if found.len() < PARTS {
            let mut plain = String::new();
            let json = match as_string(raw) {
                Some(text) => {
                    unescape(text.get(..text.len().min(8 * 1024)).unwrap_or_default(), &mut plain);
                    plain.as_bytes()
                }
                None => raw,
            };
            found.extend(strings(json, window));
        }
        Some(())
    });
    found
}

/// The strings among the values of one JSON text, in one line each.
fn strings(json: &[u8], window: Window) -> Option<String> {
    let mut pieces = Vec::new();
    let _ = collect(&mut Cursor::new(json), &mut pieces, 3);
    let text = join(&pieces, window);
    (!text.is_empty()).then_some(text)
}

fn collect<'a>(cursor: &mut Cursor<'a>, pieces: &mut Vec<&'a [u8]>, depth: usize) -> Option<()> {
    match cursor.peek()? {
        b'{' if depth > 0 => cursor.object(|_, cursor| collect(cursor, pieces, depth - 1)),
        b'[' if depth > 0 => cursor.array(|cursor| collect(cursor, pieces, depth - 1)),
        _ => {
            if let Some(text) = as_string(cursor.value()?).filter(|_| pieces.len() < PARTS) {
                pieces.push(text);
            }
            Some(())
        }
    }
}

/// The pieces, one below the other, cut to `window`.
pub(super) fn join(pieces: &[&[u8]], window: Window) -> String {
    let length: usize = pieces.iter().map(|piece| piece.len() + 1).sum();
    let mut text = String::new();
    if length <= window.head + window.tail {
        for piece in pieces {
            line(&mut text);
            unescape(piece, &mut text);
        }
    } else {
        let mut room = window.head;
        for piece in pieces {
            line(&mut text);
            unescape(piece.get(..edge(piece, room)).unwrap_or_default(), &mut text);
            room = room.saturating_sub(piece.len());
            if room == 0 {
                break;
            }
        }
        let mut room = window.tail;
        let mut ends = Vec::new();
        for piece in pieces.iter().rev() {
            let from = edge(piece, piece.len().saturating_sub(room));
            ends.push(piece.get(from..).unwrap_or_default());
            room = room.saturating_sub(piece.len());
            if room == 0 {
                break;
            }
        }
        for end in ends.iter().rev() {
            line(&mut text);
            unescape(end, &mut text);
        }
    }
    let trimmed = text.trim();
    if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
}

fn line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// The place at or after `at` that cuts neither a character nor an escape in
/// half.
fn edge(raw: &[u8], at: usize) -> usize {
    let mut at = at.min(raw.len());
    if at == 0 {
        return 0;
    }
    // An escape has at most twelve bytes (a pair of surrogates).
    let from = at.saturating_sub(12);
    if let Some(back) = memchr::memchr(b'\\', raw.get(from..at).unwrap_or_default()) {
        let mut place = from + back;
        let run =
            raw.get(..place).unwrap_or_default().iter().rev().take_while(|b| **b == b'\\').count();
        place -= run % 2;
        while place < at {
            place += match (raw.get(place), raw.get(place + 1)) {
                (Some(b'\\'), Some(b'u')) => 6,
                (Some(b'\\'), _) => 2,
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

/// A raw text whose tags are spelled out (Go writes `<` as an escape).
pub(super) fn untag(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.replace("\\u003c", "<").replace("\\u003e", ">")
}

/// The pieces without lines that also stand in the system's texts.
pub(super) fn without_echoes<'a>(pieces: Vec<&'a [u8]>, system: &[&[u8]]) -> Vec<&'a [u8]> {
    let mut lines = HashSet::new();
    let mut several = false;
    for piece in &pieces {
        raw_lines(piece, |line| {
            several = true;
            let line = line.trim_ascii();
            if line.len() >= ECHO_BYTES && lines.len() < ECHO_LINES {
                lines.insert(line);
            }
        });
    }
    if !several || lines.len() < 2 {
        return pieces;
    }
    let mut echoes: HashSet<&[u8]> = HashSet::new();
    for text in system.iter().flat_map(|text| texts(text)) {
        raw_lines(text, |line| {
            if let Some(echo) = lines.get(line.trim_ascii()) {
                echoes.insert(echo);
            }
        });
    }
    if echoes.is_empty() || echoes.len() == lines.len() {
        return pieces;
    }
    let mut kept = Vec::new();
    for piece in pieces {
        raw_lines(piece, |line| {
            if !echoes.contains(line.trim_ascii()) {
                kept.push(line);
            }
        });
    }
    kept
}

/// `text` without the quotes around all of it.
pub(super) fn unquoted(text: String) -> String {
    for (open, close) in [('"', '"'), ('\u{201c}', '\u{201d}'), ('\'', '\'')] {
        let within = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        if let Some(within) = within.filter(|within| !within.contains([open, close])) {
            return within.trim().to_owned();
        }
    }
    text
}

/// A whole raw text, up to `bytes` of it.
pub(super) fn whole(raw: &[u8], bytes: usize) -> String {
    join(&[raw], Window { head: bytes, tail: 0 })
}

/// The first `bytes` of a text.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary_at(bytes)).unwrap_or(text)
}

/// The last `bytes` of a text.
pub(super) fn tail(text: &str, bytes: usize) -> &str {
    text.get(text.floor_char_boundary_at(text.len().saturating_sub(bytes))..).unwrap_or(text)
}

trait Floor {
    fn floor_char_boundary_at(&self, at: usize) -> usize;
}

impl Floor for str {
    fn floor_char_boundary_at(&self, at: usize) -> usize {
        (0..=at.min(self.len())).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}
