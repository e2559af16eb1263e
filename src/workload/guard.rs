//! From a request to what is done about it. No I/O.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::{
    Action, Classifier, OwnModel, Policy, Taken, View,
    host::Host,
    judged::{Judged, Judging},
    policy::Judge,
    reroute::Reroute,
    tally::{Counted, Tallies},
    tell::{seen, tell},
};
use crate::{
    account::Account,
    exchange::{Verdict, Workload},
    meter::{self, Began},
    profile::{Claim, Registry, Target},
    refusal::{Details, Reason, Refused},
};

/// A caller's declaration on a request, removed before it is sent; and, on a
/// response, what its request was taken for.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-planguard-workload");

/// All that the fronts of one guard share.
pub(crate) struct Guard {
    pub(super) registry: Registry,
    /// The endpoint that every request is for, whatever its URI says.
    pub(super) upstream: Option<Uri>,
    pub(super) policy: Policy,
    pub(super) host: Arc<dyn Host>,
    pub(crate) tallies: Tallies,
    blocked_before: AtomicBool,
}

/// A request to a plan endpoint that is about to be judged.
pub(super) struct Pending {
    claim: Claim,
    declared: Option<Workload>,
}

/// What the caller declared, while what a judge found stands in its place.
#[derive(Clone, Copy)]
struct Declared(Option<Workload>);

/// What becomes of a request.
pub(super) enum Decision {
    Pass,
    /// It passes, and its response says that it was taken for this.
    Warn(Workload),
    Refuse(Refused),
    /// It goes elsewhere.
    Reroute(Reroute),
}

/// Marks a response with what its request was taken for.
pub(crate) fn mark(headers: &mut HeaderMap, workload: Workload) {
    headers.insert(HEADER, HeaderValue::from_static(workload.as_str()));
}

impl Guard {
    pub(crate) fn new(
        registry: Registry,
        upstream: Option<Uri>,
        policy: Policy,
        host: Arc<dyn Host>,
    ) -> Self {
        let (tallies, blocked_before) = (Tallies::default(), AtomicBool::new(false));
        Self { registry, upstream, policy, host, tallies, blocked_before }
    }

    /// How much of a body is read.
    pub(super) fn limit(&self) -> usize {
        self.policy.limits.body_bytes
    }

    /// Looks at what stands in front of a body. None if it is none to be judged.
    ///
    /// The caller removes [`HEADER`] afterwards, if it is there.
    pub(super) fn begin(
        &self,
        to: Target<'_>,
        method: &Method,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<Pending> {
        let own = match extensions.get::<Declared>() {
            Some(before) => before.0,
            // Who does not know declares nothing.
            None => extensions.get().copied().filter(|own| *own != Workload::Unclear),
        };
        let header = || headers.get(HEADER).filter(|_| self.policy.trust_header);
        let declared = own.or_else(|| match header()?.as_bytes() {
            b"coding" => Some(Workload::Coding),
            b"non_coding" => Some(Workload::NonCoding),
            _ => None,
        });
        if declared.is_none() && matches!(self.policy.judge, Judge::Nobody) {
            return None;
        }
        if !matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            return None;
        }
        let to = self.upstream.as_ref().map_or(to, Target::from);
        let claim = self.registry.find(to, headers)?;
        if !claim.is_plan() || !claim.profile().is_for_coding_only() {
            return None;
        }
        Some(Pending { claim: claim.clone(), declared })
    }

    /// Judges a body; none is one that could not be read as a whole.
    pub(super) fn judge(&self, body: Option<&[u8]>) -> Judging {
        let began = Began::now();
        self.judging(body).since(began)
    }

    fn judging(&self, body: Option<&[u8]>) -> Judging {
        let Judge::Later(classifier) = &self.policy.judge else {
            return Judging::Done(self.judge_at_once(body));
        };
        match self.view(body) {
            Ok((view, judged)) => Judging::Later(classifier.classify(view), judged),
            Err(judged) => Judging::Done(judged),
        }
    }

    /// What a request would be judged to be. A classifier that takes its time
    /// is not asked; planguard's own model stands in for it.
    pub(crate) fn assess(&self, body: Option<&[u8]>) -> Verdict {
        self.judge_at_once(body).verdict
    }

    fn judge_at_once(&self, body: Option<&[u8]>) -> Judged {
        match &self.policy.judge {
            Judge::Nobody => Judged::unread(),
            Judge::Own(sensitivity) => self.judge_by(&OwnModel::new(*sensitivity), body),
            Judge::Other(classifier) => self.judge_by(&**classifier, body),
            Judge::Later(_) => self.judge_by(&OwnModel::default(), body),
        }
    }

