//! What the non-coding guard needs of the breaker, which it does not know.

use std::sync::Arc;

use http::HeaderMap;

use crate::{
    account::Account,
    breaker::{Core, What},
    exchange::{Verdict, Workload},
    profile::Claim,
    workload::{Host, Taken},
};

/// The breaker's accounts and events.
pub(super) struct Desk(pub(super) Arc<Core>);

impl Host for Desk {
    fn account(&self, claim: &Claim, headers: &HeaderMap) -> Option<Account> {
        Some(self.0.account_for(claim, headers))
    }

    fn acted(
        &self,
        account: Option<&Account>,
        verdict: &Verdict,
        declared: Option<Workload>,
        taken: Taken,
    ) {
        let Some(account) = account else { return };
        let shared = &self.0.shared;
        let what = What::Workload { verdict: Box::new(verdict.clone()), declared, taken };
        shared.bus.send(account, shared.clock.now(), what);
    }

    fn is_halted(&self, account: &Account, claim: &Claim) -> bool {
        self.0.is_halted(account, claim)
    }

    fn only_reports(&self) -> bool {
        self.0.shared.reports_only()
    }
}
