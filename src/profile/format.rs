//! The TOML of a profile, as it is written. Every struct denies unknown keys:
//! a misspelt key must not silently weaken a profile.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Billing, Endpoint, Mode, Place, Surface};
use crate::signal::{About, Certainty, Class, Reach};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) id: String,
    pub(super) provider: String,
    pub(super) plan: String,
    pub(super) checked_on: String,
    pub(super) mode: Mode,
    #[serde(default)]
    pub(super) require_user_agent: bool,
    pub(super) terms: TermsFile,
    pub(super) notice: NoticeFile,
    #[serde(rename = "endpoint")]
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) credential: CredentialFile,
    pub(super) extract: ExtractFile,
    #[serde(default)]
    pub(super) unmatched: UnmatchedFile,
    #[serde(default)]
    pub(super) reset: BTreeMap<String, ResetFile>,
    #[serde(default, rename = "rule")]
    pub(super) rules: Vec<RuleFile>,
    #[serde(default, rename = "fixture")]
    pub(super) fixtures: Vec<FixtureFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsFile {
    pub(super) url: String,
    pub(super) quote: String,
    #[serde(default = "yes")]
    pub(super) coding_only: bool,
    #[serde(default)]
    pub(super) strike_limit: u32,
    pub(super) strike_wording: String,
    pub(super) supported_tools: Vec<String>,
    pub(super) supported_tools_on: String,
    #[serde(default)]
    pub(super) appeal: Vec<AppealFile>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppealFile {
    pub(super) region: String,
    pub(super) hosts: Vec<String>,
    pub(super) url: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeFile {
    pub(super) limited_to: String,
    pub(super) forbidden: String,
    pub(super) banned_for: String,
    pub(super) instead: String,
    pub(super) short: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialFile {
    pub(super) headers: Vec<String>,
    #[serde(default)]
    pub(super) account_headers: Vec<String>,
    #[serde(default)]
    pub(super) stable: StableFile,
    pub(super) jwt_claim: Option<WordsFile>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum StableFile {
    #[default]
    Whole,
    BeforeDot,
    Nothing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtractFile {
    pub(super) code: Vec<String>,
    #[serde(default)]
    pub(super) code_headers: Vec<CodeHeaderFile>,
    #[serde(default)]
    pub(super) kind: Vec<String>,
    pub(super) business_code: String,
    #[serde(default)]
    pub(super) in_front: Vec<String>,
    pub(super) message: Vec<String>,
    #[serde(default)]
    pub(super) request_id: Vec<String>,
}

/// A header that holds a code, or with pointers the JSON in which one stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeHeaderFile {
    pub(super) header: String,
    #[serde(default)]
    pub(super) pointers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnmatchedFile {
    pub(super) class: Option<Class>,
    pub(super) hint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetFile {
    #[serde(default)]
    pub(super) headers: Vec<String>,
    #[serde(default)]
    pub(super) pointers: Vec<String>,
    pub(super) message: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) calendar: Option<CalendarFile>,
    pub(super) max_hours: u32,
}

/// A wall that comes down by the calendar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    pub(super) day: Option<DayFile>,
    pub(super) at: String,
    pub(super) zone: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DayFile {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    pub(super) id: String,
    pub(super) class: Class,
    pub(super) certainty: Option<Certainty>,
    #[serde(default)]
    pub(super) place: PlaceFile,
    #[serde(default)]
    pub(super) status: Vec<StatusFile>,
    pub(super) billing: Option<Billing>,
    #[serde(default)]
    pub(super) surface: Vec<Surface>,
    #[serde(default)]
    pub(super) codes: Vec<TextFile>,
    #[serde(default)]
    pub(super) no_code: bool,
    #[serde(default)]
    pub(super) when: Vec<WhenFile>,
    pub(super) hint: Option<String>,
    pub(super) reach: Option<Reach>,
    pub(super) reset: Option<String>,
    pub(super) about: Option<About>,
    pub(super) false_positive_note: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlaceFile {
    #[default]
    Error,
    Success,
}

impl From<PlaceFile> for Place {
    fn from(place: PlaceFile) -> Self {
        match place {
            PlaceFile::Error => Self::Error,
            PlaceFile::Success => Self::Success,
        }
    }
}

/// A status, as in `429`, or a hundred of them, as in `"5xx"`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum StatusFile {
    One(u16),
    Hundred(String),
}

/// A text that may be written as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TextFile {
    Text(String),
    Number(i64),
}

impl From<TextFile> for String {
    fn from(text: TextFile) -> Self {
        match text {
            TextFile::Text(text) => text,
            TextFile::Number(number) => number.to_string(),
        }
    }
}

/// What an exact test compares with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ValueFile {
    Bool(bool),
    Text(TextFile),
}

/// One text, or several of which any one counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WordsFile {
    One(String),
    Several(Vec<String>),
}

/// A predicate or a group of them. Which keys go together is checked when it
/// is compiled, so that the error can say what is missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenFile {
    pub(super) pointers: Option<Vec<String>>,
    pub(super) header: Option<String>,
    pub(super) part: Option<PartFile>,
    pub(super) eq: Option<ValueFile>,
    #[serde(rename = "in")]
    pub(super) one_of: Option<Vec<ValueFile>>,
    pub(super) contains: Option<WordsFile>,
    pub(super) regex: Option<String>,
    pub(super) is_string: Option<bool>,
    pub(super) present: Option<bool>,
    pub(super) absent: Option<bool>,
    #[serde(default)]
    pub(super) fold: bool,
    pub(super) all: Option<Vec<WhenFile>>,
    pub(super) any: Option<Vec<WhenFile>>,
    pub(super) none: Option<Vec<WhenFile>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartFile {
    Message,
    Text,
}

/// A file that holds nothing but fixtures.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FixturesFile {
    #[serde(default, rename = "fixture")]
    pub(super) fixtures: Vec<FixtureFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FixtureFile {
    pub(super) name: String,
    pub(super) proves: Option<String>,
    pub(super) spares: Option<String>,
    pub(super) like: Option<String>,
    pub(super) url: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) headers: Option<BTreeMap<String, String>>,
    pub(super) request_headers: Option<BTreeMap<String, String>>,
    pub(super) body: Option<String>,
    pub(super) class: String,
    pub(super) code: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) reset: Option<String>,
    #[expect(dead_code, reason = "tells the reader where the body was seen")]
    pub(super) source: Option<String>,
}
