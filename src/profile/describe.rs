//! Rules in words, one line each, for `explain profile`.

use std::fmt;

use super::{
    Billing, Place,
    condition::{Condition, Subject, Test, Value},
    pointer::Pointer,
    rule::Rule,
};

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.place == Place::Error { "an error" } else { "a success" })?;
        if !self.statuses.is_any() {
            let ones = self.statuses.ones.iter().map(u16::to_string);
            let hundreds = self.statuses.hundreds.iter().map(|hundred| format!("{hundred}xx"));
            write!(f, ", status {}", join(ones.chain(hundreds), " or "))?;
        }
        match self.billing {
            Some(Billing::Plan) => f.write_str(", on a plan endpoint")?,
            Some(Billing::Metered) => f.write_str(", on a metered endpoint")?,
            None => {}
        }
        if !self.surfaces.is_empty() {
            let names = self.surfaces.iter().map(|surface| surface.as_str());
            write!(f, ", surface {}", join(names, " or "))?;
        }
        if !self.codes.is_empty() {
            write!(f, ", code {}", join(self.codes.iter(), " or "))?;
        }
        if self.no_code {
            f.write_str(", no business code")?;
        }
        for condition in &self.when {
            write!(f, ", {condition}")?;
        }
        Ok(())
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
            Self::Json(pointers) => {
                f.write_str(&join(pointers.iter().map(Pointer::source), " or "))
            }
            Self::Header(name) => write!(f, "header {name}"),
            Self::InHeader(name, pointers) => {
                let pointers = join(pointers.iter().map(Pointer::source), " or ");
                write!(f, "{pointers} in header {name}")
            }
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
fn join(items: impl Iterator<Item = impl fmt::Display>, between: &str) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(between)
}
