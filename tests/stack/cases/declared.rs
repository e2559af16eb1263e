//! What a caller says of its own work decides who may carry a trial.

use std::time::Duration;

use planguard::{
    exchange::Workload,
    refusal::Reason,
    sim::{Answer, Script},
    workload::Action,
};

use super::ask;
use crate::wire::{Surface, Transport, Wire, WireRequest, guard, provider, request};

fn declared(workload: Option<Workload>) -> WireRequest {
    let mut request = request(Surface::OpenAi.url(), "a", false);
    if let Some(workload) = workload {
        request.extensions_mut().insert(workload);
    }
    request
}

#[tokio::test(start_paused = true)]
async fn other_work_never_carries_the_trial_and_any_else_may() {
    for may in [None, Some(Workload::Unclear), Some(Workload::Coding)] {
        let throttled = Script::new([Answer::error(1302), Answer::error(1302)]);
        let provider = provider(Transport::InProcess).mode(throttled).build();
        let (wire, plan) = (Wire::in_process(&provider), guard().non_coding(Action::Report).build().unwrap());
        // Its own two calls at once explain the signal.
        let both = (ask(&plan, &wire, declared(None)), ask(&plan, &wire, declared(None)));
        let (one, other) = tokio::join!(both.0, both.1);
        assert!(one.is_err() && other.is_err(), "{may:?}");
        tokio::time::sleep(Duration::from_secs(61)).await;
        let refused = ask(&plan, &wire, declared(Some(Workload::NonCoding))).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::AccountHalted);
        assert_eq!(provider.tally("a").total, 2, "it was not sent");
        assert_eq!(ask(&plan, &wire, declared(may)).await.unwrap().status, 200, "{may:?}");
        assert_eq!(provider.tally("a").total, 3, "{may:?}");
    }
}
