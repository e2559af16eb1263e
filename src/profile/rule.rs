//! One rule: which answers it matches, and what they are.

use std::sync::Arc;

use http::StatusCode;

use super::{
    Billing, Claim, Place, Surface,
    condition::{Condition, Subject, Test, Truth, Value},
    extract::{CodeKind, Extract, Facts},
    format::{RuleFile, StatusFile},
    reset::ResetRule,
};
use crate::signal::{About, Certainty, Class, Reach};

/// One rule of a profile. The first one that matches an answer makes its
/// signal.
///
/// `Display` says in one line what it matches.
#[derive(Debug)]
pub struct Rule {
    pub(super) id: Arc<str>,
    pub(super) class: Class,
    pub(super) certainty: Certainty,
    pub(super) place: Place,
    pub(super) statuses: Statuses,
    pub(super) billing: Option<Billing>,
    pub(super) surfaces: Vec<Surface>,
    pub(super) codes: Vec<String>,
    pub(super) no_code: bool,
    pub(super) when: Vec<Condition>,
    pub(super) hint: Option<Arc<str>>,
    pub(super) reach: Option<Reach>,
    pub(super) reset: Option<Arc<ResetRule>>,
    pub(super) about: Option<About>,
    pub(super) false_positive_note: Option<Arc<str>>,
    source: Option<String>,
}

/// A set of statuses; empty means any.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Statuses {
    pub(super) ones: Vec<u16>,
    pub(super) hundreds: Vec<u16>,
}

impl Rule {
    pub(super) fn compile(file: RuleFile, reset: Option<Arc<ResetRule>>) -> Result<Self, String> {
        let rule = Self {
            id: file.id.into(),
            class: file.class,
            certainty: file.certainty.unwrap_or(Certainty::Confirmed),
            place: file.place.into(),
            statuses: Statuses::compile(file.status)?,
            billing: file.billing,
            surfaces: file.surface,
            codes: file.codes.into_iter().map(String::from).collect(),
            no_code: file.no_code,
            when: file.when.into_iter().map(Condition::compile).collect::<Result<_, _>>()?,
            hint: file.hint.map(Arc::from),
            reach: file.reach,
            reset,
            about: file.about,
            false_positive_note: file.false_positive_note.map(Arc::from),
            source: file.source,
        };
        if !rule.class.is_policy() && (rule.about.is_some() || rule.false_positive_note.is_some()) {
            return Err("`about` and `false_positive_note` are for classes by which the provider \
                        enforces its terms"
                .to_owned());
        }
        if rule.place == Place::Success {
            rule.check_success()?;
        } else if rule.codes.is_empty()
            && !rule.no_code
            && rule.statuses.is_any()
            && rule.when.is_empty()
        {
            return Err("matches every error; use `[unmatched]` for that".to_owned());
        }
        Ok(rule)
    }

    /// A stream is searched for the exact values of the success rules before
    /// any event is parsed, so each must name one, or look at headers alone.
    fn check_success(&self) -> Result<(), String> {
        if !self.codes.is_empty() || self.no_code {
            return Err("`codes` and `no_code` are about errors; a success has no code".to_owned());
        }
        let needles = self.needles();
        if let Some(odd) = needles.iter().find(|needle| !stands_as_it_is(needle)) {
            return Err(format!("`{odd}` may be escaped in JSON, so it cannot be searched for"));
        }
        if self.is_headers_only() || !needles.is_empty() {
            return Ok(());
        }
        Err("looks at successes, so it needs a condition on `pointers` with `eq` or `in` (a \
             stream is searched for these values), or conditions on headers only"
            .to_owned())
    }

    /// Compiles every regex, and refuses a code that could never be extracted:
    /// what a strict load does at once.
    pub(super) fn check(&self, extract: &Extract) -> Result<(), String> {
        self.when.iter().try_for_each(Condition::check)?;
        if let Some(reset) = &self.reset {
            reset.check()?;
        }
        for (at, code) in self.codes.iter().enumerate() {
            if self.codes.iter().take(at).any(|earlier| earlier == code) {
                return Err(format!("has code {code} twice"));
            }
            let echo = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
            if self.no_code && (extract.is_business(code) || !echo) {
                return Err(format!("asks for code {code} and for `no_code`"));
            }
        }
        Ok(())
    }

