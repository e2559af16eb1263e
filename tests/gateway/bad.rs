//! What comes malformed, too long, too slow, or leads nowhere.

use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use http::{Response, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::desk::{Behind, CODING, Desk, KEY, config, json};

#[tokio::test]
async fn a_path_that_is_not_served_says_what_is_in_the_clients_form() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    for (path, form) in [("/v2/other", "param"), ("/messages-of-mine", "\"type\":\"error\"")] {
        let response = desk.post(path).body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let text = response.text().await.unwrap();
        assert!(text.contains(form) && text.contains("/v1/chat/completions"), "{text}");
    }
    let response = desk.post("/v1/models").header("anthropic-version", "2023-06-01");
    let text = response.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("\"type\":\"error\""), "{text}");
    let response = reqwest::get(desk.url("/v1/chat/completions")).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(behind.count(), 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_or_none_is_the_upstreams_to_judge() {
    let behind = Behind::answering(|_| {
        let builder = Response::builder().status(400).header("content-type", "application/json");
        builder.body("{\"error\":{\"code\":\"1210\",\"message\":\"bad\"}}".into()).unwrap()
    })
    .await;
    let desk = Desk::before(behind.addr).await;
    for body in ["", "{", "{\"messages\":[1,{\"role\":7}]}", "\u{0}\u{ffff}"] {
        let response = desk.post("/v1/chat/completions").body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(response.text().await.unwrap().contains("\"1210\""));
        assert_eq!(behind.last().body, body);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_sent() {
    let behind = Behind::json("{}").await;
    let mut config = config(behind.addr);
    config.max_body_mib = 1;
    let desk = Desk::with(config).await;
    let long = vec![b' '; 100 * 1024 * 1024];
    // One that says its length is read to its end, so that its client hears.
    let response = desk.post("/v1/messages").body(long).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let text = response.text().await.unwrap();
    assert_eq!(json(&text)["error"]["type"], "request_too_large", "{text}");
    // One that does not.
    let mut connection = TcpStream::connect(desk.addr).await.unwrap();
    let head = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nuser-agent: a/1\r\nx-api-key: a.b\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = connection.into_split();
    let sending = tokio::spawn(async move {
        for _ in 0..64 {
            let piece = vec![b' '; 64 * 1024];
            if write.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.is_err()
                || write.write_all(&piece).await.is_err()
                || write.write_all(b"\r\n").await.is_err()
            {
                return;
            }
        }
        let _ = write.write_all(b"0\r\n\r\n").await;
        std::future::pending::<()>().await;
    });
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(30), read.read(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer[..read.expect("an answer").unwrap()]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    sending.abort();
    assert_eq!(behind.count(), 0, "nothing of it became a request");
}

#[tokio::test]
async fn an_upstream_that_is_down_or_speaks_no_tls_is_told_as_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let down = free.local_addr().unwrap();
    drop(free);
    let plain = Behind::json("{}").await;
    for via in [format!("http://{down}"), format!("https://{}", plain.addr)] {
        let mut config = config(down);
        config.upstream[0].via = Some(via);
        let desk = Desk::with(config).await;
        let response = desk.post("/v1/messages").body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        let text = response.text().await.unwrap();
        assert!(text.contains("nothing was sent upstream"), "{text}");
        assert_eq!(json(&text)["type"], "error");
        assert_eq!(desk.status().await["accounts"][0]["standing"], "open");
    }
    assert_eq!(plain.count(), 0);
}

#[tokio::test]
async fn an_upstream_that_says_nothing_in_time_is_a_gateway_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(silent.local_addr().unwrap());
    config.timeouts.head_secs = 1;
    let desk = Desk::with(config).await;
    let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(response.text().await.unwrap().contains("the request may have been sent"));
}

#[tokio::test]
async fn a_stream_that_stands_still_is_ended() {
    let behind = Behind::answering(|_| {
        let first = stream::once(async { Ok::<_, std::convert::Infallible>("data: {}\n\n") });
        let stream = futures_util::StreamExt::chain(first, stream::pending());
        Response::builder()
            .header("content-type", "text/event-stream")
            .body(Body::from_stream(stream))
            .unwrap()
    })
    .await;
    let mut config = config(behind.addr);
    config.timeouts.idle_secs = 1;
    let desk = Desk::with(config).await;
    let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    let whole = tokio::time::timeout(Duration::from_secs(30), response.bytes()).await;
    whole.expect("it ends").expect_err("and not as if it were whole");
}

#[tokio::test]
async fn a_head_that_never_ends_or_is_a_flood_is_refused() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    let mut connection = TcpStream::connect(desk.addr).await.unwrap();
    let mut flood = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n".to_owned();
    for n in 0..5_000 {
        flood += &format!("x-{n}: {}\r\n", "y".repeat(100));
    }
    let _ = connection.write_all(flood.as_bytes()).await;
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(30), read).await.expect("it is closed");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(behind.count(), 0);
}

