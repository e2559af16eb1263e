//! Whom the guard works for, and who asks it.

use http::HeaderMap;

use crate::{
    account::Account,
    exchange::{Taken, Verdict, Workload},
    profile::Claim,
};

/// A request whose body can be looked at in place.
pub trait Outgoing {
    /// Its body; none if that is a stream.
    fn body_bytes(&self) -> Option<&[u8]>;
}

impl<B: AsRef<[u8]>> Outgoing for http::Request<B> {
    fn body_bytes(&self) -> Option<&[u8]> {
        Some(self.body().as_ref())
    }
}

#[cfg(feature = "reqwest")]
impl Outgoing for ::reqwest::Request {
    fn body_bytes(&self) -> Option<&[u8]> {
        self.body().and_then(|body| body.as_bytes())
    }
}

/// Whom the guard works for.
pub(crate) trait Host: Send + Sync {
    /// The account that a request counts for.
    fn account(&self, claim: &Claim, headers: &HeaderMap) -> Option<Account>;

    /// Something was done about a request.
    fn acted(
        &self,
        account: Option<&Account>,
        verdict: &Verdict,
        declared: Option<Workload>,
        taken: Taken,
    );

    /// Whether `account` is known to be halted where `claim` leads.
    fn is_halted(&self, account: &Account, claim: &Claim) -> bool;

    /// Whether nothing may be stopped.
    fn only_reports(&self) -> bool;
}
