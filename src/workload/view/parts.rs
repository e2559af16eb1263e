//! Texts inside a turn's content.

use super::{
    super::json::{Cursor, as_string, is, unescape},
    window::{Pieces, Window, cut},
};

/// How much of the arguments of a call is read, if they are JSON in a string.
const ARGUMENTS: usize = 8 * 1024;
/// How deep arguments are read.
const DEPTH: usize = 3;

/// What stands in a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds {
    /// Words, of whomever.
    pub(super) words: bool,
    /// A tool's result.
    pub(super) result: bool,
}

impl Holds {
    /// Crosses a content, and says what stands in it. Parts that are broken
    /// are crossed as a whole.
    pub(super) fn cross<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], Self)> {
        let mut holds = Self { words: cursor.peek()? == b'"', result: false };
        let mut parts = cursor.clone();
        let each = |cursor: &mut Cursor<'a>| {
            if cursor.peek()? != b'{' {
                holds.words |= as_string(cursor.value()?).is_some();
                return Some(());
            }
            cursor.object(|key, cursor| {
                let value = cursor.value()?;
                holds.words |= key == b"text" && as_string(value).is_some();
                holds.result |= key == b"type" && is(value, b"tool_result");
                Some(())
            })
        };
        match parts.array(each) {
            Some(()) => {
                let content = cursor.until(&parts)?;
                Some((content, holds))
            }
            None => Some((cursor.value()?, holds)),
        }
    }
}

/// Gives `each` the raw texts of a content, that is a string, or has parts of
/// which some are text, until it wants no more.
pub(super) fn texts<'a>(content: &'a [u8], mut each: impl FnMut(&'a [u8]) -> Option<()>) {
    if let Some(text) = as_string(content) {
        each(text);
        return;
    }
    let _ = Cursor::new(content).array(|cursor| {
        if cursor.peek()? != b'{' {
            return as_string(cursor.value()?).map_or(Some(()), &mut each);
        }
        cursor.object(|key, cursor| match (key, as_string(cursor.value()?)) {
            (b"text", Some(text)) => each(text),
            _ => Some(()),
        })
    });
}

/// The window of all texts of a content.
pub(super) fn all_texts(content: &[u8], window: Window) -> String {
    let mut pieces = Pieces::new(window);
    texts(content, |text| {
        pieces.push(text);
        Some(())
    });
    pieces.text()
}

/// What a tool gave back: the texts of a content's results, or its own.
pub(super) fn result(content: &[u8], window: Window) -> String {
    let mut pieces = Pieces::new(window);
    let mut found = false;
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
        if is(kind, b"tool_result") {
            texts(within, |text| {
                found = true;
                pieces.push(text);
                Some(())
            });
        }
        Some(())
    });
    if found { pieces.text() } else { all_texts(content, window) }
}

/// What calls were made with: all strings in their arguments, keys left out,
/// of the first `most` calls that have some.
pub(super) fn arguments(calls: &[u8], window: Window, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    if most == 0 {
        return found;
    }
    if calls.first() != Some(&b'[') {
        found.extend(of_call(calls, window));
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
        found.extend(of_call(raw, window));
        (found.len() < most).then_some(())
    });
    found
}

/// The strings in one call's arguments: an object, or JSON in a string, or any
/// other text.
fn of_call(raw: &[u8], window: Window) -> Option<String> {
    let Some(text) = as_string(raw) else { return strings(raw, window) };
    let mut plain = String::new();
    unescape(text.get(..text.len().min(ARGUMENTS)).unwrap_or_default(), &mut plain);
    if is_words(plain.as_bytes()) {
        return Some(cut(text, window)).filter(|text| !text.is_empty());
    }
    strings(plain.as_bytes(), window)
}

/// Whether a text is no JSON from its first word on (a patch).
fn is_words(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    match cursor.peek() {
        None | Some(b'{' | b'[' | b'"') => false,
        Some(_) => cursor.value().is_none() || !cursor.is_over(),
    }
}

/// The strings among the values of one JSON text, in one line each.
fn strings(json: &[u8], window: Window) -> Option<String> {
    let mut pieces = Pieces::new(window);
    let _ = collect(&mut Cursor::new(json), &mut pieces, DEPTH);
    Some(pieces.text()).filter(|text| !text.is_empty())
}

fn collect<'a>(cursor: &mut Cursor<'a>, pieces: &mut Pieces<'a>, depth: usize) -> Option<()> {
    match cursor.peek()? {
        b'{' if depth > 0 => cursor.object(|_, cursor| collect(cursor, pieces, depth - 1)),
        b'[' if depth > 0 => cursor.array(|cursor| collect(cursor, pieces, depth - 1)),
        _ => {
            as_string(cursor.value()?).into_iter().for_each(|text| pieces.push(text));
            Some(())
        }
    }
}
