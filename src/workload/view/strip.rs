//! Taking a person's words out of what a client puts around them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr2, memmem};

/// The longest tag that is looked at, attributes included.
const TAG: usize = 256;
/// The longest name of a tag.
const NAME: usize = 64;

/// Blocks of a client's own words: named so, they are no person's.
const CLIENTS: [&str; 24] = [
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
    "turn_aborted",
    "local-command",
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

/// Tags in which a client passes on what a person said about a tool's result.
const SAID: [&[u8]; 3] = [b"feedback", b"answer", b"user_message"];

/// How many names are remembered whose closing tag was looked for in vain.
const UNCLOSED: usize = 8;

/// What a tag says of what stands in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Client,
    Person,
    Text,
}

fn says(name: &[u8]) -> Says {
    static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let words = CLIENTS.iter().chain(&PERSONS);
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
    });
    let words = NAMES.iter().flat_map(|names| names.find_overlapping_iter(name));
    words.fold(Says::Text, |says, word| match word.pattern().as_usize() {
        client if client < CLIENTS.len() => Says::Client,
        _ if says == Says::Client => says,
        _ => Says::Person,
    })
}

/// The parts of a raw text that are not a client's blocks, in order.
pub(super) fn person<'a>(raw: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    let (mut rest, mut from) = (raw, raw);
    // What is not closed here is not closed further back either: no search is
    // done twice, and not many are done in vain.
    let mut unclosed: Vec<&[u8]> = Vec::new();
    while let Some((found, tag)) = next(rest) {
        let after = found.get(tag.length..).unwrap_or_default();
        let gone = match says(tag.name) {
            Says::Text => None,
            Says::Person => Some(0),
            Says::Client if tag.is_alone || tag.name.first() == Some(&b'/') => Some(0),
            Says::Client if unclosed.len() == UNCLOSED || unclosed.contains(&tag.name) => None,
            Says::Client => {
                let block = block(after, tag.name);
                if block.is_none() {
                    unclosed.push(tag.name);
                }
                block.map(|(_, length)| length)
            }
        };
        rest = after;
        if let Some(length) = gone {
            each(from.get(..from.len() - found.len()).unwrap_or_default());
            from = after.get(length..).unwrap_or_default();
            rest = from;
        }
    }
    each(from);
}

/// What a client passes on of a person's words in a raw text.
pub(super) fn said<'a>(raw: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    let mut rest = raw;
    let mut unclosed: Vec<&[u8]> = Vec::new();
    while let Some((found, tag)) = next(rest) {
        rest = found.get(tag.length..).unwrap_or_default();
        if !SAID.contains(&tag.name) || unclosed.contains(&tag.name) {
            continue;
        }
        match block(rest, tag.name) {
            Some((words, length)) => {
                each(words);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => unclosed.push(tag.name),
        }
    }
}

struct Tag<'a> {
    /// Of a closing tag, with its slash.
    name: &'a [u8],
    length: usize,
    /// `<name/>`
    is_alone: bool,
}

/// The first tag in `text`, and `text` from there on.
fn next(mut text: &[u8]) -> Option<(&[u8], Tag<'_>)> {
    loop {
        text = text.get(memchr(b'<', text)?..)?;
        if let Some(tag) = opening(text) {
            return Some((text, tag));
        }
        text = text.get(1..)?;
    }
}

/// The tag that `text` begins with.
fn opening(text: &[u8]) -> Option<Tag<'_>> {
    let text = text.get(..TAG.min(text.len()))?;
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(byte);
    let length = text.get(1..)?.iter().take_while(|byte| word(byte)).count();
    let (name, rest) = text.get(1..)?.split_at_checked(length)?;
    let letter = name.iter().find(|byte| **byte != b'/')?;
    if length > NAME || !letter.is_ascii_alphabetic() || !matches!(rest, [b' ' | b'\\' | b'>', ..])
    {
        return None;
    }
    // Attributes hold no bracket: the next one ends this tag, or there is none.
    let end = memchr2(b'<', b'>', rest)?;
    let (attributes, end) = rest.split_at_checked(end)?;
    let is_alone = name.ends_with(b"/") || attributes.ends_with(b"/");
    end.starts_with(b">").then_some(Tag { name, length: 2 + length + attributes.len(), is_alone })
}

/// What stands in `text` before the closing tag of `name`, and the length up to
/// the end of that.
fn block<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], usize)> {
    memmem::find_iter(text, name).find_map(|at| {
        let within = text.get(..at)?.strip_suffix(b"</")?;
        let end = at + name.len();
        (text.get(end) == Some(&b'>')).then_some((within, end + 1))
    })
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
