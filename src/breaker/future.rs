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

use super::{
    BreakerBody, Refusing,
    answering::{Answering, Sent},
    call::Call,
};
use crate::{ledger::BoxFuture, refusal::Refused};

type Admission = SyncFuture<BoxFuture<'static, Result<Call, Refused>>>;

pin_project! {
    /// The future of a [`Breaker`](super::Breaker).
    pub struct ResponseFuture<S, R, ReqB, ResB>
    where
        S: Service<Request<ReqB>>,
    {
        #[pin]
        state: State<S, S::Future, R, ReqB, ResB>,
        refusing: R,
        body: PhantomData<fn() -> ResB>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, R, ReqB, ResB> {
        Refused { refused: Option<Refused> },
        Untouched { #[pin] future: F },
        Admitting { #[pin] admission: Admission, held: Option<(S, Request<ReqB>)> },
        Sent { #[pin] answering: Answering<F, ResB, R> },
    }
}

impl<S, R: Clone, ReqB, ResB> ResponseFuture<S, R, ReqB, ResB>
where
    S: Service<Request<ReqB>>,
{
    fn new(state: State<S, S::Future, R, ReqB, ResB>, refusing: R) -> Self {
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

    pub(super) fn sent(future: S::Future, sent: Sent, refusing: R) -> Self {
        let answering = Answering::new(future, sent, refusing.clone());
        Self::new(State::Sent { answering }, refusing)
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
                        Ok(call) => {
                            let sent = Sent::hand_off(call, request.extensions_mut());
                            let future = service.call(request);
                            let answering = Answering::new(future, sent, this.refusing.clone());
                            State::Sent { answering }
                        }
                        Err(refused) => State::Refused { refused: Some(refused) },
                    }
                }
                StateProj::Sent { answering } => return answering.poll(cx),
            };
            this.state.set(next);
        }
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
