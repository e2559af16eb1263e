//! Servers that take their time: nothing hangs beyond the stated deadlines,
//! and nothing is lost.

use std::{net::SocketAddr, time::Duration};

use planguard::PlanGuard;
use reqwest::Response;
use tokio::{io::AsyncWriteExt, time::Instant};

use crate::{
    bad_wire::{STRIKE, assert_free, serve},
    clients::{Front, Http, client, plan, refused, request, strikes},
};

/// A head at once, then `body` at a byte a second.
async fn a_byte_a_second(head: &'static str, body: &'static str) -> SocketAddr {
    serve(move |mut socket| async move {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = socket.write_all(head.as_bytes()).await;
        for byte in body.bytes() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let _ = socket.write_all(&[byte]).await;
        }
    })
    .await
}

/// What comes of one request: the response, and after how many seconds.
async fn ask(front: Front, plan: &PlanGuard, addr: SocketAddr) -> (Response, u64) {
    let began = Instant::now();
    let client = client(Http::One, addr);
    let response = front.send(plan, &client, request(addr, false)).await.unwrap();
    (response, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_holds_an_error_for_five_seconds_and_loses_nothing() {
    const BODY: &str = "an error in words that take their time, and say nothing";
    for front in Front::ALL {
        let (addr, plan) = (a_byte_a_second("400 Bad Request", BODY).await, plan());
        let (response, took) = ask(front, &plan, addr).await;
        assert!(took <= 6, "{took} {front:?}");
        assert_eq!(response.text().await.unwrap(), BODY, "{front:?}");
        assert_free(&plan, "slow");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_holds_a_success_for_two_seconds_and_loses_nothing() {
    const HEAD: &str = "200 OK\r\ncontent-type: application/json";
    const BODY: &str = r#"{"id":"1","choices":[]}"#;
    for front in Front::ALL {
        let (addr, plan) = (a_byte_a_second(HEAD, BODY).await, plan());
        let (response, took) = ask(front, &plan, addr).await;
        assert!(took <= 3, "{took} {front:?}");
        assert_eq!(response.text().await.unwrap(), BODY, "{front:?}");
        assert_free(&plan, "slow");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_holds_no_stream_at_all() {
    const HEAD: &str = "200 OK\r\ncontent-type: text/event-stream";
    const BODY: &str = "data: {\"choices\":[]}\n\n";
    for front in Front::ALL {
        let (addr, plan) = (a_byte_a_second(HEAD, BODY).await, plan());
        let (mut response, took) = ask(front, &plan, addr).await;
        assert_eq!(took, 0, "{front:?}");
        let began = Instant::now();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "d", "{front:?}");
        assert!(began.elapsed() <= Duration::from_secs(2), "{front:?}");
        assert_eq!(response.text().await.unwrap(), BODY[1..], "{front:?}");
        assert_free(&plan, "slow");
    }
}

/// It is handed on after five or two seconds, and read on as it flows.
#[tokio::test(start_paused = true)]
async fn a_strike_at_a_byte_a_second_counts_once_it_is_whole() {
    const EVENT: &str =
        "data: {\"error\":{\"code\":\"1313\",\"message\":\"Fair Usage Policy\"}}\n\n";
    for (head, body) in [
        ("429 Too Many Requests", STRIKE),
        ("200 OK\r\ncontent-type: application/json", STRIKE),
        ("200 OK\r\ncontent-type: text/event-stream", EVENT),
    ] {
        for front in Front::ALL {
            let why = format!("{head} {front:?}");
            let (addr, plan) = (a_byte_a_second(head, body).await, plan());
            let (response, _) = ask(front, &plan, addr).await;
            assert_eq!(strikes(&plan), 0, "{why}");
            assert_eq!(response.text().await.unwrap(), body, "{why}");
            assert_eq!(strikes(&plan), 1, "{why}");
            let again = client(Http::One, addr);
            let error = front.send(&plan, &again, request(addr, false)).await.unwrap_err();
            assert!(refused(&error).is_some(), "{why}");
            assert_free(&plan, &why);
        }
    }
}

/// planguard states no deadline for a head: that is the client's.
#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_the_clients_timeout() {
    for front in Front::ALL {
        let addr = serve(|mut socket| async move {
            let _ = socket.write_all(b"HTTP/1.1 429 Too Many Requests\r\nx-slow: ").await;
            while socket.write_all(b"y").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })
        .await;
        let (plan, began) = (plan(), Instant::now());
        let mut ask = request(addr, false);
        *ask.timeout_mut() = Some(Duration::from_secs(30));
        let error = front.send(&plan, &client(Http::One, addr), ask).await.unwrap_err();
        assert!(refused(&error).is_none(), "{front:?}: {error}");
        assert_eq!(began.elapsed().as_secs(), 30, "{front:?}");
        assert_eq!(strikes(&plan), 0, "{front:?}");
        assert_free(&plan, "no head");
    }
}
