//! Text of any bytes, made to stand in Markdown as text.

/// `text` as a block that is shown as it is. Nothing in it can end the block,
/// or reach the terminal that prints it.
pub(super) fn fenced(text: &str) -> String {
    let text = printable(text, |c| matches!(c, '\n' | '\t'));
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// `text` within a line, shown as it is.
pub(super) fn span(text: &str) -> String {
    let text = printable(text, |_| false);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| matches!(c, '`' | ' ');
    // A reader takes one blank from either end, unless there are only blanks.
    let blank = text.chars().all(|c| c == ' ');
    let pad = if !blank && (text.starts_with(edge) || text.ends_with(edge)) { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// `url` as a link, if it is one.
pub(super) fn link(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(c);
    match url.starts_with("https://") && url.chars().all(plain) {
        true => format!("<{url}>"),
        false => span(url),
    }
}

/// `text` with its control characters, and those that turn the direction of
/// what follows, written as `\u{1b}`.
fn printable(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if crate::refusal::is_unprintable(c) && !is_kept(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
