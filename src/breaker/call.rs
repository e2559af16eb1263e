//! One admitted call, and one that waits to be.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use tracing::level_filters::LevelFilter;

use super::{
    cell::{Cell, Verdict},
    config::StruckResponse,
    event::What,
    gate::Waited,
    standing::{Outcome, Pass, Role},
};
use http::Extensions;

use crate::{
    exchange::{Agent, Asked, Exchange, Origin, Workload},
    meter,
    profile::Claim,
    signal::Signal,
};

/// One admitted call. It is over when this is dropped, if not before.
pub(crate) struct Call {
    cell: Arc<Cell>,
    claim: Claim,
    pass: Option<Pass>,
    sent: bool,
    /// The request's User-Agent.
    agent: Option<Agent>,
    span: tracing::Span,
}

impl Call {
    #[inline]
    pub(crate) fn new(cell: Arc<Cell>, claim: Claim, pass: Pass) -> Self {
        let span = tracing::Span::none();
        let mut call = Self { cell, claim, pass: Some(pass), sent: false, agent: None, span };
        if LevelFilter::current() >= LevelFilter::INFO {
            call.span = span_of(&call.cell);
        }
        call
    }

    /// The call of `agent`.
    #[inline]
    pub(crate) fn by(mut self, agent: Option<Agent>) -> Self {
        self.agent = agent;
        self
    }

    pub(crate) fn cell(&self) -> &Arc<Cell> {
        &self.cell
    }

    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.pass.as_ref().map_or(0, |pass| pass.ticket.epoch)
    }

    /// Where this call's events belong.
    pub(crate) fn span(&self) -> &tracing::Span {
        &self.span
    }

    /// What goes into the request's extensions, of a request that has these
    /// and that workload among them.
    pub(crate) fn exchange(
        &mut self,
        workload: Option<Workload>,
        extensions: &Extensions,
    ) -> Option<Exchange> {
        let ticket = self.pass.as_ref()?.ticket;
        let asked = extensions.get::<Asked>().cloned();
        if let Some(hash) = asked.as_ref().and_then(|asked| asked.told().system) {
            self.cell.gate.look(|state| state.pace.system(hash));
        }
        let agent = self.agent.take();
        let origin = Origin { agent, workload, asked };
        Some(Exchange::with_origin(
            self.claim.clone(),
            self.cell.account.clone(),
            ticket,
            self.cell.clone(),
            origin,
        ))
    }

    /// From here on something may have left the process.
    pub(crate) fn sent(&mut self) {
        self.sent = true;
        meter::sent(self.cell.profile.id());
    }

    /// Whether a halt hangs on how it ends.
    pub(crate) fn is_test(&self) -> bool {
        self.pass.as_ref().is_some_and(|pass| pass.role != Role::Plain)
    }

    /// The response is resolved: its head is here, an error body is judged.
    pub(crate) fn answered(&mut self) {
        if let Some(pass) = &mut self.pass {
            self.cell.answered(pass);
        }
    }

    /// Whether the answer carries a signal, and what it did.
    pub(crate) fn signalled(&self, exchange: Option<&Exchange>) -> Option<Verdict> {
        exchange?.reported()?;
        self.note_signal(exchange?);
        self.verdict()
    }

    /// Puts the signal into the call's span.
    pub(crate) fn note_signal(&self, exchange: &Exchange) {
        if let Some(report) = exchange.reported() {
            let (class, dispositions) = (report.signal.class, &self.cell.shared.dispositions);
            let disposition = dispositions.of_signal(&report.signal, &self.claim).action;
            self.span.record("class", class.as_str());
            self.span.record("disposition", disposition.as_str());
        }
    }

    /// Counts a plan response that no detector took: the layers are in the
    /// wrong order, and the guard would be inert.
    pub(crate) fn check_taken(&self, exchange: Option<&Exchange>) {
        if !self.claim.is_plan() || exchange.is_none_or(Exchange::is_taken) {
            return;
        }
        let before = self.cell.told.untaken.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            target: "planguard::breaker",
            account = self.cell.account.as_str(), untaken = before + 1,
            "a plan response came back that no detector has judged: DetectLayer has to stand inside BreakerLayer. From the second one on this account is refused"
        );
        self.cell.tell(What::Misconfigured);
    }

    /// Whether the call that got `signal` answers with the refusal. A success
    /// whose head tells of a quota is an answer, and paid for: it is handed on.
    pub(crate) fn refuses(&self, signal: &Signal) -> bool {
        let shared = &self.cell.shared;
        let answer = !signal.class.is_policy() && self.claim().profile().is_in_success_head(signal);
        shared.struck == StruckResponse::Refuse && !shared.reports_only() && !answer
    }

    /// What this call's signal did.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let verdict = self.cell.verdict(self.pass.as_ref()?.ticket.serial)?;
        if let Some(halt) = &verdict.halt {
            self.span.record("halt_id", halt.as_str());
        }
        Some(verdict)
    }

    /// The call is over.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(pass) = self.pass.take() {
            let _ = self.cell.verdict(pass.ticket.serial);
            self.cell.ended(pass, outcome);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(pass) = &self.pass {
            let outcome = match self.sent {
                true => Outcome::Other,
                false => {
                    self.cell.gate.look(|state| state.uncount(pass));
                    Outcome::NeverSent
                }
            };
            self.end(outcome);
        }
    }
}

#[inline(never)]
fn span_of(cell: &Cell) -> tracing::Span {
    tracing::info_span!(
        target: "planguard::call",
        "call",
        profile = cell.profile.id(),
        account = cell.account.as_str(),
        class = tracing::field::Empty,
        disposition = tracing::field::Empty,
        verdict = tracing::field::Empty,
        halt_id = tracing::field::Empty,
    )
}

/// A place in an account's queue. Dropping it gives the place on.
pub(crate) struct Waiting {
    cell: Arc<Cell>,
    id: u64,
    over: bool,
}

impl Waiting {
    pub(crate) fn new(cell: Arc<Cell>, id: u64) -> Self {
        Self { cell, id, over: false }
    }
}

impl Future for Waiting {
    type Output = Waited;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Waited> {
        let waited = std::task::ready!(self.cell.gate.poll_turn(self.id, cx));
        self.over = true;
        Poll::Ready(waited)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.over {
            self.cell.act(|gate, now, writes| gate.leave(self.id, now, writes));
        }
    }
}
