//! The ways of a bad server, in process.

use std::time::Duration;

use http_body_util::BodyExt;
use planguard::sim::{Answer, Error, Provider};
use tower::ServiceExt;

use super::{OPENAI, ask, request, send};

#[tokio::test(start_paused = true)]
async fn a_reset_gives_no_answer() {
    let provider = Provider::builder().mode(Answer::reset()).build();
    let seen = send(&provider, request(OPENAI, "a", false)).await;
    assert_eq!(seen.unwrap_err(), Error::Reset);
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn an_early_close_breaks_inside_the_body() {
    let provider = Provider::builder().mode(Answer::error(1313).close_early(10)).build();
    let response = provider.service().oneshot(request(OPENAI, "a", false)).await.unwrap();
    let mut body = response.into_body();
    let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&piece[..], br#"{"error":{"#);
    assert_eq!(body.frame().await.unwrap().unwrap_err(), Error::Broken);
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_goes_on_and_holds_its_place() {
    let provider = Provider::builder().mode(Answer::endless()).pace(Duration::ZERO).build();
    let response = provider.service().oneshot(request(OPENAI, "a", true)).await.unwrap();
    let mut body = response.into_body();
    for _ in 0..10_000 {
        body.frame().await.unwrap().unwrap();
    }
    assert_eq!(provider.tally("a").open, 1);
    drop(body);
    assert_eq!(provider.tally("a").open, 0);
}

#[tokio::test(start_paused = true)]
async fn garbage_is_a_200_that_is_no_json() {
    let provider = Provider::builder().mode(Answer::garbage()).build();
    let seen = ask(&provider).await;
    assert_eq!(seen.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(seen.text()).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_no_json_is_answered_as_one_body() {
    let provider = Provider::new();
    for body in [&b""[..], b"[]", b"\xff\xfe", &[b'['; 2 << 20]] {
        let (head, _) = request(OPENAI, "a", false).into_parts();
        let request = http::Request::from_parts(head, http_body_util::Full::from(body.to_vec()));
        let seen = send(&provider, request).await.unwrap();
        assert_eq!(seen.json()["object"], "chat.completion");
    }
}

fn assert_send_sync<T: Send + Sync>() {}

#[test]
fn its_parts_go_where_a_transports_go() {
    assert_send_sync::<Provider>();
    assert_send_sync::<planguard::sim::Service>();
    assert_send_sync::<planguard::sim::Body>();
    assert_send_sync::<planguard::sim::ResponseFuture<String>>();
    assert_send_sync::<planguard::sim::Server>();
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_key_and_any_body_get_an_answer(
        key in proptest::collection::vec(0x20u8..=0xff, 0..200),
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let seen = runtime.block_on(async {
            let (mut head, _) = request(OPENAI, "a", false).into_parts();
            if let Ok(key) = http::HeaderValue::from_bytes(&key) {
                head.headers.insert("authorization", key);
            }
            let body = http_body_util::Full::from(body);
            send(&Provider::new(), http::Request::from_parts(head, body)).await
        });
        proptest::prop_assert!(matches!(seen.unwrap().status.as_u16(), 200 | 401));
    }
}
