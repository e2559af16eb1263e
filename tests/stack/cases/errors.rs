//! A refusal is found through what stands above the stack, and no retry
//! sends anything.

use std::{future::Ready, time::Duration};

use http::Response;
use planguard::{
    BoxError,
    refusal::{Reason, Refused},
    sim::Answer,
};
use tower::{ServiceBuilder, ServiceExt, retry::Policy};

use super::guarded;
use crate::wire::{Surface, Transport, Wire, WireRequest, guard, provider, request};

/// Asks again whatever came, so many times.
#[derive(Clone)]
struct Again(u32);

impl<B> Policy<WireRequest, Response<B>, BoxError> for Again {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut WireRequest,
        result: &mut Result<Response<B>, BoxError>,
    ) -> Option<Ready<()>> {
        let failed = result.as_ref().map_or(true, |response| !response.status().is_success());
        if !failed || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &WireRequest) -> Option<WireRequest> {
        Some(request.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn three_retries_outside_reach_the_provider_once() {
    for code in [1313, 1112, 1113, 1308, 1302] {
        let provider = provider(Transport::InProcess).mode(Answer::error(code)).build();
        let plan = guard().build().unwrap();
        let stack = ServiceBuilder::new()
            .retry(Again(3))
            
            .service(guarded(&plan, Wire::in_process(&provider)));
        let error = stack.oneshot(request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
        assert!(Refused::find(error.as_ref()).is_some(), "{code}");
        assert_eq!(provider.tally("a").total, 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_planguard_the_same_retry_reaches_it_four_times() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let stack = ServiceBuilder::new().retry(Again(3)).service(Wire::in_process(&provider));
    let response = stack.oneshot(request(Surface::OpenAi.url(), "a", false)).await.unwrap();
    assert_eq!((response.status().as_u16(), provider.tally("a").total), (429, 4));
}

#[tokio::test(start_paused = true)]
async fn a_plain_overload_is_left_to_the_retry() {
    let script = planguard::sim::Script::new([Answer::overloaded(), Answer::overloaded()]);
    let provider = provider(Transport::InProcess).mode(script).build();
    let plan = guard().build().unwrap();
    let stack = ServiceBuilder::new()
        .retry(Again(3))
        
        .service(guarded(&plan, Wire::in_process(&provider)));
    let response = stack.oneshot(request(Surface::Anthropic.url(), "a", false)).await.unwrap();
    assert_eq!((response.status().as_u16(), provider.tally("a").total), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_found_through_timeout_retry_buffer_and_boxes() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
    let stack = ServiceBuilder::new()
        .boxed_clone()
        .timeout(Duration::from_secs(10))
        .retry(Again(1))
        .buffer(8)
        .timeout(Duration::from_secs(5))
        
        .service(guarded(&plan, wire));
    let error = stack.oneshot(request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
    let refused = Refused::find(error.as_ref()).expect("found");
    assert_eq!(refused.reason(), Reason::AccountHalted);
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent(BoxError);

#[derive(Debug, thiserror::Error)]
#[error("the client failed")]
struct Opaque(#[source] BoxError);

#[tokio::test(start_paused = true)]
async fn a_refusal_is_found_below_wrappers_that_hide_what_they_hold() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let plan = guard().build().unwrap();
    let stack = guarded(&plan, Wire::in_process(&provider));
    let error = stack.oneshot(request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
    let error = Opaque(Box::new(Transparent(Box::new(Transparent(error)))));
    assert!(Refused::find(&error).is_some());
    let error = std::io::Error::other(error);
    assert!(Refused::find(&error).is_some());
}