    fn judge_by(&self, classifier: &dyn Classifier, body: Option<&[u8]>) -> Judged {
        match self.view(body) {
            Ok((view, mut judged)) => {
                judged.take(classifier.classify(&view));
                judged
            }
            Err(judged) => judged,
        }
    }

    /// What there is to judge, and what is known of it by then; or all that
    /// will be known.
    fn view(&self, body: Option<&[u8]>) -> Result<(View, Judged), Judged> {
        let view = body.and_then(|body| View::read_any(body, self.policy.limits));
        let view = view.ok_or_else(Judged::unread)?;
        match view.has_words() {
            true => {
                let judged = Judged::of(&view);
                Ok((view, judged))
            }
            false => Err(Judged::without_words(&view)),
        }
    }

    /// Decides, counts, tells, and leaves what was found in `extensions`. Only
    /// a request that may go elsewhere is asked for its `uri`.
    pub(super) fn decide(
        &self,
        pending: &Pending,
        judged: Judged,
        uri: impl FnOnce() -> Uri,
        headers: &HeaderMap,
        body: Option<&[u8]>,
        extensions: &mut Extensions,
    ) -> Decision {
        let Pending { claim, declared } = pending;
        let (verdict, profile) = (&judged.verdict, claim.profile().id());
        meter::workload(profile, judged.began);
        let account = self.host.account(claim, headers);
        let (taken, decision) = self.act(pending, verdict, account.as_ref(), uri, body);
        let one =
            Counted { estimate: verdict.workload, read: judged.read, declared: *declared, taken };
        self.tallies.count(account.as_ref(), one);
        meter::judged(profile, verdict.workload.as_str(), taken.as_str());
        let contradicted =
            *declared == Some(Workload::Coding) && verdict.workload == Workload::NonCoding;
        if !matches!(taken, Taken::Passed | Taken::WithinTurn) || contradicted {
            tell(account.as_ref(), verdict, *declared, taken);
            self.host.acted(account.as_ref(), verdict, *declared, taken);
        }
        extensions.insert(Declared(*declared));
        // Of what was not read nothing is made up.
        if judged.read {
            extensions.insert(declared.unwrap_or(verdict.workload));
            extensions.insert(judged.asked(*declared, extensions.get().cloned()));
            extensions.insert(judged.verdict);
        } else if let Some(declared) = declared {
            extensions.insert(*declared);
        }
        decision
    }

    fn act(
        &self,
        pending: &Pending,
        verdict: &Verdict,
        account: Option<&Account>,
        uri: impl FnOnce() -> Uri,
        body: Option<&[u8]>,
    ) -> (Taken, Decision) {
        let taken_for = pending.declared.unwrap_or(verdict.workload);
        let action = match taken_for {
            Workload::Coding => &Action::Pass,
            Workload::NonCoding => &self.policy.non_coding,
            Workload::Unclear => &self.policy.unclear,
        };
        let halted = || account.is_some_and(|account| self.host.is_halted(account, &pending.claim));
        let block = || {
            // What was begun is finished, unless the caller says what it is.
            if !verdict.turn_start && pending.declared.is_none() {
                return (Taken::WithinTurn, Decision::Pass);
            }
            (Taken::Blocked, Decision::Refuse(self.refuse(pending, verdict, account)))
        };
        match action {
            Action::Block | Action::Reroute(_) if self.host.only_reports() => {
                (Taken::Reported, Decision::Pass)
            }
            Action::Pass => (Taken::Passed, Decision::Pass),
            // What could be coding may not get around a halt: it is left to the
            // breaker.
            Action::Reroute(_) if taken_for != Workload::NonCoding && halted() => {
                (Taken::Passed, Decision::Pass)
            }
            Action::Report => (Taken::Reported, Decision::Pass),
            Action::Warn => (Taken::Warned, Decision::Warn(taken_for)),
            Action::Block => block(),
            Action::Reroute(to) => {
                match Reroute::find(&self.registry, &pending.claim, to, &uri(), body) {
                    Some(way) => (Taken::Rerouted, Decision::Reroute(way)),
                    None => block(),
                }
            }
        }
    }

    fn refuse(&self, pending: &Pending, verdict: &Verdict, account: Option<&Account>) -> Refused {
        let profile = pending.claim.profile();
        if !self.blocked_before.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "planguard::workload",
                "planguard blocks requests that do not look like coding work; to let one pass, send the header `x-planguard-workload: coding`; to block none, build the guard with `.non_coding(Action::Report)`"
            );
        }
        let reason = Reason::WorkloadRefused;
        meter::refusal(profile.id(), reason.code());
        Details::new(reason, profile.provider(), profile.plan())
            .account(account.cloned())
            .notice(profile.notice().short.clone())
            .detail(seen(verdict, pending.declared))
            .into()
    }
}
