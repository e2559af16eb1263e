use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use sync_wrapper::SyncFuture;
use tower_service::Service;

use super::{BreakerBody, Refusing, call::Call, refuse, service::hand_off, write_wait::WriteWait};
use crate::{exchange::Exchange, ledger::BoxFuture, refusal::Refused};

type Admission = SyncFuture<BoxFuture<'static, Result<Call, Refused>>>;

pin_project! {
    /// The future of a [`Breaker`](super::Breaker).
    pub struct ResponseFuture<S, R, ReqB, ResB>
    where
        S: Service<Request<ReqB>>,
    {
        #[pin]
        state: State<S, S::Future, ReqB, ResB>,
        refusing: R,
        body: PhantomData<fn() -> ResB>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, ReqB, ResB> {
        Refused { refused: Option<Refused> },
        Untouched { #[pin] future: F },
        Admitting { #[pin] admission: Admission, held: Option<(S, Request<ReqB>)> },
        Sent { #[pin] future: F, call: Option<Call>, exchange: Option<Exchange> },
        Writing { wait: WriteWait, answer: Option<Answer<ResB>> },
    }
}

/// An answer that carries a signal.
struct Answer<B> {
    response: Response<B>,
    call: Call,
    exchange: Option<Exchange>,
    halt: Option<String>,
}

impl<S, R, ReqB, ResB> ResponseFuture<S, R, ReqB, ResB>
where
    S: Service<Request<ReqB>>,
{
    fn new(state: State<S, S::Future, ReqB, ResB>, refusing: R) -> Self {
        Self { state, refusing, body: PhantomData }
    }

    pub(super) fn refused(refused: Refused, refusing: R) -> Self {
        Self::new(State::Refused { refused: Some(refused) }, refusing)
    }

    pub(super) fn untouched(future: S::Future, refusing: R) -> Self {
        Self::new(State::Untouched { future }, refusing)
    }

    pub(super) fn admitting(
        admission: BoxFuture<'static, Result<Call, Refused>>,
        ready: S,
        request: Request<ReqB>,
        refusing: R,
    ) -> Self {
        let (admission, held) = (SyncFuture::new(admission), Some((ready, request)));
        Self::new(State::Admitting { admission, held }, refusing)
    }

    pub(super) fn sent(
        future: S::Future,
        call: Call,
        exchange: Option<Exchange>,
        refusing: R,
    ) -> Self {
        Self::new(State::Sent { future, call: Some(call), exchange }, refusing)
    }
}

impl<S, R, ReqB, ResB> Future for ResponseFuture<S, R, ReqB, ResB>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    R: Refusing<S::Error>,
    ResB: Body<Data = Bytes>,
{
    type Output = Result<Response<BreakerBody<ResB>>, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Refused { refused } => {
                    return match refused.take() {
                        Some(refused) => Poll::Ready(this.refusing.refuse(refused)),
                        None => Poll::Pending,
                    };
                }
                StateProj::Untouched { future } => {
                    let response = ready!(future.poll(cx)).map_err(R::fail)?;
                    return Poll::Ready(Ok(response.map(BreakerBody::passed)));
                }
                StateProj::Admitting { admission, held } => {
                    let admitted = ready!(admission.poll(cx));
                    let Some((mut service, mut request)) = held.take() else {
                        return Poll::Pending;
                    };
                    match admitted {
                        Ok(mut call) => {
                            let exchange = hand_off(&mut call, &mut request);
                            let future = service.call(request);
                            State::Sent { future, call: Some(call), exchange }
                        }
                        Err(refused) => State::Refused { refused: Some(refused) },
                    }
                }
                StateProj::Sent { future, call, exchange } => {
                    let result = match call.as_ref() {
                        Some(call) => ready!(call.span().in_scope(|| future.poll(cx))),
                        None => return Poll::Pending,
                    };
                    let (Some(mut call), exchange) = (call.take(), exchange.take()) else {
                        return Poll::Pending;
                    };
                    let response = match result {
                        Ok(response) => response,
                        Err(error) => return Poll::Ready(Err(R::fail(error))),
                    };
                    call.answered();
                    call.check_taken(exchange.as_ref());
                    let Some(verdict) = call.signalled(exchange.as_ref()) else {
                        return Poll::Ready(Ok(followed(response, call, exchange)));
                    };
                    let halt = verdict.halt;
                    let cell = call.cell().clone();
                    let answer = Answer { response, call, exchange, halt };
                    match verdict.written {
                        Some(written) => State::Writing {
                            wait: WriteWait::new(cell, written),
                            answer: Some(answer),
                        },
                        None => return Poll::Ready(told(answer, this.refusing)),
                    }
                }
                StateProj::Writing { wait, answer } => {
                    ready!(Pin::new(wait).poll(cx));
                    return match answer.take() {
                        Some(answer) => Poll::Ready(told(answer, this.refusing)),
                        None => Poll::Pending,
                    };
                }
            };
            this.state.set(next);
        }
    }
}

/// The provider's response, followed to its end.
fn followed<B: Body<Data = Bytes>>(
    response: Response<B>,
    call: Call,
    exchange: Option<Exchange>,
) -> Response<BreakerBody<B>> {
    let success = response.status().is_success();
    response.map(|body| BreakerBody::called(body, call, exchange, success))
}

/// A signal that halted the account becomes a refusal, unless the user wants
/// the provider's response.
fn told<B: Body<Data = Bytes>, R: Refusing<E>, E>(
    answer: Answer<B>,
    refusing: &R,
) -> Result<Response<BreakerBody<B>>, R::Error> {
    let Answer { response, call, exchange, halt } = answer;
    let report = exchange.as_ref().and_then(Exchange::reported);
    let refused = match (halt, report) {
        (Some(halt), Some(report)) if call.refuses_strikes() => {
            refuse::struck(call.cell(), call.claim(), &halt, report)
        }
        _ => None,
    };
    match refused {
        Some(refused) => refusing.refuse(refused),
        None => Ok(followed(response, call, exchange)),
    }
}

impl<S, R, ReqB, ResB> fmt::Debug for ResponseFuture<S, R, ReqB, ResB>
where
    S: Service<Request<ReqB>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
