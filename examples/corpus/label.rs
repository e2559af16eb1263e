//! What a person says of a request.

use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    Coding,
    NonCoding,
    /// Neither is wrong: never scored, never trained on.
    Ambiguous,
    /// A client's own call (a title, a summary) within a coding session.
    AuxCoding,
    /// The same within another session.
    AuxNoncoding,
}

impl Label {
    /// Whether it serves other work than coding; none where that is not said.
    pub fn is_other(self) -> Option<bool> {
        match self {
            Self::Coding | Self::AuxCoding => Some(false),
            Self::NonCoding | Self::AuxNoncoding => Some(true),
            Self::Ambiguous => None,
        }
    }
}
