//! What is kept of an answer that may strike.

use std::sync::Arc;

use super::{cell::Cell, disposition::Disposition};
use crate::{
    exchange::{Exchange, Origin},
    ledger::{Evidence, Place},
    signal::Signal,
};

impl Cell {
    /// What is known of `call`, whose answer is `signal`; none if that can be
    /// no strike.
    pub(super) fn evidence(
        &self,
        call: &Exchange,
        signal: &Signal,
        disposition: Disposition,
    ) -> Option<Arc<Evidence>> {
        if disposition.strike.is_none() && !signal.class.is_policy() {
            return None;
        }
        let (claim, now) = (call.claim(), self.now());
        let (profile, endpoint) = (claim.profile(), claim.endpoint());
        let Origin { agent, workload, asked } = call.origin();
        let asked = asked.clone().unwrap_or_default();
        let told = asked.told();
        let mut evidence = Evidence::new(now, profile.id(), signal.clone());
        evidence.checked_on = Some(profile.checked_on().to_owned());
        evidence.place = Some(Place::new(
            &endpoint.host,
            &endpoint.path_prefix,
            endpoint.surface.as_str(),
            claim.is_plan(),
        ));
        evidence.model = told.model.clone();
        evidence.user_agent = agent.as_ref().map(|text| String::from_utf8_lossy(text).into_owned());
        evidence.verdict = told.verdict;
        evidence.features = told.features.clone();
        // What stands beside a verdict is the judge's.
        let declared = workload.filter(|_| told.verdict.is_none());
        evidence.declaration = told.declaration.or(declared);
        evidence.pace = Some(self.pace(now));
        evidence.posture = Some(self.shared.dispositions.posture().as_str().to_owned());
        evidence.version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Some(Arc::new(evidence))
    }
}
