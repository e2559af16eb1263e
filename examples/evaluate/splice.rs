//! Other words in the place of a person's words: nothing else of a request
//! changes.

use planguard::workload::{Limits, View};

use super::rows::Row;

/// A request that a person's turn begins with.
pub struct Turn<'a> {
    pub row: &'a Row,
    pub other: bool,
    /// The person's newest words.
    pub words: String,
}

impl<'a> Turn<'a> {
    /// None for another request, and for one that does not count.
    pub fn of(row: &'a Row) -> Option<Self> {
        let other = row.is_other()?;
        let view = View::read(row.body().as_bytes(), Limits::default())?;
        let words = view.turn_start.then(|| standing(&view.newest, row.body()))??;
        Some(Self { row, words: words.to_owned(), other })
    }

    /// The body with other words where its own stand. None where those would
    /// not be read as a person's.
    pub fn with(&self, words: &str) -> Option<String> {
        let body = self.row.body();
        let theirs = spelled(words, false);
        places(&self.words, body).find_map(|(at, length)| {
            let changed = [&body[..at], theirs.as_str(), &body[at + length..]].concat();
            let view = View::read(changed.as_bytes(), Limits::default())?;
            view.newest.contains(words).then_some(changed)
        })
    }
}

/// The words that stand in `body` in one piece: of what a client has put
/// between the lines of a person nothing is left in the view.
fn standing<'a>(newest: &'a str, body: &str) -> Option<&'a str> {
    let ends = newest.match_indices('\n').map(|(at, _)| at).chain([newest.len()]);
    let words = ends.rev().map(|end| newest[..end].trim_end());
    words.filter(|words| !words.is_empty()).find(|words| places(words, body).next().is_some())
}

/// Where `words` stand in `body`, the last place first, and how long they are
/// there.
fn places(words: &str, body: &str) -> impl Iterator<Item = (usize, usize)> {
    // A body spells its characters out, or not.
    [spelled(words, false), spelled(words, true)].into_iter().flat_map(|own| {
        let places = body.rmatch_indices(own.as_str()).map(|(at, _)| at);
        places.map(|at| (at, own.len())).collect::<Vec<_>>()
    })
}

/// `text` as it stands within a JSON string.
fn spelled(text: &str, ascii: bool) -> String {
    let mut within = serde_json::Value::from(text).to_string();
    within.pop();
    within.remove(0);
    if !ascii {
        return within;
    }
    let mut units = [0; 2];
    within.chars().fold(String::new(), |mut spelled, c| {
        if c.is_ascii() {
            spelled.push(c);
        } else {
            c.encode_utf16(&mut units)
                .iter()
                .for_each(|unit| spelled.push_str(&format!("\\u{unit:04x}")));
        }
        spelled
    })
}
