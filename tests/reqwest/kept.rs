//! A response loses nothing on its way through a guard.

use std::time::{Duration, Instant};

use planguard::{
    exchange::Detection,
    refusal::Reason,
    sim::{Answer, Provider},
};
use reqwest::Response;

use crate::clients::{Front, Http, client, plan, refused, request, strikes};

fn provider(answer: Answer) -> Provider {
    Provider::builder().latency(Duration::ZERO).pace(Duration::ZERO).mode(answer).build()
}

/// All that a caller can see of a response's head.
fn head(response: &Response) -> String {
    let mut headers = response.headers().clone();
    headers.remove("date");
    headers.remove("x-log-id");
    format!(
        "{} {:?} {} {:?} {:?} {headers:?}",
        response.url(),
        response.version(),
        response.status(),
        response.remote_addr(),
        response.content_length(),
    )
}

#[tokio::test]
async fn url_address_version_length_and_bytes_are_the_transports() {
    for answer in [Answer::completion(), Answer::error(1211), Answer::overloaded()] {
        for (http, front, stream) in every() {
            let server = provider(answer.clone()).serve().await.unwrap();
            let (client, plan) = (client(http, server.addr()), plan());
            let ask = request(server.addr(), stream);
            let bare = client.execute(ask.try_clone().unwrap()).await.unwrap();
            let through = front.send(&plan, &client, ask).await.unwrap();
            assert_eq!(head(&through), head(&bare), "{front:?} {http:?}");
            assert!(through.extensions().get::<Detection>().is_some());
            let (bare, through) = (bare.bytes().await.unwrap(), through.bytes().await.unwrap());
            assert_eq!(through.len(), bare.len(), "{front:?} {http:?}");
        }
    }
}

fn every() -> impl Iterator<Item = (Http, Front, bool)> {
    let fronts = Http::BOTH.into_iter().flat_map(|http| Front::ALL.map(|front| (http, front)));
    fronts.flat_map(|(http, front)| [false, true].map(|stream| (http, front, stream)))
}

#[tokio::test]
async fn a_streaming_body_stays_a_stream() {
    for (http, front, _) in every() {
        let answer = Answer::completion().slow_end(Duration::from_secs(3_600));
        let provider = provider(answer);
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, server.addr()), plan());
        let response = front.send(&plan, &client, request(server.addr(), true)).await;
        let mut response = response.unwrap();
        let first = response.chunk().await.unwrap().expect("a chunk before the end");
        assert!(first.starts_with(b"data: "), "{front:?} {http:?}");
        assert_eq!(provider.tally("a").open, 1, "it goes on");
    }
}

#[tokio::test]
async fn a_strike_within_a_stream_reaches_the_caller_and_halts() {
    for (http, front, _) in every() {
        let provider = provider(Answer::mid_stream(3, 1313));
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, server.addr()), plan());
        let send = || front.send(&plan, &client, request(server.addr(), true));
        let text = send().await.unwrap().text().await.unwrap();
        assert!(text.contains("1313"), "the provider's own bytes: {text}");
        let error = send().await.unwrap_err();
        assert_eq!(refused(&error).unwrap().reason(), Reason::AccountHalted);
        assert_eq!((provider.tally("a").total, strikes(&plan)), (1, 1), "{front:?} {http:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_half_way_gives_its_slot_back() {
    for (http, front, _) in every() {
        let provider = provider(Answer::endless());
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, server.addr()), plan());
        for _ in 0..10 {
            let response = front.send(&plan, &client, request(server.addr(), true)).await;
            response.unwrap().chunk().await.unwrap().expect("a chunk");
        }
        let account = &plan.snapshot()[0];
        assert_eq!((account.unanswered, account.in_flight), (0, 0), "{front:?} {http:?}");
    }
}

#[tokio::test]
async fn a_clients_own_timeout_within_an_error_body_does_not_lose_the_strike() {
    for (http, front, _) in every() {
        let body = r#"{"error":{"code":"1313","message":"Your account's current usage"#;
        let answer = Answer::raw(http::StatusCode::TOO_MANY_REQUESTS, body);
        let provider = provider(answer.slow_end(Duration::from_secs(3_600)));
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, server.addr()), plan());
        let mut ask = request(server.addr(), false);
        *ask.timeout_mut() = Some(Duration::from_millis(300));
        let began = Instant::now();
        let error = front.send(&plan, &client, ask).await.unwrap_err();
        assert!(refused(&error).is_some(), "what came was enough: {front:?} {http:?} {error}");
        // Far less than the five seconds that an error body may take.
        assert!(began.elapsed() < Duration::from_secs(4), "{front:?} {http:?}");
        assert_eq!(strikes(&plan), 1, "{front:?} {http:?}");
    }
}

#[tokio::test]
async fn a_host_that_nobody_claims_is_left_alone() {
    for front in Front::ALL {
        let server = provider(Answer::error(1313)).serve().await.unwrap();
        let (client, plan) = (client(Http::One, server.addr()), plan());
        let mut ask = request(server.addr(), false);
        ask.url_mut().set_host(Some("127.0.0.1")).unwrap();
        let response = front.send(&plan, &client, ask).await.unwrap();
        assert_eq!(response.status(), 429);
        assert!(response.extensions().get::<Detection>().is_none());
        assert!(plan.snapshot().is_empty());
    }
}

#[test]
fn one_guard_serves_several_runtimes() {
    let provider = provider(Answer::error(1313));
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (home, plan) = (runtime(), plan());
    let server = home.block_on(provider.serve()).unwrap();
    for (place, front) in Front::ALL.into_iter().cycle().take(6).enumerate() {
        let there = runtime();
        let (plan, addr) = (plan.clone(), server.addr());
        let sent = there.spawn(async move {
            let client = client(Http::One, addr);
            front.send(&plan, &client, request(addr, false)).await.map(drop)
        });
        let error = there.block_on(sent).unwrap().unwrap_err();
        assert!(refused(&error).is_some(), "{place}");
    }
    assert_eq!((provider.tally("a").total, strikes(&plan)), (1, 1));
}
