//! A person's words in the content of a turn of the user's, which is spelled
//! plainly.

use super::{
    super::json::plainly,
    client,
    echo::{Lines, Without},
    parts::texts,
    request::Request,
    strip,
    window::{Pieces, Window},
};

/// How often the whole of the system's text is looked through for what a
/// client repeats.
const COMPARED: usize = 4;

/// The words in `content`, freed of what a client puts around them.
pub(super) fn words(content: &[u8], window: Window) -> String {
    let mut pieces = Pieces::new(window);
    each(content, |piece| pieces.push(piece));
    unquoted(pieces.text())
}

/// The person's words that a client passes on in `content` with a tool's result.
pub(super) fn said(content: &[u8], window: Window) -> String {
    let mut pieces = Pieces::new(window);
    texts(content, |text| {
        strip::said(text, |words| strip::person(words, |piece| pieces.push(piece)));
        Some(())
    });
    unquoted(pieces.text())
}

fn each<'a>(content: &'a [u8], mut each: impl FnMut(&'a [u8])) {
    texts(content, |text| {
        strip::person(text, &mut each);
        Some(())
    });
}

/// Finds lines of the system's text in turns.
#[derive(Default)]
pub(super) struct Echoes {
    compared: usize,
}

impl Echoes {
    /// The words in `content` without the client's lines; None if there are no
    /// such lines, or no others.
    pub(super) fn without(
        &mut self,
        content: &[u8],
        window: Window,
        request: &Request<'_>,
    ) -> Option<String> {
        if request.system.is_empty() || self.compared == COMPARED {
            return None;
        }
        let mut lines = Lines::new();
        each(content, |piece| lines.see(piece));
        if !lines.are_many() {
            return None;
        }
        self.compared += 1;
        for system in &request.system {
            texts(&plainly(system), |text| {
                lines.compare(text);
                Some(())
            });
        }
        if !lines.have_echoes() {
            return None;
        }
        let mut pieces = Pieces::new(window);
        let mut left = Without::new(&lines, |line| pieces.push(line));
        each(content, |piece| left.text(piece));
        left.end();
        Some(unquoted(pieces.text())).filter(|words| !words.is_empty())
    }
}

/// `text` without the quotes around all of it.
fn unquoted(text: String) -> String {
    for (open, close) in [('"', '"'), ('\u{201c}', '\u{201d}'), ('\'', '\'')] {
        let within = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        let Some(within) = within else { continue };
        if !within.contains([open, close]) {
            return within.trim().to_owned();
        }
        // Quoted for a shell (opencode).
        if open == '"' && !within.replace(client::QUOTE, "").contains(open) {
            return within.replace(client::QUOTE, "\"").trim().to_owned();
        }
    }
    text
}
