//! How a stopped call is told: an error that ends the call, says why in words
//! that a person can act on, and gives no client a reason to send it again.
//!
//! A [`Refused`] is made from its [`Details`] by whoever stops the call. A
//! front returns it inside [`Stopped`], one level up, so that
//! [`Refused::find`] reaches it through any wrapper above:
//!
//! ```
//! use planguard::refusal::{Details, Reason, Refused, Stopped};
//!
//! let details = Details::new(Reason::QuotaHold, "Z.AI", "GLM Coding Plan");
//! let stopped = Stopped::from(Refused::from(details));
//! let error: Box<dyn std::error::Error + Send + Sync> = Box::new(stopped);
//!
//! let refused = Refused::find(&*error).expect("it is in there");
//! assert_eq!(refused.reason(), Reason::QuotaHold);
//! assert!(error.to_string().contains("Z.AI"));
//! ```
//!
//! # Words that are not used
//!
//! Several clients decide by the *text* of an error whether they send the
//! request again, whatever its status: one repeats it because a request id
//! holds the digits `500`. Each such trigger is a row of [`TRIGGERS`].
//! `Display` and `Debug` of [`Refused`] and [`Stopped`] and the bodies made by
//! [`Refused::to_response`] and [`Refused::to_event`] hold none of them. The
//! provider's own words stand in them where they hold none either; they are
//! always in [`Refused::provider_message`]. A gateway can check a text of its
//! own with [`is_safe`].

mod details;
mod part;
mod refused;
#[cfg(feature = "tower")]
mod refusing;
mod response;
mod text;
mod trigger;

pub use details::Details;
pub(crate) use part::is_unprintable;
pub use refused::{Refused, Stopped};
#[cfg(feature = "tower")]
pub use refusing::{Answer, Refusing, Throw};
pub use response::Dialect;
pub use trigger::{TRIGGERS, Trigger, first_trigger, is_safe};

use std::fmt;

/// Why a call was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The account is halted: by the provider's policy signal, or by a person.
    AccountHalted,
    /// The plan's quota is used up; the hold ends at a time.
    QuotaHold,
    /// Nothing can be charged for this call; the hold ends at a time.
    BillingHold,
    /// The provider failed twice in a way that no rule knows, or once where
    /// that is enough; the hold ends at a time.
    UnknownHold,
    /// The request does not look like the work that the plan was sold for.
    WorkloadRefused,
    /// The stack is put together so that a strike would go unseen.
    Misconfigured,
    /// The ledger cannot be read, so nobody knows whether the account is halted.
    LedgerUnavailable,
    /// As many calls as the account's queue holds are waiting.
    QueueFull,
    /// The plan requires a User-Agent and the request has none.
    UserAgentRequired,
    /// The vendor grants a generic client nothing that planguard knows of, and
    /// the program has not said that it has a grant.
    NoGrant,
    /// No profile claims the request's host, and the configuration refuses such.
    UnclaimedHost,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::AccountHalted,
        Self::QuotaHold,
        Self::BillingHold,
        Self::UnknownHold,
        Self::WorkloadRefused,
        Self::Misconfigured,
        Self::LedgerUnavailable,
        Self::QueueFull,
        Self::UserAgentRequired,
        Self::NoGrant,
        Self::UnclaimedHost,
    ];

    /// The name as it stands in texts, logs and the `error.code` of an
    /// OpenAI-shaped body.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountHalted => "account_halted",
            Self::QuotaHold => "quota_hold",
            Self::BillingHold => "billing_hold",
            Self::UnknownHold => "unknown_hold",
            Self::WorkloadRefused => "workload_refused",
            Self::Misconfigured => "misconfigured",
            Self::LedgerUnavailable => "ledger_unavailable",
            Self::QueueFull => "queue_full",
            Self::UserAgentRequired => "user_agent_required",
            Self::NoGrant => "no_grant",
            Self::UnclaimedHost => "unclaimed_host",
        }
    }

    /// Whether a halt of the account stopped the call.
    pub(crate) const fn is_halt(self) -> bool {
        matches!(
            self,
            Self::AccountHalted | Self::QuotaHold | Self::BillingHold | Self::UnknownHold
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
