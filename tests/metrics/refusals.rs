//! Requests, refusals, and what is wrong with the ledger.

use std::{sync::atomic::Ordering, time::Duration};

use metrics_util::debugging::DebuggingRecorder;
use planguard::{
    breaker::Unclaimed,
    sim::{Answer, Script},
};

use crate::{
    ask, book,
    ledger::Moody,
    send,
    wire::{Surface, Transport, Wire, guard, provider, request},
};

fn answering(answer: Answer) -> Wire {
    Wire::in_process(&provider(Transport::InProcess).mode(answer).build())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_shows_with_its_reason() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let script = Script::new([Answer::error(1313), Answer::error(1308), Answer::error(1113)]);
    let provider = provider(Transport::InProcess).mode(script).build();
    let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
    for account in ["a", "b", "c"] {
        for _ in 0..3 {
            send(&plan, &wire, request(Surface::OpenAi.url(), account, false)).await.unwrap_err();
        }
    }
    // The modes of the provider count by account: each has its first answer.
    assert_eq!(book.counts("refusals_total"), ["zai account_halted 6"]);
    assert_eq!(book.counts("requests_total"), ["zai refused 6", "zai sent 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_hold_shows_as_what_it_waits_for() {
    for (code, reason) in [(1308, "zai quota_hold 1"), (1113, "zai billing_hold 1")] {
        let recorder = DebuggingRecorder::new();
        let (_on, mut book) = book::open(&recorder);
        let (plan, wire) = (guard().build().unwrap(), answering(Answer::error(code)));
        ask(&plan, &wire).await.unwrap_err();
        ask(&plan, &wire).await.unwrap_err();
        assert_eq!(book.counts("refusals_total"), [reason]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_nobodys_host_counts_for_no_profile() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let wire = answering(Answer::completion());
    let plan = guard().on_unclaimed(Unclaimed::Refuse).build().unwrap();
    let elsewhere = || request("https://example.com/v1/messages", "a", false);
    send(&plan, &wire, elsewhere()).await.unwrap_err();
    assert_eq!(book.counts("refusals_total"), [" unclaimed_host 1"]);
    send(&guard().build().unwrap(), &wire, elsewhere()).await.expect("left alone");
    assert!(book.counts("requests_total").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_is_counted_when_it_leaves() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().unanswered(1).build().unwrap(), answering(Answer::completion()));
    let (gone, one, two) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(10), ask(&plan, &wire)),
        ask(&plan, &wire),
        ask(&plan, &wire),
    );
    assert!(gone.is_err() && one.is_ok() && two.is_ok());
    assert_eq!(book.counts("requests_total"), ["zai sent 3"]);
    let (_, waited) = tokio::join!(
        ask(&plan, &wire),
        tokio::time::timeout(Duration::from_millis(10), ask(&plan, &wire)),
    );
    assert!(waited.is_err(), "it waited, and left");
    assert_eq!(book.counts("requests_total"), ["zai sent 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_read_shows() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let ledger = Moody::new();
    ledger.unreadable.store(true, Ordering::SeqCst);
    let wire = answering(Answer::completion());
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    ask(&plan, &wire).await.unwrap_err();
    ask(&plan, &wire).await.unwrap_err();
    assert_eq!(book.counts("ledger_errors_total"), ["zai read 2"]);
    assert_eq!(book.counts("refusals_total"), ["zai ledger_unavailable 2"]);
    ledger.unreadable.store(false, Ordering::SeqCst);
    ask(&plan, &wire).await.unwrap();
    assert_eq!(book.counts("ledger_errors_total"), ["zai read 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_written_shows_and_the_strike_at_once() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (ledger, wire) = (Moody::new(), answering(Answer::error(1313)));
    ledger.unwritable.store(true, Ordering::SeqCst);
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    ask(&plan, &wire).await.unwrap_err();
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1"]);
    let tries = book.counts("ledger_errors_total");
    assert!(tries.len() == 1 && tries[0].starts_with("zai write"), "{tries:?}");
    ledger.unwritable.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(ledger.strikes().await, 1);
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_is_written_too_late_shows() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let plan = guard().ledger(Moody::slow(Duration::from_secs(60))).build().unwrap();
    ask(&plan, &answering(Answer::error(1313))).await.unwrap_err();
    assert_eq!(book.counts("ledger_errors_total"), ["zai write 1"]);
}
