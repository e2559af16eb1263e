//! Contract 4: the ledger is written before the caller hears.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use planguard::{PlanGuard, sim::Answer};
use tokio::time::Instant;
use tower::{ServiceExt};

use super::{ask, guarded};
use crate::{
    ledger::Moody,
    wire::{Surface, Transport, Wire, guard, provider, request},
};

/// The frames of a stream that ends in a strike: when each came, its bytes,
/// and how many strikes the ledger had by then.
async fn stream(
    surface: Surface,
    slow: Duration,
) -> (PlanGuard, Wire, Vec<(Duration, Bytes, u32)>) {
    let provider = provider(Transport::InProcess).mode(Answer::mid_stream(2, 1313)).build();
    let (wire, ledger) = (Wire::in_process(&provider), Moody::slow(slow));
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    let service = guarded(&plan, wire.clone());
    let response = service.oneshot(request(surface.url(), "a", true)).await.unwrap();
    let (mut body, began, mut frames) = (response.into_body(), Instant::now(), Vec::new());
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        frames.push((began.elapsed(), data, ledger.strikes().await));
    }
    (plan, wire, frames)
}

#[tokio::test(start_paused = true)]
async fn the_frame_that_completes_a_signal_waits_for_the_ledger() {
    for surface in Surface::ALL {
        let (_, wire, frames) = stream(surface, Duration::from_millis(700)).await;
        let (last, before) = frames.split_last().unwrap();
        for (place, (at, _, strikes)) in before.iter().enumerate() {
            // The provider's pace is 20 ms.
            assert_eq!((at.as_millis(), *strikes), (20 * place as u128, 0), "{surface:?}");
        }
        let due = 20 * before.len() as u128 + 700;
        assert_eq!((last.0.as_millis() / 10, last.2), (due / 10, 1), "{surface:?}");
        let bytes: Vec<u8> = frames.iter().flat_map(|(_, data, _)| data.to_vec()).collect();
        assert_eq!(bytes, wire.seen()[0].bytes, "{surface:?}: the provider's own");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_frame_waits_the_account_is_halted_already() {
    let provider = provider(Transport::InProcess).mode(Answer::mid_stream(0, 1313)).build();
    let wire = Wire::in_process(&provider);
    let plan = guard().ledger(Moody::slow(Duration::from_secs(1))).build().unwrap();
    let url = Surface::OpenAi.url();
    let service = guarded(&plan, wire.clone());
    let mut body = service.oneshot(request(url, "a", true)).await.unwrap().into_body();
    let first = tokio::time::timeout(Duration::from_millis(100), body.frame()).await;
    assert!(first.is_err(), "the frame waits");
    ask(&plan, &wire, request(url, "a", true)).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 1);
    assert!(body.frame().await.unwrap().is_ok(), "and comes");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_hangs_delays_the_frame_by_two_seconds() {
    let (plan, wire, frames) = stream(Surface::OpenAi, Duration::from_secs(60)).await;
    let (at, _, strikes) = frames.last().unwrap();
    assert_eq!((at.as_millis() / 10, *strikes), (204, 0));
    let bytes: Vec<u8> = frames.iter().flat_map(|(_, data, _)| data.to_vec()).collect();
    assert_eq!(bytes, wire.seen()[0].bytes);
    ask(&plan, &wire, request(Surface::OpenAi.url(), "a", true)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_call_that_struck_waits_for_the_ledger() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let (wire, ledger) = (Wire::in_process(&provider), Moody::slow(Duration::from_millis(700)));
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    let began = Instant::now();
    let asked = request(Surface::OpenAi.url(), "a", false);
    ask(&plan, &wire, asked).await.unwrap_err();
    assert_eq!((began.elapsed().as_millis() / 10, ledger.strikes().await), (90, 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_while_it_waits_leaves_the_strike_to_the_writer() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let (wire, ledger) = (Wire::in_process(&provider), Moody::slow(Duration::from_millis(700)));
    let plan = guard().ledger(ledger.clone()).build().unwrap();
    let asked = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false));
    assert!(tokio::time::timeout(Duration::from_millis(500), asked).await.is_err());
    assert_eq!(ledger.strikes().await, 0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ledger.strikes().await, 1);
}
