//! What makes clients send a request again when they read it in an error.

use std::sync::LazyLock;

use regex::{RegexSet, RegexSetBuilder};

/// One text that some client takes as a reason to send the request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Trigger {
    /// A regular expression, without regard to case.
    pub pattern: &'static str,
    /// Which client looks for it, and how it was learnt.
    pub client: &'static str,
}

const OPENCODE: &str = "opencode 1.18.33 (its binary; in the message and in the raw body)";
const OPENCODE_KIN: &str = "programs derived from opencode (public source)";
const LITELLM: &str = "LiteLLM 1.106.2, and so aider and its proxy (measured)";
const QWEN: &str = "qwen-code 0.24.4 (measured)";

const fn trigger(client: &'static str, pattern: &'static str) -> Trigger {
    Trigger { pattern, client }
}

/// The deny-list. A row is at times wider than the client's own expression
/// (all blanks, `-` and `_` between words count as the same), never narrower.
///
/// Every row needs two neighbouring letters or digits to match, and none
/// matches a text that starts or ends with a blank or holds a `.`, `,`, `(`,
/// `)` or backtick: the wording of refusals relies on that.
pub const TRIGGERS: &[Trigger] = &[
    // Anywhere: `"request_id":"req_7a500c"` made six requests out of one.
    trigger(OPENCODE, r"429|500|502|503|504|524"),
    trigger(OPENCODE, r"rate[\s_-]+increased[\s_-]+too[\s_-]+quickly"),
    // Turned into a RateLimitError with status 429, whatever the status was.
    // opencode looks for it as well.
    trigger(LITELLM, r"rate[\s\x1c-\x1f_-]*limit"),
    trigger(OPENCODE, r"too[\s_-]*many[\s_-]*requests"),
    trigger(OPENCODE, r"overloaded"),
    trigger(OPENCODE, r"service[\s_-]*unavailable"),
    trigger(OPENCODE, r"internal[\s_-]*error"),
    trigger(OPENCODE, r"server[\s_-]*error"),
    trigger(OPENCODE, r"provider[\s_-]*returned[\s_-]*error"),
    trigger(OPENCODE, r"terminated"),
    trigger(OPENCODE, r"fetch[\s_-]*failed"),
    trigger(OPENCODE, r"network[\s_-]*error"),
    trigger(OPENCODE, r"connection[\s_-]*(?:error|refused|reset|closed|aborted|lost)"),
    trigger(OPENCODE, r"socket[\s_-]*hang[\s_-]*up"),
    trigger(OPENCODE, r"econn|etimedout|enotfound|eai_again|und_err"),
    trigger(OPENCODE, r"\bepipe\b"),
    trigger(OPENCODE, r"tim(?:e|ed)[\s_-]*out"),
    trigger(OPENCODE, r"(?:try|retry)[\s_-]+your[\s_-]+request"),
    trigger(OPENCODE, r"resource[\s_-]*exhausted"),
    trigger(OPENCODE, r"try[\s_-]*again"),
    trigger(OPENCODE, r"(?:currently|temporarily)[\s_-]+at[\s_-]+capacity"),
    trigger(LITELLM, r"service[\s_-]+tier[\s_-]+capacity[\s_-]+exceeded"),
    trigger(OPENCODE_KIN, r"slow[\s_-]*down|bad[\s_-]*gateway|deadline[\s_-]*exceeded"),
    // As the value of `error.code`, string or number; in prose 1302 is harmless.
    trigger(QWEN, r#"code"\s*:\s*"?(?:429|503|1302|1305)\b"#),
];

static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    // Constants, all compiled by a test.
    RegexSetBuilder::new(TRIGGERS.iter().map(|trigger| trigger.pattern))
        .case_insensitive(true)
        .build()
        .expect("the deny-list compiles")
});

/// Whether no client that was looked at would send a request again because it
/// reads `text`: no row of [`TRIGGERS`] matches.
///
/// Check the final serialised body, not only the message in it: ids and
/// numbers count. Time is linear in the text; the first call compiles the
/// list.
///
/// ```
/// use planguard::refusal::is_safe;
///
/// assert!(is_safe("the account is halted, code 1313"));
/// assert!(!is_safe(r#"{"request_id":"req_7a500c"}"#));
/// ```
#[must_use]
pub fn is_safe(text: &str) -> bool {
    !SET.is_match(text)
}

/// The first row of [`TRIGGERS`] that matches `text`, if any: what to change.
#[must_use]
pub fn first_trigger(text: &str) -> Option<&'static Trigger> {
    SET.matches(text).iter().next().and_then(|row| TRIGGERS.get(row))
}
