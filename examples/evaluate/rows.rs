//! Labelled requests, as they were posted.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::corpus::Label;

/// One line of a corpus file. What a file of captured requests has not (kind,
/// language) is empty.
#[derive(Debug, Deserialize)]
pub struct Row {
    pub id: String,
    pub label: Label,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub lang: String,
    #[serde(default)]
    pub shape: String,
    #[serde(default)]
    pub client: String,
    /// Whether a model may be trained on it; a file that does not say so is
    /// taken to be free.
    #[serde(default = "yes")]
    pub permissive: bool,
    request: Box<RawValue>,
}

fn yes() -> bool {
    true
}

impl Row {
    /// The body, with its keys in the order in which it was written.
    pub fn body(&self) -> &str {
        self.request.get()
    }

    /// Its label, as it stands in a file.
    pub fn label_name(&self) -> &'static str {
        match self.label {
            Label::Coding => "coding",
            Label::NonCoding => "non_coding",
            Label::Ambiguous => "ambiguous",
            Label::AuxCoding => "aux_coding",
            Label::AuxNoncoding => "aux_noncoding",
        }
    }

    /// Whether it is a call of the client's own, not a person's.
    pub fn is_own_call(&self) -> bool {
        matches!(self.label, Label::AuxCoding | Label::AuxNoncoding)
    }

    /// Whether it is other work than coding; none for a row that is not scored
    /// with the others.
    pub fn is_other(&self) -> Option<bool> {
        self.label.is_other().filter(|_| !self.is_own_call())
    }
}
