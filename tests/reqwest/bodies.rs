//! Bodies both ways: whatever they hold, and however they come, they pass.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, channel::Channel};
use planguard::sim::{Answer, Provider};
use reqwest::{Body, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};

use crate::clients::{Front, Http, client, plan, request};

/// What no provider should send.
fn hostile() -> [(&'static str, Bytes); 8] {
    let numbered: String = (0..600_000).map(|n| format!("data: {n}\n\n")).collect();
    [
        ("empty", Bytes::new()),
        ("NUL", Bytes::from_static(&[0; 300])),
        ("no UTF-8", Bytes::from_static(b"\xff\xfe{\"error\":{\"message\":\"\xc3\x28\"}}")),
        ("half a surrogate", Bytes::from_static(br#"{"error":{"message":"\ud83d"}}"#)),
        ("deep", "[".repeat(200_000).into()),
        ("deep objects", "{\"error\":".repeat(50_000).into()),
        ("half an object", Bytes::from_static(br#"{"error":{"code":"13"#)),
        ("8 MB", numbered.into()),
    ]
}

#[tokio::test]
async fn whatever_a_body_holds_it_reaches_the_caller_as_it_came() {
    for (what, body) in hostile() {
        for status in [StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS] {
            for kind in ["application/json", "text/event-stream"] {
                let answer = Answer::raw(status, body.clone()).header("content-type", kind);
                let provider = Provider::builder().latency(Duration::ZERO).mode(answer).build();
                let server = provider.serve().await.unwrap();
                for (http, front) in each() {
                    let client = client(http, server.addr());
                    let sent = front.send(&plan(), &client, request(server.addr(), true)).await;
                    let response = sent.unwrap();
                    assert_eq!(response.status(), status, "{what} {front:?}");
                    let bytes = response.bytes().await.unwrap();
                    assert!(bytes == body, "{what} {status} {kind} {http:?} {front:?}");
                }
            }
        }
    }
}

fn each() -> impl Iterator<Item = (Http, Front)> {
    Http::BOTH.into_iter().flat_map(|http| Front::ALL.map(|front| (http, front)))
}

/// The bytes and the trailers of a body.
async fn whole(response: Response) -> (Bytes, Option<HeaderMap>) {
    let body = http::Response::<Body>::from(response).into_body();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned();
    (body.to_bytes(), trailers)
}

/// An HTTP/2 server whose answer ends in trailers.
async fn with_trailers(status: u16, body: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let head = http::Response::builder().status(status);
                    let head = head.header("content-type", "application/json").body(()).unwrap();
                    let mut stream = respond.send_response(head, false).unwrap();
                    stream.send_data(body.into(), false).unwrap();
                    let mut trailers = HeaderMap::new();
                    trailers.insert("x-checksum", "abc".parse().unwrap());
                    stream.send_trailers(trailers).unwrap();
                }
            });
        }
    });
    addr
}

#[tokio::test]
async fn trailers_pass_behind_a_success_and_behind_an_error() {
    for (status, body) in [
        (200, r#"{"choices":[]}"#),
        (400, r#"{"error":{"code":"1211","message":"no such model"}}"#),
    ] {
        for front in Front::ALL {
            let addr = with_trailers(status, body).await;
            let client = client(Http::Two, addr);
            let sent = front.send(&plan(), &client, request(addr, false)).await;
            let (bytes, trailers) = whole(sent.unwrap()).await;
            assert_eq!(bytes, body, "{front:?}");
            assert_eq!(trailers.expect("trailers")["x-checksum"], "abc", "{front:?}");
        }
    }
}

#[tokio::test]
async fn a_request_body_that_is_a_stream_is_sent_as_it_comes() {
    for front in Front::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (arrived, first_is_there) = oneshot::channel();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            let has = |got: &[u8], part: &[u8]| got.windows(part.len()).any(|at| at == part);
            while !has(&got, b"first") {
                assert!(socket.read_buf(&mut got).await.unwrap() > 0);
            }
            arrived.send(()).unwrap();
            while !has(&got, b"second") {
                assert!(socket.read_buf(&mut got).await.unwrap() > 0);
            }
            let _ = socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        });
        let (mut sender, body) = Channel::<Bytes, std::convert::Infallible>::new(1);
        let mut ask = request(addr, false);
        *ask.body_mut() = Some(Body::wrap(body));
        let feeding = async {
            sender.send_data("first".into()).await.unwrap();
            first_is_there.await.expect("it left before the second was there");
            sender.send_data("second".into()).await.unwrap();
            drop(sender);
        };
        let (plan, client) = (plan(), client(Http::One, addr));
        let (sent, ()) = tokio::join!(front.send(&plan, &client, ask), feeding);
        assert_eq!(sent.unwrap().status(), 204, "{front:?}");
        server.await.unwrap();
    }
}
