//! What comes from outside, made fit to be shown.

use std::{borrow::Cow, time::SystemTime};

use jiff::Timestamp;

use super::is_safe;

/// How much of one part a text shows, in characters.
const MAX_PART: usize = 400;
/// A code longer than that says no more for being whole.
pub(super) const MAX_CODE: usize = 64;

/// `text` on one line and not too long, if it is safe and not empty.
pub(super) fn part(text: &str) -> Option<String> {
    let (text, _) = shorten(&clean(text), MAX_PART);
    (!text.is_empty() && is_safe(&text)).then_some(text)
}

/// `text` as it is, for what must be copied to the letter.
pub(super) fn exact(text: &str) -> Option<&str> {
    let fits = !text.trim().is_empty() && text.chars().count() <= MAX_PART;
    (fits && !text.chars().any(is_unprintable) && is_safe(text)).then_some(text)
}

/// `text` as it is, or written apart.
pub(super) fn exact_or_apart(text: &str) -> Cow<'_, str> {
    exact(text).map_or_else(|| Cow::Owned(apart(text)), Cow::Borrowed)
}

/// `text`, written apart if it holds a trigger.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if is_safe(text) { Cow::Borrowed(text) } else { Cow::Owned(apart(text)) }
}

/// `4-2-9`: no two characters stand together, and every trigger needs two.
fn apart(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && !is_unprintable(*c));
    kept.take(MAX_CODE).map(String::from).collect::<Vec<_>>().join("-")
}

/// One line without control characters: the text goes to terminals and logs.
pub(super) fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || is_unprintable(c)) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// Control characters, and those that turn the direction of what follows.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The first `max` characters, and whether that is all.
pub(super) fn shorten(text: &str, max: usize) -> (String, bool) {
    match text.char_indices().nth(max) {
        Some((end, _)) => (format!("{}…", text.get(..end).unwrap_or_default()), false),
        None => (text.to_owned(), true),
    }
}

/// The minute by which `at` has come, as in `2026-11-22 14:05 UTC`.
pub(super) fn time(at: SystemTime) -> String {
    let minute = Timestamp::try_from(at).ok().and_then(|at| {
        let seconds = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
        Timestamp::from_second(seconds.checked_add(59)?.div_euclid(60) * 60).ok()
    });
    minute
        .map(|minute| minute.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .filter(|text| is_safe(text))
        .unwrap_or_else(|| "the moment that `Refused::not_before()` names".to_owned())
}
