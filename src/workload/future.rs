use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use sync_wrapper::SyncFuture;
use tower_service::Service;

use super::{
    Classifying, WorkloadBody,
    guard::{Decision, Guard, Pending, mark},
    judged::{Judged, Judging},
};
use crate::{body::RequestBody, exchange::Workload, refusal::Refusing};

pin_project! {
    /// The future of a [`WorkloadService`](super::WorkloadService).
    pub struct ResponseFuture<S, R, ReqB>
    where
        S: Service<Request<ReqB>>,
        ReqB: RequestBody,
    {
        #[pin]
        state: State<S, S::Future, ReqB, ReqB::Reading>,
        refusing: R,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, ReqB, Reading> {
        Reading { #[pin] reading: Reading, held: Option<Held<S>> },
        Classifying { #[pin] classifying: SyncFuture<Classifying>, held: Option<(Held<S>, Read<ReqB>)> },
        Sent { #[pin] future: F, warn: Option<Workload> },
        Over,
    }
}

/// What is needed once the body was read.
struct Held<S> {
    guard: Arc<Guard>,
    service: S,
    pending: Pending,
    parts: Parts,
}

/// What was read, and who waits for its verdict.
struct Read<ReqB> {
    data: Option<Bytes>,
    body: ReqB,
    judged: Judged,
}

impl<S, R, ReqB> ResponseFuture<S, R, ReqB>
where
    S: Service<Request<ReqB>>,
    ReqB: RequestBody,
{
    pub(super) fn sent(future: S::Future, refusing: R) -> Self {
        Self { state: State::Sent { future, warn: None }, refusing }
    }

    pub(super) fn reading(
        guard: Arc<Guard>,
        service: S,
        pending: Pending,
        parts: Parts,
        reading: ReqB::Reading,
        refusing: R,
    ) -> Self {
        let held = Some(Held { guard, service, pending, parts });
        Self { state: State::Reading { reading, held }, refusing }
    }
}

impl<S, R, ReqB, ResB> Future for ResponseFuture<S, R, ReqB>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    R: Refusing<S::Error>,
    ReqB: RequestBody,
    ResB: Body<Data = Bytes>,
{
    type Output = Result<Response<WorkloadBody<ResB>>, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let (held, read) = match this.state.as_mut().project() {
                StateProj::Reading { reading, held } => {
                    let (data, body) = ready!(reading.poll(cx));
                    let Some(held) = held.take() else { return Poll::Pending };
                    match held.guard.judge(data.as_deref()) {
                        Judging::Done(judged) => (held, Read { data, body, judged }),
                        Judging::Later(classifying, judged) => {
                            let classifying = SyncFuture::new(classifying);
                            let held = Some((held, Read { data, body, judged }));
                            this.state.set(State::Classifying { classifying, held });
                            continue;
                        }
                    }
                }
                StateProj::Classifying { classifying, held } => {
                    let verdict = ready!(classifying.poll(cx));
                    let Some((held, mut read)) = held.take() else { return Poll::Pending };
                    read.judged.take(verdict);
                    (held, read)
                }
                StateProj::Sent { future, warn } => {
                    let mut response = ready!(future.poll(cx)).map_err(R::fail)?;
                    if let Some(workload) = warn {
                        mark(response.headers_mut(), *workload);
                    }
                    return Poll::Ready(Ok(response.map(WorkloadBody::passed)));
                }
                StateProj::Over => return Poll::Pending,
            };
            match send(held, read) {
                Ok((future, warn)) => this.state.set(State::Sent { future, warn }),
                Err(refused) => {
                    this.state.set(State::Over);
                    return Poll::Ready(this.refusing.refuse(refused));
                }
            }
        }
    }
}

/// Sends what may be sent; says which warning its response carries.
fn send<S, ReqB>(
    held: Held<S>,
    read: Read<ReqB>,
) -> Result<(S::Future, Option<Workload>), crate::refusal::Refused>
where
    S: Service<Request<ReqB>>,
    ReqB: RequestBody,
{
    let Held { guard, mut service, pending, mut parts } = held;
    let Read { data, mut body, judged } = read;
    let (uri, data) = (|| parts.uri.clone(), data.as_deref());
    let decision = guard.decide(&pending, judged, uri, &parts.headers, data, &mut parts.extensions);
    let warn = match decision {
        Decision::Pass => None,
        Decision::Warn(workload) => Some(workload),
        Decision::Refuse(refused) => return Err(refused),
        Decision::Reroute(way) => {
            way.rewrite(&mut parts.headers);
            parts.uri = way.to;
            if let Some(data) = way.body {
                body = ReqB::of(data);
            }
            None
        }
    };
    Ok((service.call(Request::from_parts(parts, body)), warn))
}

impl<S, R, ReqB> fmt::Debug for ResponseFuture<S, R, ReqB>
where
    S: Service<Request<ReqB>>,
    ReqB: RequestBody,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
