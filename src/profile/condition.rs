//! What a rule asks of one answer, in three-valued logic.
//!
//! An answer that was cut off proves what it holds and disproves nothing: on
//! incomplete evidence "not there" is [`Truth::Unsure`], and so is whatever
//! depends on it. Only [`Truth::Yes`] makes a rule match.

use http::HeaderMap;

use super::{
    Evidence, Leaves, Scalar,
    extract::Facts,
    in_header,
    pattern::{Pattern, Words},
    pointer::Pointer,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Unsure,
}

impl Truth {
    /// What was found is there; what was not may still be, if not all is known.
    pub(super) fn found(found: bool, all_is_known: bool) -> Self {
        match (found, all_is_known) {
            (true, _) => Self::Yes,
            (false, true) => Self::No,
            (false, false) => Self::Unsure,
        }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unsure => Self::Unsure,
        }
    }

    fn all(truths: impl Iterator<Item = Self>) -> Self {
        Self::any(truths.map(Self::not)).not()
    }

    fn any(truths: impl Iterator<Item = Self>) -> Self {
        let mut answer = Self::No;
        for truth in truths {
            match truth {
                Self::Yes => return Self::Yes,
                Self::Unsure => answer = Self::Unsure,
                Self::No => {}
            }
        }
        answer
    }
}

/// One predicate, or a group.
#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    Test(Subject, Test),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
}

/// What is looked at.
#[derive(Debug, PartialEq)]
pub(super) enum Subject {
    /// The scalars at any of these pointers.
    Json(Vec<Pointer>),
    /// A header, or with `*` at the end all whose names begin so.
    Header(String),
    /// The scalars at any of these pointers in a header of base64 JSON.
    InHeader(String, Vec<Pointer>),
    /// The provider's words, wherever the profile finds them.
    Message,
    /// A body that is no JSON.
    Text,
}

/// What is asked of it.
#[derive(Debug, PartialEq)]
pub(super) enum Test {
    OneOf { values: Vec<Value>, fold: bool },
    Contains(Words),
    Regex(Pattern),
    IsString,
    Present,
    Absent,
}

/// What an exact test compares with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    /// A string or number, trimmed: `1302` equals `" 1302 "`.
    Text(String),
}

impl Condition {
    /// Compiles every regex: what a strict load does at once.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Test(_, Test::Regex(pattern)) => pattern.check(),
            Self::Test(..) => Ok(()),
            Self::All(list) | Self::Any(list) | Self::None(list) => {
                list.iter().try_for_each(Self::check)
            }
        }
    }

    /// Whether the headers alone decide it.
    pub(super) fn is_head(&self) -> bool {
        match self {
            Self::Test(subject, _) => subject.is_head(),
            Self::All(list) | Self::Any(list) | Self::None(list) => list.iter().all(Self::is_head),
        }
    }

    pub(super) fn judge(&self, facts: &Facts<'_>) -> Truth {
        let mut list = match self {
            Self::Test(subject, test) => return test.judge(subject, facts),
            Self::All(list) | Self::Any(list) | Self::None(list) => {
                list.iter().map(|condition| condition.judge(facts))
            }
        };
        match self {
            Self::All(_) => Truth::all(&mut list),
            Self::Any(_) => Truth::any(&mut list),
            _ => Truth::any(&mut list).not(),
        }
    }
}

impl Subject {
    /// Whether some text of it passes.
    fn any_text(&self, facts: &Facts<'_>, test: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Json(_) | Self::InHeader(..) => self.any_scalar(facts, |scalar| match scalar {
                Scalar::String(text) | Scalar::Number(text) => test(text),
                Scalar::Bool(_) | Scalar::Null => false,
            }),
            Self::Header(name) => {
                headers(facts.evidence.headers, name).any(|value| value.is_some_and(&test))
            }
            Self::Message => facts.message.is_some_and(test),
            Self::Text => facts.evidence.text.is_some_and(test),
        }
    }

    /// Whether some scalar of it passes; none of what has no scalars.
    fn any_scalar(&self, facts: &Facts<'_>, test: impl Fn(&Scalar) -> bool) -> bool {
        self.any_pointer(facts, |pointer, leaves| pointer.any(leaves, &test))
    }

    fn any_pointer(&self, facts: &Facts<'_>, test: impl Fn(&Pointer, &Leaves) -> bool) -> bool {
        match self {
            Self::Json(pointers) => pointers.iter().any(|at| test(at, facts.evidence.leaves)),
            Self::InHeader(name, pointers) => {
                let values = facts.evidence.headers.get_all(name.as_str()).iter();
                let mut decoded = values.filter_map(in_header::leaves);
                decoded.any(|leaves| pointers.iter().any(|at| test(at, &leaves)))
            }
            Self::Header(_) | Self::Message | Self::Text => false,
        }
    }

    fn stands(&self, facts: &Facts<'_>) -> bool {
        let evidence: &Evidence<'_> = facts.evidence;
        match self {
            Self::Json(_) | Self::InHeader(..) => self.any_pointer(facts, Pointer::stands),
            Self::Header(name) => headers(evidence.headers, name).next().is_some(),
            Self::Message => facts.message.is_some(),
            Self::Text => evidence.text.is_some(),
        }
    }

    /// Headers arrive before any body: about them all is known.
    fn is_known(&self, facts: &Facts<'_>) -> bool {
        self.is_head() || facts.evidence.complete
    }

    /// Whether the headers alone hold it.
    pub(super) fn is_head(&self) -> bool {
        matches!(self, Self::Header(_) | Self::InHeader(..))
    }
}

/// The values of the headers that `name` means, none for one that is no text.
fn headers<'h>(map: &'h HeaderMap, name: &str) -> impl Iterator<Item = Option<&'h str>> {
    let (prefix, wild) = name.strip_suffix('*').map_or((name, false), |prefix| (prefix, true));
    map.iter()
        .filter(
            move |(at, _)| {
                if wild { at.as_str().starts_with(prefix) } else { at.as_str() == prefix }
            },
        )
        .map(|(_, value)| value.to_str().ok())
}

impl Test {
    fn judge(&self, subject: &Subject, facts: &Facts<'_>) -> Truth {
        let found = match self {
            Self::OneOf { values, fold } => values.iter().any(|value| match value {
                Value::Bool(want) => {
                    subject.any_scalar(facts, |scalar| *scalar == Scalar::Bool(*want))
                }
                Value::Text(want) => subject.any_text(facts, |text| {
                    let text = text.trim();
                    if *fold { text.eq_ignore_ascii_case(want) } else { text == want }
                }),
            }),
            Self::Contains(words) => subject.any_text(facts, |text| words.is_in(text)),
            Self::Regex(pattern) => subject.any_text(facts, |text| pattern.is_match(text)),
            Self::IsString => {
                subject.any_scalar(facts, |scalar| matches!(scalar, Scalar::String(_)))
            }
            Self::Present | Self::Absent => subject.stands(facts),
        };
        let truth = Truth::found(found, subject.is_known(facts));
        if *self == Self::Absent { truth.not() } else { truth }
    }
}
