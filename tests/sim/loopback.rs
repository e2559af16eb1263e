//! The provider on real sockets. No test waits for a length of time.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use planguard::sim::{Answer, Ladder, Provider, Script, ServeOptions, Server};

use super::{ANTHROPIC, OPENAI};

type HttpClient = Client<HttpConnector, Full<Bytes>>;

fn client(http2: bool) -> HttpClient {
    Client::builder(TokioExecutor::new()).http2_only(http2).build_http()
}

fn request(server: &Server, path: &str, stream: bool) -> Request<Full<Bytes>> {
    Request::post(server.url(path))
        .header("x-api-key", "a.secret")
        .body(Full::from(format!(r#"{{"stream":{stream}}}"#)))
        .unwrap()
}

fn quick() -> planguard::sim::Builder {
    Provider::builder().latency(Duration::ZERO).pace(Duration::ZERO)
}

async fn a_stream_arrives_whole(http2: bool, version: Version) {
    let server = quick().build().serve().await.unwrap();
    let response = client(http2).request(request(&server, ANTHROPIC, true)).await.unwrap();
    assert_eq!(response.version(), version);
    assert_eq!(response.headers()["content-type"], "text/event-stream;charset=UTF-8");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.ends_with(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

#[tokio::test]
async fn a_stream_arrives_whole_over_http1() {
    a_stream_arrives_whole(false, Version::HTTP_11).await;
}

#[tokio::test]
async fn a_stream_arrives_whole_over_http2() {
    a_stream_arrives_whole(true, Version::HTTP_2).await;
}

#[tokio::test]
async fn the_ladder_counts_over_sockets() {
    let provider = quick().mode(Ladder::at_request(2)).build();
    let server = provider.serve().await.unwrap();
    let client = client(false);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let response = client.request(request(&server, OPENAI, false)).await.unwrap();
        statuses.push(response.status().as_u16());
        response.into_body().collect().await.unwrap();
    }
    assert_eq!(statuses, [200, 429, 429, 429]);
    let tally = provider.tally("a");
    assert_eq!((tally.before_first_signal, tally.after_first_signal), (2, 2));
    assert!(tally.banned);
}

#[tokio::test]
async fn no_more_streams_than_the_limit_arrive_at_once() {
    let provider = quick().mode(Answer::endless()).build();
    let server = provider.serve_with(ServeOptions::new().max_concurrent_streams(3)).await.unwrap();
    let client = client(true);
    // The first exchange brings the server's settings to the client.
    drop(client.request(request(&server, "/", false)).await.unwrap());
    let calls: Vec<_> =
        (0..8).map(|_| tokio::spawn(client.request(request(&server, OPENAI, true)))).collect();
    while provider.tally("a").open < 3 {
        tokio::task::yield_now().await;
    }
    // The client has had its turn for every call: a round trip of its own
    // would have carried a fourth.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(provider.tally("a").open, 3);
    for call in calls {
        call.abort();
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_gives_its_place_back() {
    let provider = quick().mode(Answer::endless()).build();
    let server = provider.serve().await.unwrap();
    let response = client(false).request(request(&server, OPENAI, true)).await.unwrap();
    assert_eq!(provider.tally("a").open, 1);
    drop(response);
    while provider.tally("a").open > 0 {
        tokio::task::yield_now().await;
    }
}

async fn an_early_close_is_an_error_of_the_body(http2: bool) {
    let provider = quick().mode(Answer::error(1313).close_early(10)).build();
    let server = provider.serve().await.unwrap();
    let response = client(http2).request(request(&server, OPENAI, false)).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let mut body = response.into_body();
    let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&piece[..], br#"{"error":{"#);
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn an_early_close_is_an_error_of_the_body_over_http1() {
    an_early_close_is_an_error_of_the_body(false).await;
}

#[tokio::test]
async fn an_early_close_is_an_error_of_the_body_over_http2() {
    an_early_close_is_an_error_of_the_body(true).await;
}

#[tokio::test]
async fn a_reset_is_an_error_of_the_call() {
    for http2 in [false, true] {
        let script = Script::new([Answer::completion()]).then(Answer::reset());
        let server = quick().mode(script).build().serve().await.unwrap();
        let client = client(http2);
        let first = client.request(request(&server, OPENAI, false)).await.unwrap();
        first.into_body().collect().await.unwrap();
        assert!(client.request(request(&server, OPENAI, false)).await.is_err());
    }
}

#[tokio::test]
async fn many_clients_are_all_counted() {
    let provider = quick().build();
    let server = provider.serve().await.unwrap();
    let client = client(true);
    let calls = (0..100).map(|_| client.request(request(&server, OPENAI, false)));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(provider.tally("a").total, 100);
}

#[tokio::test]
async fn a_dropped_server_closes_its_port() {
    let server = quick().build().serve().await.unwrap();
    let url = server.url(OPENAI);
    drop(server);
    // The accept task ends at its next turn.
    loop {
        let request = Request::post(&url).body(Full::default()).unwrap();
        if client(false).request(request).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
}