    pub(super) fn matches(&self, claim: &Claim, facts: &Facts<'_>) -> bool {
        let endpoint = claim.endpoint();
        self.place == facts.evidence.place
            && self.billing.is_none_or(|billing| billing == endpoint.billing)
            && (self.surfaces.is_empty() || self.surfaces.contains(&endpoint.surface))
            && self.statuses.contains(facts.evidence.status)
            && self.has_code(facts)
            && self.when.iter().all(|condition| condition.judge(facts) == Truth::Yes)
    }

    fn has_code(&self, facts: &Facts<'_>) -> bool {
        let listed = self.codes.is_empty()
            || facts
                .code
                .as_ref()
                .is_some_and(|(code, _)| self.codes.iter().any(|own| own == code));
        let kind = facts.code.as_ref().map(|(_, kind)| *kind);
        let says_nothing = matches!(kind, None | Some(CodeKind::Echo));
        let free = !self.no_code || (says_nothing && facts.evidence.complete);
        listed && free
    }

    pub(super) fn is_about_success(&self) -> bool {
        self.place == Place::Success
    }

    /// Whether it must be asked about each success as soon as its head is there.
    pub(super) fn reads_success_heads(&self) -> bool {
        self.is_about_success() && self.is_headers_only()
    }

    fn is_headers_only(&self) -> bool {
        !self.when.is_empty() && self.when.iter().all(Condition::is_head)
    }

    /// The values of which one must stand in an answer that this rule matches.
    pub(super) fn needles(&self) -> Vec<String> {
        self.when.iter().map(exact_values).find(|values| !values.is_empty()).unwrap_or_default()
    }

    /// Its id, unique within the profile.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the answers that it matches are.
    pub fn class(&self) -> Class {
        self.class
    }

    /// How sure that is.
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// What a person can do.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// How far a halt reaches, where it differs from the class's own reach.
    pub fn reach(&self) -> Option<Reach> {
        self.reach
    }

    /// Whom the provider acted upon, where the rule says.
    pub fn about(&self) -> Option<About> {
        self.about
    }

    /// When the provider is known to have said this to people who had done
    /// nothing.
    pub fn false_positive_note(&self) -> Option<&str> {
        self.false_positive_note.as_deref()
    }

    /// Where the vendor, or a user of it, showed this.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }
}

/// Whether a JSON writer has no reason to escape any of it.
fn stands_as_it_is(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'/' | b'<' | b'>' | b'&'))
}

/// The texts of which one must stand in the body for `condition` to hold;
/// empty if it names none.
fn exact_values(condition: &Condition) -> Vec<String> {
    match condition {
        Condition::Test(Subject::Json(_), Test::OneOf { values, fold: false }) => values
            .iter()
            .map(|value| match value {
                Value::Bool(value) => value.to_string(),
                Value::Text(text) => text.clone(),
            })
            .collect(),
        Condition::All(list) => {
            list.iter().map(exact_values).find(|values| !values.is_empty()).unwrap_or_default()
        }
        Condition::Any(list) => {
            let each: Vec<_> = list.iter().map(exact_values).collect();
            if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() }
        }
        _ => Vec::new(),
    }
}

impl Statuses {
    fn compile(list: Vec<StatusFile>) -> Result<Self, String> {
        let mut statuses = Self::default();
        for status in list {
            match status {
                StatusFile::One(status) if (100..1000).contains(&status) => {
                    statuses.ones.push(status);
                }
                StatusFile::One(status) => return Err(format!("{status} is no HTTP status")),
                StatusFile::Hundred(name) => match name.as_bytes() {
                    [digit @ b'1'..=b'9', b'x', b'x'] => {
                        statuses.hundreds.push(u16::from(digit - b'0'));
                    }
                    _ => return Err(format!("`{name}` is no status set; write `5xx` or 500")),
                },
            }
        }
        Ok(statuses)
    }

    pub(super) fn is_any(&self) -> bool {
        self.ones.is_empty() && self.hundreds.is_empty()
    }

    fn contains(&self, status: StatusCode) -> bool {
        let status = status.as_u16();
        self.is_any() || self.ones.contains(&status) || self.hundreds.contains(&(status / 100))
    }

    /// Whether each status of `other` is one of these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.is_any()
            || !other.is_any()
                && other.hundreds.iter().all(|hundred| self.hundreds.contains(hundred))
                && other
                    .ones
                    .iter()
                    .all(|one| self.ones.contains(one) || self.hundreds.contains(&(one / 100)))
    }
}
