//! Words of others, made fit for a terminal. A provider's message, a name or a
//! note may hold any bytes; none of them may move the cursor, colour or hide
//! what follows, or look like a line of ours.

use std::fmt::Write as _;

/// Control characters (C1 among them: some terminals obey U+009B), and what
/// turns the direction of text or shows nothing at all.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// `text` with its lines and tabs kept and everything else that is harmful
/// written out, as in `\u{1b}`.
pub fn harmless(text: &str) -> String {
    escaped(text, |c| !matches!(c, '\n' | '\t') && is_harmful(c))
}

/// `text` on one line.
pub fn line(text: &str) -> String {
    escaped(text, is_harmful)
}

/// `text` in as many lines as it has, each behind a mark.
pub fn block(text: &str, indent: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.lines().map(|words| format!("{indent}| {}\n", line(words))).collect()
}

fn escaped(text: &str, is_harmful: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    safe
}

/// `json`, harmless and the same value still: what is harmful in JSON, but for
/// the ends of its lines, stands inside its strings.
pub fn harmless_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A `String` takes everything.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{7}\u{202e}evil\u{200b}\u{e0041}\r\n\u{7f}ok 违规";

    #[test]
    fn nothing_that_drives_a_terminal_is_left() {
        for safe in [harmless(HOSTILE), line(HOSTILE), block(HOSTILE, "  ")] {
            assert!(!safe.chars().any(|c| c != '\n' && is_harmful(c)), "{safe:?}");
            assert!(safe.contains("ok 违规"), "{safe}");
        }
        assert_eq!(line("a\nb\u{1b}"), r"a\u{a}b\u{1b}");
        assert_eq!(block("a\r\nb", "  "), "  | a\n  | b\n");
    }

    #[test]
    fn harmless_json_is_the_same_value() {
        let value = serde_json::json!({ HOSTILE: [HOSTILE, "\"\\"] });
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let safe = harmless_json(&json);
            assert!(!safe.chars().any(|c| c != '\n' && is_harmful(c)), "{safe:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
    }
}
