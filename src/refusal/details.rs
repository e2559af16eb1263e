//! What a refusal is made of.

use std::{fmt, time::SystemTime};

use bytes::Bytes;
use http::StatusCode;

use super::Reason;
use crate::{
    account::{Account, Tally},
    signal::Signal,
};

/// The provider's answer to the call that struck.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl fmt::Debug for Answer {
    // The body may quote the prompt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

/// All that is known about one stopped call. Becomes a
/// [`Refused`](super::Refused) by `into`.
///
/// Each method takes the value or an `Option` of it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Details {
    pub(super) reason: Reason,
    pub(super) provider: String,
    pub(super) plan: String,
    pub(super) account: Option<Account>,
    pub(super) signal: Option<Signal>,
    pub(super) strikes: Tally,
    pub(super) halt: Option<String>,
    pub(super) not_before: Option<SystemTime>,
    pub(super) release: Option<String>,
    pub(super) notice: Option<String>,
    pub(super) appeal: Option<String>,
    pub(super) answer: Option<Answer>,
    pub(super) detail: Option<String>,
}

impl Details {
    /// A call to `provider` (as in `Z.AI`) on its `plan` (as in `GLM Coding
    /// Plan`; may be empty), stopped for `reason`, with nothing else known.
    pub fn new(reason: Reason, provider: impl Into<String>, plan: impl Into<String>) -> Self {
        Self {
            reason,
            provider: provider.into(),
            plan: plan.into(),
            account: None,
            signal: None,
            strikes: Tally::default(),
            halt: None,
            not_before: None,
            release: None,
            notice: None,
            appeal: None,
            answer: None,
            detail: None,
        }
    }

    /// The account that the call would have counted for.
    pub fn account(mut self, account: impl Into<Option<Account>>) -> Self {
        self.account = account.into();
        self
    }

    /// What the provider said that led to it.
    pub fn signal(mut self, signal: impl Into<Option<Signal>>) -> Self {
        self.signal = signal.into();
        self
    }

    /// How often the account was struck.
    pub fn strikes(mut self, strikes: Tally) -> Self {
        self.strikes = strikes;
        self
    }

    /// The halt's id, letters only.
    pub fn halt(mut self, id: impl Into<Option<String>>) -> Self {
        self.halt = id.into();
        self
    }

    /// The moment before which nothing is sent. None if only a person ends it.
    pub fn not_before(mut self, at: impl Into<Option<SystemTime>>) -> Self {
        self.not_before = at.into();
        self
    }

    /// The exact command or call that releases the halt.
    pub fn release(mut self, command: impl Into<Option<String>>) -> Self {
        self.release = command.into();
        self
    }

    /// What the vendor's terms say, in short.
    pub fn notice(mut self, notice: impl Into<Option<String>>) -> Self {
        self.notice = notice.into();
        self
    }

    /// Where the provider takes appeals.
    pub fn appeal(mut self, url: impl Into<Option<String>>) -> Self {
        self.appeal = url.into();
        self
    }

    /// The provider's status and verbatim body: only on the call that struck.
    pub fn answer(mut self, answer: impl Into<Option<(StatusCode, Bytes)>>) -> Self {
        self.answer = answer.into().map(|(status, body)| Answer { status, body });
        self
    }

    /// What else a person needs, as one sentence: which ledger store and what
    /// to do about it, or how to raise the queue.
    pub fn detail(mut self, detail: impl Into<Option<String>>) -> Self {
        self.detail = detail.into();
        self
    }
}
