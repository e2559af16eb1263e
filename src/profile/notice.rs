//! What the vendor's terms say, for the people who run the program.

use std::fmt;

use super::format::{NoticeFile, TermsFile};

/// What a vendor's terms say about a plan, as of a day.
///
/// It does not make an unlisted client permitted, and says so. `Display` is
/// the full text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The profile's id.
    pub profile: String,
    /// The vendor.
    pub provider: String,
    /// The plan.
    pub plan: String,
    /// The day the vendor's documents were last read, as in `2026-11-22`.
    pub checked_on: String,
    /// All of it, several lines.
    pub text: String,
    /// One sentence. Holds nothing that a client takes as a reason to ask
    /// again, so that it can stand in a refusal.
    pub short: String,
}

impl Notice {
    pub(super) fn new(
        id: &str,
        (provider, plan): (&str, &str),
        checked_on: &str,
        terms: &TermsFile,
        parts: &NoticeFile,
    ) -> Self {
        let tools = match &*terms.supported_tools {
            [] => String::new(),
            tools => format!(" Listed on {}: {}.", terms.supported_tools_on, tools.join(", ")),
        };
        let quote = match &*terms.quote {
            "" => String::new(),
            quote => format!(" In the vendor's words: \"{quote}\""),
        };
        // Without a sentence of theirs nobody here has read the terms.
        let known = match &*terms.quote {
            "" => {
                "what is known of the vendor's terms, which planguard's authors have not read, on"
            }
            _ => "what the vendor's terms say, as read on",
        };
        let text = format!(
            "{provider} {plan}: {known} {checked_on} ({url}).\n\
             - {limited_to}{tools}\n\
             - {forbidden}{quote}\n\
             - {banned_for}\n\
             - On violations: {strikes}\n\
             - planguard does not make an unlisted client permitted. {instead}\n",
            url = terms.url,
            limited_to = parts.limited_to,
            forbidden = parts.forbidden,
            banned_for = parts.banned_for,
            strikes = terms.strike_wording,
            instead = parts.instead,
        );
        Self {
            profile: id.to_owned(),
            provider: provider.to_owned(),
            plan: plan.to_owned(),
            checked_on: checked_on.to_owned(),
            text,
            short: parts.short.clone(),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
