//! What passes, passes as it came.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

use crate::{
    config::Upstream,
    desk::{Behind, CODING, Desk, KEY, config, secret},
};

const ANSWER: &str = "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\n \"content\":\"ok\\u00e9\"}}],  \"usage\":{}}\n";

#[tokio::test]
async fn each_format_goes_to_its_base_url_with_or_without_v1_and_keeps_its_query() {
    let behind = Behind::json(ANSWER).await;
    let desk = Desk::before(behind.addr).await;
    for (asked, went) in [
        ("/v1/chat/completions", "/api/coding/paas/v4/chat/completions"),
        ("/chat/completions?a=b%20c&d", "/api/coding/paas/v4/chat/completions?a=b%20c&d"),
        ("/v1/responses", "/api/v1/responses"),
        ("/responses/resp_1/cancel", "/api/v1/responses/resp_1/cancel"),
        ("/v1/messages?beta=true", "/api/anthropic/v1/messages?beta=true"),
        ("/messages/count_tokens", "/api/anthropic/v1/messages/count_tokens"),
    ] {
        let response = desk.post(asked).body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{asked}");
        let arrived = behind.last();
        assert_eq!(arrived.uri.to_string(), went);
        assert_eq!(arrived.body, CODING);
    }
}

#[tokio::test]
async fn an_answer_is_the_upstreams_byte_by_byte() {
    let behind = Behind::answering(|_| {
        Response::builder()
            .header("content-type", "application/json")
            .header("x-request-id", "abc")
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .body(ANSWER.into())
            .unwrap()
    })
    .await;
    let desk = Desk::before(behind.addr).await;
    let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "abc");
    assert_eq!(response.headers()["content-length"], ANSWER.len().to_string());
    assert_eq!(response.bytes().await.unwrap(), ANSWER);
}

#[tokio::test]
async fn a_client_keeps_its_name_and_headers_but_those_of_its_connection() {
    let behind = Behind::json(ANSWER).await;
    let desk = Desk::before(behind.addr).await;
    let request = desk
        .post("/v1/messages")
        .header("user-agent", "claude-cli/2.1.330 (external, cli)")
        .header("x-api-key", KEY)
        .header("anthropic-beta", "a,b")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("x-planguard-workload", "coding");
    request.body(CODING).send().await.unwrap();
    let headers = behind.last().headers;
    // reqwest appends to what the desk had set.
    let agents: Vec<_> = headers.get_all("user-agent").iter().collect();
    assert!(
        agents.iter().any(|agent| *agent == "claude-cli/2.1.330 (external, cli)"),
        "{agents:?}"
    );
    assert_eq!(headers["anthropic-beta"], "a,b");
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(headers["x-api-key"], KEY);
    // As long as it was, and not in chunks.
    assert_eq!(headers["content-length"], CODING.len().to_string());
    assert!(!headers.contains_key("transfer-encoding"));
    assert!(!headers.contains_key("x-hop"), "{headers:?}");
    assert!(!headers.contains_key("x-planguard-workload"), "{headers:?}");
    assert!(!headers.contains_key("x-forwarded-for"), "{headers:?}");
}

#[tokio::test]
async fn the_gateways_key_stands_where_the_client_had_its_own() {
    let behind = Behind::json(ANSWER).await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(behind.addr);
    config.upstream[0].key = Some(secret(&folder, "operator.secret\n"));
    let desk = Desk::with(config).await;
    desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!(behind.last().headers["authorization"], "Bearer operator.secret");
    let client = reqwest::Client::new();
    let request = client.post(desk.url("/v1/messages")).header("user-agent", "a/1");
    request.header("x-api-key", "mine").body(CODING).send().await.unwrap();
    let headers = behind.last().headers;
    assert_eq!(headers["x-api-key"], "operator.secret");
    assert!(!headers.contains_key("authorization"));
    let status = desk.status().await.to_string();
    assert!(!status.contains("secret"), "{status}");
}