#[tokio::test]
async fn a_client_that_sends_its_head_byte_by_byte_is_let_go_of() {
    let behind = Behind::json("{}").await;
    let mut config = config(behind.addr);
    config.timeouts.client_head_secs = 1;
    let desk = Desk::with(config).await;
    // One that may still become HTTP/2, one that never ends, one that says nothing.
    for begun in ["PRI * HT", "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-a: ", ""] {
        let mut connection = TcpStream::connect(desk.addr).await.unwrap();
        connection.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = connection.read_to_end(&mut answer);
        let closed = tokio::time::timeout(Duration::from_secs(20), closed).await;
        assert!(closed.is_ok(), "`{begun}` is still open");
    }
    assert_eq!(behind.count(), 0);
}

#[tokio::test]
async fn a_web_page_from_elsewhere_cannot_spend_the_plan() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    for (header, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")]
    {
        let request = desk.post("/v1/chat/completions").header(header, value);
        let response = request.body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{header}: {value}");
    }
    assert_eq!(behind.count(), 0);
    // An image or a request without CORS has no Origin.
    for site in ["cross-site", "same-site"] {
        let request = reqwest::Client::new().get(desk.url("/v1/models"));
        let response = request.header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{site}");
    }
    let link = reqwest::Client::new().get(desk.url("/planguard"));
    let link = link.header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
    assert_eq!(link.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(behind.count(), 0);
    let own = desk.post("/v1/chat/completions").header("origin", desk.url(""));
    assert_eq!(own.body(CODING).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_path_that_another_server_could_read_otherwise_is_not_served() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    for path in [
        "/v1/responses/../../paas/v4/chat/completions",
        "/v1/messages/%2e%2E/x",
        "/v1/messages/..;/x",
        "/v1/messages/.%2e;a=b/x",
        "/v1/messages/%252e%252e/x",
        "/v1/responses/..%2f..%2Fpaas",
        "/v1/responses/a%5cb",
        "//v1/messages",
    ] {
        let mut connection = TcpStream::connect(desk.addr).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for method in ["TRACE", "PUT", "PATCH"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method.clone(), desk.url("/v1/responses/a"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(behind.count(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_handed_to_a_client_that_would_follow_it_past_the_guard() {
    let behind = Behind::answering(|_| {
        let builder = Response::builder().status(307).header("location", "https://api.z.ai/x");
        builder.body(Body::empty()).unwrap()
    })
    .await;
    let desk = Desk::before(behind.addr).await;
    let response = desk.post("/v1/messages").body(CODING).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(!response.headers().contains_key("location"));
    assert!(response.text().await.unwrap().contains("correct its base URL"));
}

#[tokio::test]
async fn two_keys_that_differ_name_no_account() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    for (name, key) in
        [("x-api-key", "other.key"), ("x-api-key", "y"), ("authorization", "other.key")]
    {
        let response = desk.post("/v1/messages").header(name, key).body(CODING);
        let status = response.send().await.unwrap().status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name} {key}");
    }
    assert_eq!(behind.count(), 0);
    // What a client leaves empty, or says twice, names no other.
    for key in ["", " ", KEY, &format!("Bearer {KEY}")] {
        let response = desk.post("/v1/messages").header("x-api-key", key).body(CODING);
        assert_eq!(response.send().await.unwrap().status(), StatusCode::OK, "{key}");
    }
}
