//! What threads and guards share, and what they do not.

use planguard::sim::{Answer, Provider};

use super::ask;
use crate::wire::{Surface, Transport, Wire, WireRequest, guard, provider, request};

fn answering(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

fn one() -> WireRequest {
    request(Surface::OpenAi.url(), "a", false)
}

#[tokio::test(start_paused = true)]
async fn another_thread_hears_of_the_halt() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    ask(&plan, &wire, one()).await.unwrap_err();
    let there = plan.clone();
    let refused = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ask(&there, &wire, one()))
    });
    assert!(refused.join().unwrap().is_err());
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn two_guards_share_nothing_but_a_ledger() {
    let (provider, wire) = answering(Answer::error(1313));
    let (here, there) = (guard().build().unwrap(), guard().build().unwrap());
    ask(&here, &wire, one()).await.unwrap_err();
    ask(&there, &wire, one()).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 2, "each has a memory ledger of its own");
}
