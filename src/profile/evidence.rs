//! What a rule may look at: one answer, taken apart by a parser of `detect`.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};

/// A JSON scalar, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A string, unescaped.
    String(String),
    /// A number, as its digits stand in the body.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl Scalar {
    /// The text of a string or number, trimmed: `"1302"`, `1302` and
    /// `" 1302 "` are the same code.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text.trim()),
            Self::Bool(_) | Self::Null => None,
        }
    }
}

/// The scalars of one JSON value, each under its JSON pointer (RFC 6901),
/// in document order. An object or array shows only through what it holds;
/// an empty one not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaves(Vec<(String, Scalar)>);

impl Leaves {
    /// Adds one more scalar. The first one of a pointer counts.
    pub fn push(&mut self, pointer: String, value: Scalar) {
        self.0.push((pointer, value));
    }

    /// The scalar at exactly `pointer`.
    pub fn get(&self, pointer: &str) -> Option<&Scalar> {
        self.0.iter().find(|(at, _)| at == pointer).map(|(_, value)| value)
    }

    /// Whether anything stands at `pointer` or below it.
    pub fn has(&self, pointer: &str) -> bool {
        self.0.iter().any(|(at, _)| {
            at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// All scalars with their pointers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Scalar)> {
        self.0.iter().map(|(at, value)| (at.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all, keeping the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Which part of an answer the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The answer is, or its own top level says that it is, an error: a
    /// status of 400 and up, or an error object, code or text with a 200.
    Error,
    /// A successful value or stream event: only rules that ask for it look.
    Success,
}

/// One answer, or one event of a stream, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Error or success.
    pub place: Place,
    /// The HTTP status.
    pub status: StatusCode,
    /// The response's headers.
    pub headers: &'a HeaderMap,
    /// The scalars of the JSON value, empty if there is none.
    pub leaves: &'a Leaves,
    /// The body where it is not JSON, as text.
    pub text: Option<&'a str>,
    /// Whether all of the value was read and understood. Where it was not, a
    /// rule that relies on something being absent must not match.
    pub complete: bool,
    /// When the answer arrived: what a relative reset counts from.
    pub now: SystemTime,
}
