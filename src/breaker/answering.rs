//! From a call that was sent to the answer that its caller gets.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Extensions, Response, header::CONTENT_LENGTH};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{BreakerBody, Refusing, call::Call, follow::Follow, refuse, write_wait::WriteWait};
use crate::{
    body::Remaining,
    exchange::{Exchange, Workload},
};

/// An admitted call, and what it left in the request's extensions.
pub(crate) struct Sent {
    call: Call,
    exchange: Option<Exchange>,
}

impl Sent {
    /// Puts the exchange where those below find it, in the place of what an
    /// earlier attempt left there. From here on the call counts as sent:
    /// `call` is not lazy in every service.
    pub(crate) fn hand_off(mut call: Call, extensions: &mut Extensions) -> Self {
        let workload = extensions.get::<Workload>().copied();
        call.span().record("verdict", workload.unwrap_or_default().as_str());
        let exchange = call.exchange(workload, extensions);
        if let Some(exchange) = exchange.clone() {
            extensions.insert(exchange);
        }
        call.sent();
        Self { call, exchange }
    }
}

pin_project! {
    /// Follows a call that was sent until its answer can be told, as
    /// `refusing` has it.
    pub(crate) struct Answering<F, B, R> {
        #[pin]
        future: Option<F>,
        sent: Option<Sent>,
        // Boxed, so that those which carry no signal stay small.
        writing: Option<Box<Writing<B>>>,
        refusing: R,
    }
}

/// An answer that carries a signal, while the ledger hears of it.
struct Writing<B> {
    wait: WriteWait,
    answer: Answer<B>,
}

struct Answer<B> {
    response: Response<B>,
    sent: Sent,
    halt: Option<String>,
}

impl<F, B, R> Answering<F, B, R> {
    pub(crate) fn new(future: F, sent: Sent, refusing: R) -> Self {
        Self { future: Some(future), sent: Some(sent), writing: None, refusing }
    }
}

impl<F, B, E, R> Future for Answering<F, B, R>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    R: Refusing<E>,
{
    type Output = Result<Response<BreakerBody<B>>, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(writing) = this.writing {
            ready!(Pin::new(&mut writing.wait).poll(cx));
        } else {
            // Polled again after it was ready, which nobody may do.
            let (Some(future), Some(sent)) = (this.future.as_mut().as_pin_mut(), &this.sent) else {
                return Poll::Pending;
            };
            let result = ready!(sent.call.span().in_scope(|| future.poll(cx)));
            // What it holds, a permit perhaps, is free from here on.
            this.future.set(None);
            let Some(mut sent) = this.sent.take() else { return Poll::Pending };
            let response = result.map_err(R::fail)?;
            sent.call.answered();
            sent.call.check_taken(sent.exchange.as_ref());
            let Some(verdict) = sent.call.signalled(sent.exchange.as_ref()) else {
                return Poll::Ready(Ok(followed(response, sent, this.refusing)));
            };
            let cell = sent.call.cell().clone();
            let answer = Answer { response, sent, halt: verdict.halt };
            let Some(written) = verdict.written else {
                return Poll::Ready(told(answer, this.refusing));
            };
            let wait = WriteWait::new(cell, written);
            let writing = this.writing.insert(Box::new(Writing { wait, answer }));
            ready!(Pin::new(&mut writing.wait).poll(cx));
        }
        match this.writing.take() {
            Some(writing) => Poll::Ready(told(writing.answer, this.refusing)),
            None => Poll::Pending,
        }
    }
}

/// The provider's response, followed to its end.
fn followed<B: Body<Data = Bytes>, R: Refusing<E>, E>(
    response: Response<B>,
    sent: Sent,
    refusing: &R,
) -> Response<BreakerBody<B>> {
    let Sent { call, exchange } = sent;
    let closes = refusing.closes_streams().filter(|_| {
        // A length that was announced has to be kept.
        let length = response.body().size_hint().exact();
        exchange.as_ref().is_some_and(Exchange::begins_event)
            && length.is_none()
            && !response.headers().contains_key(CONTENT_LENGTH)
    });
    let (success, remaining) = (response.status().is_success(), Remaining::of(&response));
    let follow = Follow::new(call, exchange, success, remaining, closes);
    response.map(|body| BreakerBody::called(body, follow))
}

/// A signal that halted the account becomes a refusal, unless the user wants
/// the provider's response.
fn told<B: Body<Data = Bytes>, R: Refusing<E>, E>(
    answer: Answer<B>,
    refusing: &R,
) -> Result<Response<BreakerBody<B>>, R::Error> {
    let Answer { response, sent, halt } = answer;
    let report = sent.exchange.as_ref().and_then(Exchange::reported);
    let refused = match (halt, report) {
        (Some(halt), Some(report)) if sent.call.refuses(&report.signal) => {
            refuse::struck(sent.call.cell(), sent.call.claim(), &halt, report)
        }
        _ => None,
    };
    match refused {
        Some(refused) => refusing.refuse(refused),
        None => Ok(followed(response, sent, refusing)),
    }
}
