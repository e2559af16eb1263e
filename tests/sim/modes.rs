//! Scripts, limits, quotas, and the counting that all modes share.

use std::time::{Duration, UNIX_EPOCH};

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use planguard::sim::{Answer, Concurrency, Ladder, Metered, Provider, Quota, Script};
use tokio::time::{Instant, sleep};
use tower::{Service, ServiceExt};

use super::{ANTHROPIC, METERED, OPENAI, ask, ask_for_stream, codes, request, send};

#[tokio::test(start_paused = true)]
async fn a_script_answers_by_number_and_then_leaves_it_to_the_next_mode() {
    let script =
        Script::new([Answer::error(1305), Answer::completion()]).at(4, Answer::error(1113));
    let provider = Provider::builder().mode(script).mode(Answer::error(1302)).build();
    assert_eq!(codes(&provider, 5).await, [1305, 0, 1302, 1113, 1302]);
}

#[tokio::test(start_paused = true)]
async fn an_account_can_have_modes_of_its_own() {
    let provider =
        Provider::builder().mode_for("a", Answer::error(1313)).mode(Answer::completion()).build();
    assert_eq!(codes(&provider, 1).await, [1313]);
    let other = send(&provider, request(OPENAI, "b", false)).await.unwrap();
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn accounts_are_counted_apart() {
    let provider = Provider::builder().mode(Ladder::at_request(2)).build();
    codes(&provider, 3).await;
    send(&provider, request(OPENAI, "b", false)).await.unwrap();
    assert_eq!(provider.tally("a").strikes, 2);
    assert_eq!(provider.tally("b").strikes, 0);
    assert_eq!(provider.total().total, 4);
}

#[tokio::test(start_paused = true)]
async fn both_ways_to_show_a_key_name_the_same_account() {
    let provider = Provider::new();
    let by_api_key = Request::post(format!("https://api.z.ai{ANTHROPIC}"))
        .header("x-api-key", "a.other-secret")
        .body(Full::from("{}"))
        .unwrap();
    send(&provider, by_api_key).await.unwrap();
    ask(&provider).await;
    assert_eq!(provider.tally("a").total, 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_key_gets_1001() {
    let provider = Provider::new();
    let nobody = Request::post(OPENAI).body(Full::default()).unwrap();
    let seen = send(&provider, nobody).await.unwrap();
    assert_eq!((seen.status.as_u16(), seen.code().as_deref()), (401, Some("1001")));
    assert_eq!(provider.tally("unidentified").total, 1);
}

#[tokio::test(start_paused = true)]
async fn anonymous_requests_can_be_served() {
    let provider = Provider::builder().allow_anonymous().build();
    let nobody = Request::post(OPENAI).body(Full::default()).unwrap();
    assert_eq!(send(&provider, nobody).await.unwrap().status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_request_arrives_when_it_is_called_not_when_it_is_polled() {
    let provider = Provider::new();
    let mut service = provider.service();
    let future = service.call(request(OPENAI, "a", false));
    assert_eq!(provider.tally("a").total, 1);
    drop(future);
    assert_eq!(provider.tally("a").open, 0);
    assert_eq!(provider.arrivals()[0].status, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_takes_the_latency() {
    let provider = Provider::builder().mode(Script::new([Answer::completion(), late()])).build();
    let start = Instant::now();
    ask(&provider).await;
    assert_eq!(start.elapsed(), Duration::from_millis(200));
    ask(&provider).await;
    assert_eq!(start.elapsed(), Duration::from_millis(5_200));
}

fn late() -> Answer {
    Answer::completion().latency(Duration::from_secs(5))
}

#[tokio::test(start_paused = true)]
async fn the_concurrency_limit_refuses_what_is_above_it() {
    let provider = Provider::builder().mode(Concurrency::new(2, 1302)).build();
    let seen = futures_util::future::join_all(
        (0..4).map(|_| send(&provider, request(OPENAI, "a", false))),
    )
    .await;
    let refused = seen.iter().flatten().filter(|seen| seen.status == 429).count();
    assert_eq!(refused, 2);
    assert_eq!(codes(&provider, 1).await, [0]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_holds_its_place_until_it_ends() {
    let provider = Provider::builder().mode(Concurrency::new(1, 1305)).build();
    let streaming = provider.service().oneshot(request(OPENAI, "a", true)).await.unwrap();
    assert_eq!(codes(&provider, 1).await, [1305]);
    streaming.into_body().collect().await.unwrap();
    assert_eq!(codes(&provider, 1).await, [0]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_wall_names_its_reset_in_utc_plus_8_and_comes_down() {
    // 2026-09-11T16:30:41Z, eleven minutes before the reset.
    let start = UNIX_EPOCH + Duration::from_secs(1_789_144_241);
    let reset = start + Duration::from_secs(660);
    let provider = Provider::builder().starting_at(start).mode(Quota::until(1, reset)).build();
    assert_eq!(codes(&provider, 1).await, [0]);
    let wall = ask(&provider).await;
    let message = wall.json()["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(
        message,
        "Usage limit reached for 5 hour. Your limit will reset at 2026-09-12 00:41:41"
    );
    sleep(Duration::from_secs(660)).await;
    assert_eq!(codes(&provider, 2).await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_window_begins_with_its_first_request() {
    let window = Duration::from_secs(5 * 3600);
    let start = UNIX_EPOCH + Duration::from_secs(1_789_144_241);
    let mode = Quota::each(window, 2).code(1310);
    let provider = Provider::builder().starting_at(start).mode(mode).build();
    sleep(window).await;
    assert_eq!(codes(&provider, 3).await, [0, 0, 1310]);
    sleep(window).await;
    assert_eq!(codes(&provider, 3).await, [0, 0, 1310]);
}

#[tokio::test(start_paused = true)]
async fn an_unpaid_account_gets_1113_each_time() {
    let provider = Provider::builder().mode(Answer::error(1113)).build();
    assert_eq!(codes(&provider, 3).await, [1113, 1113, 1113]);
    assert_eq!(provider.tally("a").signals, 3);
    assert_eq!(provider.tally("a").strikes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_metered_endpoint_can_have_no_balance() {
    let builder = Provider::builder().mode(Answer::error(1302)).metered(Metered::Unfunded);
    let seen = send(&builder.build(), request(METERED, "a", false)).await.unwrap();
    assert_eq!(seen.code().as_deref(), Some("1113"));
}

#[tokio::test(start_paused = true)]
async fn a_paid_metered_endpoint_answers_while_the_plan_is_restricted() {
    let provider = Provider::builder().mode(Ladder::at_request(1)).metered(Metered::Paid).build();
    codes(&provider, 1).await;
    let seen = send(&provider, request(METERED, "a", false)).await.unwrap();
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(provider.tally("a").strikes, 1);
}

#[tokio::test(start_paused = true)]
async fn what_arrives_before_the_signal_is_sent_counts_as_before() {
    let provider = Provider::builder().mode(Answer::error(1313)).build();
    let mut service = provider.service();
    let first = service.call(request(OPENAI, "a", false));
    let second = service.call(request(OPENAI, "a", false));
    first.await.unwrap();
    drop(second);
    let _third = service.call(request(OPENAI, "a", false));
    let tally = provider.tally("a");
    assert_eq!((tally.before_first_signal, tally.after_first_signal), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_signal_inside_a_stream_is_sent_with_its_event() {
    let provider = Provider::builder().mode(Answer::mid_stream(2, 1313)).build();
    let response = provider.service().oneshot(request(OPENAI, "a", true)).await.unwrap();
    let mut body = response.into_body();
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
    }
    assert_eq!(provider.tally("a").signals, 0);
    body.frame().await.unwrap().unwrap();
    assert_eq!(provider.tally("a").signals, 1);
}

#[tokio::test(start_paused = true)]
async fn a_mark_divides_the_log() {
    let provider = Provider::builder().mode(Script::new([]).at(3, Answer::error(1302))).build();
    codes(&provider, 2).await;
    let mark = provider.mark();
    codes(&provider, 2).await;
    let later = provider.arrivals_since(mark);
    let seen: Vec<_> = later.iter().map(|arrival| (arrival.seq, arrival.code)).collect();
    assert_eq!(seen, [(2, Some(1302)), (3, None)]);
    assert_eq!(later[0].status, Some(StatusCode::TOO_MANY_REQUESTS));
    assert!(later[0].at < later[1].at);
}

#[tokio::test(start_paused = true)]
async fn the_log_keeps_the_last_arrivals_and_the_tally_all() {
    let provider = Provider::builder().log_capacity(2).build();
    codes(&provider, 5).await;
    let kept: Vec<_> = provider.arrivals().iter().map(|arrival| arrival.seq).collect();
    assert_eq!(kept, [3, 4]);
    assert_eq!(provider.arrivals()[0].status, Some(StatusCode::OK));
    assert_eq!(provider.tally("a").total, 5);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_keys_is_bounded() {
    let provider = Provider::builder().log_capacity(0).build();
    let mut service = provider.service();
    for n in 0..10_010 {
        drop(service.call(request(OPENAI, &format!("k{n}"), false)));
    }
    assert_eq!(provider.accounts().len(), 10_001);
    assert_eq!(provider.tally("(others)").total, 10);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_names_its_target() {
    let provider = Provider::builder().mode(Answer::redirect("https://elsewhere.test/v1")).build();
    let seen = ask_for_stream(&provider, OPENAI).await;
    assert_eq!(seen.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(seen.headers["location"], "https://elsewhere.test/v1");
}

#[tokio::test(start_paused = true)]
async fn a_slow_end_has_all_bytes_at_once_and_ends_late() {
    let late = Duration::from_secs(30);
    let provider = Provider::builder().mode(Answer::error(1313).slow_end(late)).build();
    let response = provider.service().oneshot(request(OPENAI, "a", false)).await.unwrap();
    let mut body = response.into_body();
    let start = Instant::now();
    let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
    serde_json::from_slice::<serde_json::Value>(&piece).unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(body.frame().await.is_none());
    assert_eq!(start.elapsed(), late);
}
