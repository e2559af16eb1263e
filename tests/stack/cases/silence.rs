//! planguard sends nothing of its own: no probe, no telemetry, no timer's
//! request. The provider sees calls that a caller made, each at most once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use planguard::{
    breaker::Posture,
    sim::{Answer, Provider, Script},
};
use tower::util::BoxCloneSyncService;

use super::ask;
use crate::wire::{Surface, Transport, Wire, WireRequest, guard, provider, request};

const HOUR: Duration = Duration::from_secs(3_600);

/// A transport that notes the number of each call that reaches it.
fn counting(provider: &Provider) -> (Wire, Arc<Mutex<Vec<u64>>>) {
    let (inner, reached) = (Wire::in_process(provider), Arc::new(Mutex::new(Vec::new())));
    let notes = reached.clone();
    let service = tower::ServiceBuilder::new()
        .map_request(move |request: WireRequest| {
            let number = request.headers()["x-call"].to_str().unwrap().parse().unwrap();
            notes.lock().push(number);
            request
        })
        .service(inner);
    (Wire::new(BoxCloneSyncService::new(service)), reached)
}

/// Lets `days` go by in which some hours have a call and some have none.
async fn days_go_by(answer: Script, posture: Posture, days: u64) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let (wire, reached) = counting(&provider);
    let plan = guard().posture(posture).build().unwrap();
    let mut made = 0;
    for hour in 0..days * 24 {
        let before = reached.lock().len();
        tokio::time::sleep(HOUR).await;
        assert_eq!(reached.lock().len(), before, "an hour without a caller is silent");
        // Two at once: what probation takes for an explanation.
        let calls = (0..hour % 3).map(|call| {
            let mut asked = request(Surface::OpenAi.url(), "a", call == 0);
            asked.headers_mut().insert("x-call", (made + call).into());
            ask(&plan, &wire, asked)
        });
        futures_util::future::join_all(calls).await;
        made += hour % 3;
    }
    let reached = reached.lock();
    let each: HashSet<u64> = reached.iter().copied().collect();
    assert_eq!(each.len(), reached.len(), "no call was sent twice");
    assert!(each.iter().all(|call| *call < made));
    assert_eq!(provider.total().total, reached.len() as u64);
    assert!(!reached.is_empty());
}

fn all(code: u16) -> Script {
    Script::default().then(Answer::error(code))
}

#[tokio::test(start_paused = true)]
async fn a_latch_is_silent() {
    days_go_by(all(1313), Posture::Probation, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_probation_is_silent_but_for_its_callers() {
    days_go_by(all(1302), Posture::Probation, 3).await;
    let passes = Script::new([Answer::completion(), Answer::error(1302), Answer::error(1302)]);
    days_go_by(passes, Posture::Probation, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_silent_but_for_its_callers() {
    days_go_by(all(1308), Posture::Probation, 3).await;
    days_go_by(all(1113), Posture::Probation, 3).await;
}

#[tokio::test(start_paused = true)]
async fn strict_and_report_are_silent_but_for_their_callers() {
    days_go_by(all(1302), Posture::Strict, 2).await;
    days_go_by(all(1313), Posture::Report, 2).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_calls_that_pass() {
    days_go_by(Script::default(), Posture::Probation, 2).await;
}
