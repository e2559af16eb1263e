//! Taking a person's words out of what a client puts around them.

use memchr::{memchr, memmem};

/// The longest tag that is looked at, attributes included.
const TAG: usize = 256;

/// Blocks of a client's own words: named so, they are no person's.
const CLIENTS: [&str; 22] = [
    "reminder",
    "environment",
    "context",
    "workspace",
    "instruction",
    "permission",
    "skill",
    "info",
    "system",
    "rules",
    "metadata",
    "additional_data",
    "file_content",
    "attached_file",
    "open_file",
    "current_file",
    "project_layout",
    "git_status",
    "repository",
    "memories",
    "cwd",
    "editor",
];

/// Tags that a client puts around a person's words.
const PERSONS: [&str; 14] = [
    "task",
    "query",
    "user",
    "feedback",
    "question",
    "request",
    "prompt",
    "message",
    "session",
    "answer",
    "objective",
    "input",
    "goal",
    "conversation",
];

/// What a tag says of what stands in it.
enum Tag {
    Client,
    Person,
    Text,
}

fn tag(name: &[u8]) -> Tag {
    let holds = |words: &[&str]| {
        words.iter().any(|word| {
            name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    if holds(&CLIENTS) {
        Tag::Client
    } else if holds(&PERSONS) {
        Tag::Person
    } else {
        Tag::Text
    }
}

/// The parts of `raw` that are not a client's blocks, in order.
pub(super) fn person<'a>(raw: &'a [u8], kept: &mut Vec<&'a [u8]>) {
    let (mut rest, mut from) = (raw, raw);
    // Whether the closing tag of a client's block was looked for in vain: it
    // will not stand further back either, and no search is done twice.
    let mut open_ended = false;
    while let Some(at) = memchr(b'<', rest) {
        let Some(found) = rest.get(at..) else { break };
        let Some((name, tag_length)) = opening(found) else {
            rest = found.get(1..).unwrap_or_default();
            continue;
        };
        let before = from.len() - found.len();
        let after = found.get(tag_length..).unwrap_or_default();
        let end = match tag(name) {
            Tag::Text => {
                rest = after;
                continue;
            }
            Tag::Person => Some(tag_length),
            Tag::Client if name.first() == Some(&b'/') => Some(tag_length),
            Tag::Client if open_ended => None,
            Tag::Client => closing(after, name).map(|length| tag_length + length),
        };
        match end {
            Some(end) => {
                kept.extend(from.get(..before));
                from = found.get(end..).unwrap_or_default();
                rest = from;
            }
            None => {
                open_ended = true;
                rest = after;
            }
        }
    }
    kept.push(from);
}

/// The name of the tag that `text` begins with, and its length.
fn opening(text: &[u8]) -> Option<(&[u8], usize)> {
    let within = text.get(..TAG.min(text.len()))?;
    let end = memchr(b'>', within)?;
    let inner = within.get(1..end)?;
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(byte);
    let length = inner.iter().take_while(|byte| word(byte)).count();
    let name = inner.get(..length)?;
    let begins = name.iter().find(|byte| **byte != b'/')?.is_ascii_alphabetic();
    let attributes = inner.get(length).is_none_or(|byte| matches!(byte, b' ' | b'\\'));
    (begins && attributes).then_some((name, end + 1))
}

/// The length of `text` up to the end of the closing tag of `name`.
fn closing(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memmem::find(text.get(from..)?, b"</") {
        let at = from + at + 2;
        let rest = text.get(at..)?;
        if rest.starts_with(name) && rest.get(name.len()) == Some(&b'>') {
            return Some(at + name.len() + 1);
        }
        from = at;
    }
    None
}

/// Calls `each` with every line of a raw string.
pub(super) fn raw_lines<'a>(raw: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    let mut from = 0;
    for at in memmem::find_iter(raw, b"\\n") {
        let escapes = raw.get(..at).unwrap_or_default().iter().rev().take_while(|b| **b == b'\\');
        if escapes.count() % 2 == 0 {
            each(raw.get(from..at).unwrap_or_default());
            from = at + 2;
        }
    }
    each(raw.get(from..).unwrap_or_default());
}
