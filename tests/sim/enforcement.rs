//! The modes that count violations.

use std::time::Duration;

use futures_util::future::join_all;
use planguard::sim::{Ladder, Oscillation, Provider, Restriction};
use tokio::time::sleep;

use super::{OPENAI, ask_for_stream, codes, request, send};

#[tokio::test(start_paused = true)]
async fn the_ladder_bans_at_the_third_violation() {
    let provider = Provider::builder().mode(Ladder::at_request(2)).build();
    assert_eq!(codes(&provider, 6).await, [0, 1313, 1112, 1121, 1121, 1121]);
    let tally = provider.tally("a");
    assert!(tally.banned);
    assert_eq!(tally.strikes, 3);
}

#[tokio::test(start_paused = true)]
async fn a_higher_limit_bans_later() {
    let provider = Provider::builder().mode(Ladder::at_request(1)).strike_limit(4).build();
    assert_eq!(codes(&provider, 4).await, [1313, 1112, 1112, 1121]);
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_restriction_and_keeps_the_strikes() {
    let provider = Provider::builder().mode(Ladder::at_request(1).again_at_request(2)).build();
    assert_eq!(codes(&provider, 1).await, [1313]);
    assert!(provider.lift("a"));
    assert_eq!(provider.restriction("a"), Restriction::None);
    assert_eq!(codes(&provider, 2).await, [0, 1112]);
    assert_eq!(provider.tally("a").strikes, 2);
}

#[tokio::test(start_paused = true)]
async fn a_ladder_rests_after_a_release() {
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    codes(&provider, 1).await;
    provider.lift("a");
    assert_eq!(codes(&provider, 3).await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn nobody_releases_a_ban() {
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    codes(&provider, 3).await;
    assert!(!provider.lift("a"));
    assert_eq!(codes(&provider, 1).await, [1121]);
}

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_release_on_a_free_account() {
    let provider = Provider::new();
    codes(&provider, 1).await;
    assert!(!provider.lift("a"));
    assert!(!provider.lift("never seen"));
}

#[tokio::test(start_paused = true)]
async fn a_burst_counts_as_violations() {
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    join_all((0..4).map(|_| send(&provider, request(OPENAI, "a", false)))).await;
    assert_eq!(provider.tally("a").strikes, 3);
}

#[tokio::test(start_paused = true)]
async fn a_spared_burst_is_one_violation() {
    let provider = Provider::builder().mode(Ladder::at_request(1).spare_unanswered()).build();
    join_all((0..4).map(|_| send(&provider, request(OPENAI, "a", false)))).await;
    let burst = provider.tally("a");
    assert_eq!((burst.strikes, burst.signals, burst.after_first_signal), (1, 4, 0));
    assert_eq!(codes(&provider, 1).await, [1112]);
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_of_a_ladder_can_come_inside_the_stream() {
    let provider = Provider::builder().mode(Ladder::at_request(1).mid_stream(2)).build();
    let first = ask_for_stream(&provider, OPENAI).await;
    assert_eq!(first.status, 200);
    assert!(first.text().contains(r#""code":"1313""#));
    assert_eq!(ask_for_stream(&provider, OPENAI).await.code().as_deref(), Some("1112"));
}

#[tokio::test(start_paused = true)]
async fn the_throttle_code_is_free() {
    let provider = Provider::builder().mode(Ladder::at_request(1).code(1302)).build();
    assert_eq!(codes(&provider, 2).await, [1302, 1112]);
}

/// The 1302 whose relapse comes ten seconds after the retry that passed.
fn oscillating() -> Provider {
    let mode = Oscillation::at_request(2, Duration::from_secs(10));
    Provider::builder().mode(mode).latency(Duration::ZERO).build()
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_1302_passes() {
    let provider = oscillating();
    assert_eq!(codes(&provider, 4).await, [0, 1302, 0, 0]);
    assert_eq!(provider.tally("a").strikes, 0);
}

#[tokio::test(start_paused = true)]
async fn the_relapse_counts_from_the_retry_that_passed() {
    let provider = oscillating();
    codes(&provider, 2).await;
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(codes(&provider, 1).await, [0]);
    sleep(Duration::from_millis(9_999)).await;
    assert_eq!(codes(&provider, 1).await, [0]);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(codes(&provider, 1).await, [1302]);
}

#[tokio::test(start_paused = true)]
async fn each_relapse_is_a_strike_and_the_third_bans() {
    let provider = oscillating();
    codes(&provider, 3).await;
    sleep(Duration::from_secs(10)).await;
    let mut strikes = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend(codes(&provider, 1).await);
        strikes.push(provider.tally("a").strikes);
    }
    assert_eq!(seen, [1302, 1302, 1121, 1121]);
    assert_eq!(strikes, [1, 2, 3, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_oscillation() {
    let provider = oscillating();
    codes(&provider, 3).await;
    sleep(Duration::from_secs(10)).await;
    codes(&provider, 1).await;
    assert!(provider.lift("a"));
    assert_eq!(codes(&provider, 2).await, [0, 0]);
    assert_eq!(provider.tally("a").strikes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_simulated_day_is_counted_to_its_end() {
    let mode = Oscillation::at_request(60, Duration::from_secs(300));
    let provider = Provider::builder().mode(mode).latency(Duration::ZERO).build();
    for _ in 0..8_640 {
        send(&provider, request(OPENAI, "a", false)).await.unwrap();
        sleep(Duration::from_secs(10)).await;
    }
    let tally = provider.tally("a");
    assert_eq!((tally.before_first_signal, tally.after_first_signal), (60, 8_580));
    assert!(tally.banned);
}