#[tokio::test]
async fn the_longest_path_decides_between_upstreams() {
    let (one, two) = (Behind::json(ANSWER).await, Behind::json(ANSWER).await);
    let mut config = config(one.addr);
    let other = Upstream {
        path: "/work/china".to_owned(),
        openai: Some("https://open.bigmodel.cn/api/coding/paas/v4".to_owned()),
        anthropic: None,
        responses: None,
        via: Some(format!("http://{}", two.addr)),
        ..config.upstream[0].clone()
    };
    config.upstream.push(other);
    let desk = Desk::with(config).await;
    desk.post("/work/china/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!((one.count(), two.count()), (0, 1));
    desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!((one.count(), two.count()), (1, 1));
    // It has no such format, and says what to add.
    let response = desk.post("/work/china/v1/messages").body(CODING).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let text = response.text().await.unwrap();
    assert!(text.contains("anthropic = ") && text.contains("\"type\":\"error\""), "{text}");
    assert_eq!((one.count(), two.count()), (1, 1));
}

#[tokio::test]
async fn an_event_is_handed_on_before_the_next_one_comes() {
    let (behind, send) = Behind::streaming().await;
    let desk = Desk::before(behind.addr).await;
    let asked = tokio::spawn(desk.post("/v1/chat/completions").body(CODING).send());
    let event =
        |n: usize| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n\n");
    send.send(event(0).into()).await.unwrap();
    let mut response = asked.await.unwrap().unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), event(0));
    for n in 1..4 {
        send.send(event(n).into()).await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(10), response.chunk());
        assert_eq!(next.await.expect("at once").unwrap().unwrap(), event(n));
    }
    drop(send);
    assert!(response.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_request_upstream() {
    struct Gone(Option<oneshot::Sender<()>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }
    for answers in [false, true] {
        let (gone, heard) = oneshot::channel();
        let gone = Mutex::new(Some(Gone(Some(gone))));
        let behind = Behind::with(Arc::default(), move |request| {
            let gone = gone.lock().unwrap().take().expect("one request");
            Box::pin(async move {
                let _ = request.into_body().collect().await;
                if !answers {
                    let _held = gone;
                    std::future::pending::<()>().await;
                    unreachable!()
                }
                let first = "data: {\"choices\":[]}\n\n";
                let stream = futures_util::stream::unfold((0, gone), move |(n, gone)| async move {
                    if n > 0 {
                        std::future::pending::<()>().await;
                    }
                    Some((Ok::<_, std::convert::Infallible>(first), (n + 1, gone)))
                });
                Response::builder()
                    .header("content-type", "text/event-stream")
                    .body(Body::from_stream(stream))
                    .unwrap()
            })
        })
        .await;
        let desk = Desk::before(behind.addr).await;
        let asked = tokio::spawn(desk.post("/v1/chat/completions").body(CODING).send());
        if answers {
            let mut response = asked.await.unwrap().unwrap();
            response.chunk().await.unwrap().unwrap();
        } else {
            tokio::time::timeout(Duration::from_secs(10), async {
                while desk.plan.snapshot().iter().all(|account| account.unanswered == 0) {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .expect("it is under way");
            asked.abort();
        }
        let heard = tokio::time::timeout(Duration::from_secs(10), heard).await;
        assert!(heard.expect("upstream hears of it").is_err());
        let told = &desk.status().await["timeline"][0];
        assert!(answers || told["text"] == "its client went away", "{told}");
    }
}

#[tokio::test]
async fn what_clients_ask_before_they_begin_is_answered_or_passed() {
    let behind = Behind::json(r#"{"object":"list","data":[]}"#).await;
    let desk = Desk::before(behind.addr).await;
    let client = reqwest::Client::new();
    let hello = client.head(desk.url("/api/hello")).send().await.unwrap();
    assert_eq!(hello.status(), StatusCode::OK);
    assert_eq!(behind.count(), 0);
    for (header, went) in [
        ("x-none", "/api/coding/paas/v4/models"),
        ("anthropic-version", "/api/anthropic/v1/models"),
    ] {
        let models = client.get(desk.url("/v1/models")).bearer_auth(KEY);
        let models = models.header("user-agent", "a/1").header(header, "2023-06-01");
        assert_eq!(models.send().await.unwrap().status(), StatusCode::OK);
        let arrived = behind.last();
        assert_eq!((arrived.method, arrived.uri.path()), (Method::GET, went));
    }
}

#[tokio::test]
async fn http2_clients_are_served_too() {
    let behind = Behind::json(ANSWER).await;
    let desk = Desk::before(behind.addr).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let request = client.post(desk.url("/v1/chat/completions")).bearer_auth(KEY);
    let response = request.header("user-agent", "a/1").body(CODING).send().await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.bytes().await.unwrap(), ANSWER);
}

#[tokio::test]
async fn what_is_under_way_may_end_when_the_gateway_is_stopped() {
    let (behind, send) = Behind::streaming().await;
    let mut desk = Desk::before(behind.addr).await;
    // Somebody looks at the page meanwhile, and a browser connects ahead.
    let looks = reqwest::get(desk.url("/planguard/events")).await.unwrap();
    let ahead = tokio::net::TcpStream::connect(desk.addr).await.unwrap();
    let asked = tokio::spawn(desk.post("/v1/chat/completions").body(CODING).send());
    send.send("data: {\"choices\":[]}\n\n".into()).await.unwrap();
    let mut response = asked.await.unwrap().unwrap();
    response.chunk().await.unwrap().unwrap();
    desk.stop();
    tokio::time::timeout(Duration::from_secs(10), async {
        while tokio::net::TcpStream::connect(desk.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nobody new is served");
    send.send("data: [DONE]\n\n".into()).await.unwrap();
    drop(send);
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: [DONE]\n\n");
    assert!(response.chunk().await.unwrap().is_none());
    drop(response);
    tokio::time::timeout(Duration::from_secs(20), &mut desk.served)
        .await
        .expect("it ends")
        .unwrap();
    drop((looks, ahead));
}

#[tokio::test]
async fn every_host_of_an_upstream_is_reached_via_the_server_that_stands_in() {
    let behind = Behind::json(ANSWER).await;
    let mut config = config(behind.addr);
    config.upstream[0].anthropic = Some("https://open.bigmodel.cn/api/anthropic".to_owned());
    let desk = Desk::with(config).await;
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let response = desk.post(path).body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(behind.count(), 2);
}
