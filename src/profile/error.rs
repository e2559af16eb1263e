//! Why a profile cannot be used.

use crate::signal::Class;

/// A profile that cannot be used: names the file, the rule and the reason.
///
/// ```
/// let error = planguard::profile::Profile::parse("mine.toml", "id = 1").unwrap_err();
/// assert!(error.to_string().starts_with("mine.toml: line 1: "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{kind}", .rule.as_ref().map(|rule| format!("rule `{rule}`: ")).unwrap_or_default())]
pub struct ProfileError {
    file: String,
    rule: Option<String>,
    kind: ProfileErrorKind,
}

/// The reason within a [`ProfileError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileErrorKind {
    /// The file could not be read; the operating system's words.
    #[error("cannot be read: {0}")]
    Read(String),
    /// It is no TOML, or a key is unknown, missing or of the wrong kind.
    #[error("line {line}: {reason}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A value cannot be used: a regex, a pointer, a host, an id, a test.
    #[error("{0}")]
    Value(String),
    /// An earlier rule takes every answer that this rule could match.
    #[error("can never match, because rule `{by}` takes the same answers before it")]
    Unreachable {
        /// The earlier rule that takes the last of them.
        by: String,
    },
    /// An earlier rule takes every answer with this one of the rule's codes.
    #[error("its code {code} can never match, because rule `{by}` takes it before")]
    UnreachableCode {
        /// The code.
        code: String,
        /// The earlier rule.
        by: String,
    },
    /// No fixture shows what the rule matches.
    #[error("has no fixture with `proves = \"<rule id>\"` that shows what it matches")]
    NoPositiveFixture,
    /// No fixture shows what the rule leaves alone.
    #[error("has no fixture with `spares = \"<rule id>\"` that shows what it leaves alone")]
    NoNegativeFixture,
    /// A fixture's answer is not what it expects.
    #[error("fixture `{name}` expects {expected} and got {found}")]
    Fixture {
        /// The fixture.
        name: String,
        /// What it expects, as in `class policy_violation`.
        expected: String,
        /// What the run gave.
        found: String,
    },
}

impl ProfileError {
    pub(super) fn new(file: &str, kind: ProfileErrorKind) -> Self {
        Self { file: file.to_owned(), rule: None, kind }
    }

    pub(super) fn value(file: &str, reason: impl Into<String>) -> Self {
        Self::new(file, ProfileErrorKind::Value(reason.into()))
    }

    /// A TOML error at its line, in the rule that the line belongs to.
    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..offset).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let reason = error.message().replace('\n', " ");
        let error = Self::new(file, ProfileErrorKind::Syntax { line, reason });
        match rule_at(text, line) {
            Some(rule) => error.in_rule(rule),
            None => error,
        }
    }

    pub(super) fn in_rule(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }

    /// The file, as it was named to the loader.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rule, if one is at fault.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// The reason.
    pub fn kind(&self) -> &ProfileErrorKind {
        &self.kind
    }
}

/// The id of the `[[rule]]` whose table holds `line`, for messages only.
fn rule_at(text: &str, line: usize) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_header = |l: &str| l.trim_start().starts_with('[');
    let is_rule = |l: &str| l.trim_start().starts_with("[[rule]]");
    let is_part = |l: &str| l.trim_start().starts_with("[[rule.");
    let start = lines.iter().take(line).rposition(|l| is_header(l) && !is_part(l))?;
    let (first, body) = lines.get(start..)?.split_first()?;
    if !is_rule(first) {
        return None;
    }
    let id = body.iter().take_while(|l| !is_header(l)).find_map(|l| {
        let value = l.trim_start().strip_prefix("id")?.trim_start().strip_prefix('=')?;
        value.split('"').nth(1)
    });
    id.filter(|id| !id.is_empty())
}

/// How a class, or its absence, is written in fixtures and messages.
pub(super) fn class_name(class: Option<Class>) -> &'static str {
    class.map_or("none", Class::as_str)
}
