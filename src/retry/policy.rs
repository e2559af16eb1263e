use http::{Request, Response};
use tokio::time::{Sleep, sleep};
use tower::retry::Policy;

use super::{PlanRetry, Verdict};
use crate::BoxError;

/// Repeats the requests of a [`tower::retry::Retry`]. Their bodies have to be
/// `Clone`.
impl<ReqB: Clone, ResB> Policy<Request<ReqB>, Response<ResB>, BoxError> for PlanRetry {
    type Future = Sleep;

    fn retry(
        &mut self,
        _: &mut Request<ReqB>,
        result: &mut Result<Response<ResB>, BoxError>,
    ) -> Option<Sleep> {
        let verdict = match result {
            Ok(response) => self.judge_answer(response.extensions()),
            Err(error) => Self::judge_error(error.as_ref()),
        };
        let Verdict::Repeat(named) = verdict else { return None };
        let wait = self.wait(self.past, named)?;
        self.past += 1;
        Some(sleep(wait))
    }

    fn clone_request(&mut self, request: &Request<ReqB>) -> Option<Request<ReqB>> {
        Some(request.clone())
    }
}
