//! What a rule asks of one answer, in three-valued logic.
//!
//! An answer that was cut off proves what it holds and disproves nothing: on
//! incomplete evidence "not there" is [`Truth::Unsure`], and so is whatever
//! depends on it. Only [`Truth::Yes`] makes a rule match.

use std::fmt;

use http::HeaderMap;

use super::{
    Evidence, Scalar,
    extract::Facts,
    format::{PartFile, ValueFile, WhenFile, WordsFile},
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

/// Groups nested deeper than this are refused.
const MAX_DEPTH: usize = 8;

impl Condition {
    pub(super) fn compile(when: WhenFile) -> Result<Self, String> {
        Self::compile_at(when, 0)
    }

    fn compile_at(mut when: WhenFile, depth: usize) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("conditions are nested more than {MAX_DEPTH} deep"));
        }
        let group = |list: Vec<WhenFile>| -> Result<Vec<Self>, String> {
            if list.is_empty() {
                return Err("an empty group of conditions".to_owned());
            }
            list.into_iter().map(|when| Self::compile_at(when, depth + 1)).collect()
        };
        let groups = (when.all.take(), when.any.take(), when.none.take());
        let subject = Subject::compile(&mut when)?;
        let test = Test::compile(when)?;
        match (groups, subject, test) {
            ((Some(all), None, None), None, None) => Ok(Self::All(group(all)?)),
            ((None, Some(any), None), None, None) => Ok(Self::Any(group(any)?)),
            ((None, None, Some(none)), None, None) => Ok(Self::None(group(none)?)),
            ((None, None, None), Some(subject), Some(test)) => {
                if test == Test::IsString && !matches!(subject, Subject::Json(_)) {
                    return Err("`is_string` goes with `pointers`".to_owned());
                }
                Ok(Self::Test(subject, test))
            }
            _ => Err("a condition is one subject (`pointers`, `header` or `part`) with one test \
                      (`eq`, `in`, `contains`, `regex`, `is_string`, `present` or `absent`), or \
                      one group (`all`, `any` or `none`)"
                .to_owned()),
        }
    }

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
    fn compile(when: &mut WhenFile) -> Result<Option<Self>, String> {
        match (when.pointers.take(), when.header.take(), when.part.take()) {
            (None, None, None) => Ok(None),
            (Some(pointers), None, None) if !pointers.is_empty() => {
                let pointers = pointers.iter().map(|pointer| Pointer::parse(pointer));
                Ok(Some(Self::Json(pointers.collect::<Result<_, _>>()?)))
            }
            (None, Some(header), None) => {
                let name = header.strip_suffix('*').unwrap_or(&header);
                if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                    return Err(format!("`{header}` is no header name"));
                }
                Ok(Some(Self::Header(header.to_ascii_lowercase())))
            }
            (None, None, Some(PartFile::Message)) => Ok(Some(Self::Message)),
            (None, None, Some(PartFile::Text)) => Ok(Some(Self::Text)),
            _ => Err("a condition has one subject: `pointers`, `header` or `part`".to_owned()),
        }
    }

    /// Whether some text of it passes.
    fn any_text(&self, facts: &Facts<'_>, test: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Json(pointers) => pointers.iter().any(|pointer| {
                pointer.any(facts.evidence.leaves, |scalar| match scalar {
                    Scalar::String(text) | Scalar::Number(text) => test(text),
                    Scalar::Bool(_) | Scalar::Null => false,
                })
            }),
            Self::Header(name) => {
                headers(facts.evidence.headers, name).any(|value| value.is_some_and(&test))
            }
            Self::Message => facts.message.is_some_and(test),
            Self::Text => facts.evidence.text.is_some_and(test),
        }
    }

    fn stands(&self, facts: &Facts<'_>) -> bool {
        let evidence: &Evidence<'_> = facts.evidence;
        match self {
            Self::Json(pointers) => pointers.iter().any(|at| at.stands(evidence.leaves)),
            Self::Header(name) => headers(evidence.headers, name).next().is_some(),
            Self::Message => facts.message.is_some(),
            Self::Text => evidence.text.is_some(),
        }
    }

    /// Headers arrive before any body: about them all is known.
    fn is_known(&self, facts: &Facts<'_>) -> bool {
        matches!(self, Self::Header(_)) || facts.evidence.complete
    }
}

/// The values of the headers that `name` means, none for one that is no text.
fn headers<'h>(map: &'h HeaderMap, name: &str) -> impl Iterator<Item = Option<&'h str>> {
    let (prefix, wild) = name.strip_suffix('*').map_or((name, false), |prefix| (prefix, true));
    map.iter()
        .filter(move |(at, _)| {
            if wild { at.as_str().starts_with(prefix) } else { at.as_str() == prefix }
        })
        .map(|(_, value)| value.to_str().ok())
}

impl Test {
    fn compile(when: WhenFile) -> Result<Option<Self>, String> {
        let fold = when.fold;
        let mut tests = Vec::new();
        if let Some(value) = when.eq {
            tests.push(Self::OneOf { values: vec![value.into()], fold });
        }
        if let Some(values) = when.one_of {
            let values: Vec<Value> = values.into_iter().map(Value::from).collect();
            tests.push(Self::OneOf { values, fold });
        }
        if let Some(words) = when.contains {
            let words = match words {
                WordsFile::One(word) => vec![word],
                WordsFile::Several(words) => words,
            };
            if words.is_empty() || words.iter().any(String::is_empty) {
                return Err("`contains` needs a text that is not empty".to_owned());
            }
            tests.push(Self::Contains(Words::new(words, fold)));
        }
        tests.extend(when.regex.map(|source| Self::Regex(Pattern::new(source))));
        for (flag, test) in [
            (when.is_string, Self::IsString),
            (when.present, Self::Present),
            (when.absent, Self::Absent),
        ] {
            match flag {
                Some(true) => tests.push(test),
                Some(false) => {
                    return Err("`is_string`, `present` and `absent` are only ever `true`; use \
                                `none` to negate"
                        .to_owned());
                }
                None => {}
            }
        }
        if tests.len() > 1 {
            return Err("a condition has one test; use `all` for several".to_owned());
        }
        let test = tests.pop();
        if fold && !matches!(test, Some(Self::OneOf { .. } | Self::Contains(_))) {
            return Err("`fold` goes with `eq`, `in` or `contains`; a regex has `(?i)`".to_owned());
        }
        Ok(test)
    }

    fn judge(&self, subject: &Subject, facts: &Facts<'_>) -> Truth {
        let found = match self {
            Self::OneOf { values, fold } => values.iter().any(|value| match (value, subject) {
                (Value::Bool(want), Subject::Json(pointers)) => pointers.iter().any(|pointer| {
                    pointer.any(facts.evidence.leaves, |scalar| *scalar == Scalar::Bool(*want))
                }),
                (Value::Bool(_), _) => false,
                (Value::Text(want), _) => subject.any_text(facts, |text| {
                    let text = text.trim();
                    if *fold { text.eq_ignore_ascii_case(want) } else { text == want }
                }),
            }),
            Self::Contains(words) => subject.any_text(facts, |text| words.is_in(text)),
            Self::Regex(pattern) => subject.any_text(facts, |text| pattern.is_match(text)),
            Self::IsString => match subject {
                Subject::Json(pointers) => pointers.iter().any(|pointer| {
                    let is_string = |scalar: &Scalar| matches!(scalar, Scalar::String(_));
                    pointer.any(facts.evidence.leaves, is_string)
                }),
                _ => false,
            },
            Self::Present | Self::Absent => subject.stands(facts),
        };
        let truth = Truth::found(found, subject.is_known(facts));
        if *self == Self::Absent { truth.not() } else { truth }
    }
}

impl From<ValueFile> for Value {
    fn from(value: ValueFile) -> Self {
        match value {
            ValueFile::Bool(value) => Self::Bool(value),
            ValueFile::Text(text) => Self::Text(String::from(text).trim().to_owned()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, list) = match self {
            Self::Test(subject, test) => return write!(f, "{subject} {test}"),
            Self::All(list) => ("all of", list),
            Self::Any(list) => ("any of", list),
            Self::None(list) => ("none of", list),
        };
        write!(f, "{word} ({})", join(list.iter(), "; "))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(pointers) => f.write_str(&join(pointers.iter().map(Pointer::source), " or ")),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Message => f.write_str("message"),
            Self::Text => f.write_str("plain body"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf { values, .. } => write!(f, "is {}", join(values.iter(), " or ")),
            Self::Contains(words) => {
                let words = words.words().iter().map(|word| format!("{word:?}"));
                write!(f, "contains {}", join(words, " or "))
            }
            Self::Regex(pattern) => write!(f, "matches /{}/", pattern.source()),
            Self::IsString => f.write_str("is a string"),
            Self::Present => f.write_str("is present"),
            Self::Absent => f.write_str("is absent"),
        }
    }
}

/// `items` in words, with `between` between two.
pub(super) fn join(items: impl Iterator<Item = impl fmt::Display>, between: &str) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}
