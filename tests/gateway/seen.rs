//! What the operator sees.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use planguard::{
    PlanGuard,
    clock::ManualClock,
    ledger::FileLedger,
    profile::{Surface, zai},
    sim::Answer,
};
use tokio::sync::Notify;
use tower::{ServiceBuilder, ServiceExt};

use crate::{
    config::Config,
    desk::{Behind, CODING, Desk, KEY, config, json, secret, simulated},
    followed::Followed,
    journal::Journal,
};

#[tokio::test]
async fn the_page_shows_a_halt_and_its_release_and_needs_no_script() {
    let (_, server) = simulated([Answer::completion(), Answer::error(1313)]).await;
    let desk = Desk::before(server.addr()).await;
    for _ in 0..3 {
        desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    }
    let page = reqwest::get(desk.url("/planguard")).await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = page.text().await.unwrap();
    for shown in [
        "1 of 1 accounts halted",
        "Fair Usage Policy",
        "code 1313",
        "1 confirmed, 0 suspected, limit 3",
        "planguard acknowledge h-",
        "glm-5.2",
        "OpenAI/Python 2.54.0",
        "http-equiv=\"refresh\"",
    ] {
        assert!(page.contains(shown), "{shown} is not on the page");
    }
    assert!(!page.contains("very-secret") && !page.contains(KEY));
    // Not a word of a prompt.
    assert!(!page.contains("Rename foo"));
    assert!(!page.contains("://cdn") && !page.contains("style=\"") && !page.contains("onclick"));

    let status = desk.status().await;
    let account = &status["accounts"][0];
    assert_eq!(account["standing"], "latch");
    assert_eq!(account["halts"][0]["class"], "policy_violation");
    assert_eq!(account["halts"][0]["sent"]["model"], "glm-5.2");
    assert_eq!(account["workload"]["coding"], 3);
    let whats: Vec<_> = status["timeline"].as_array().unwrap().iter().map(|e| &e["what"]).collect();
    for what in ["request", "refusal", "strike", "halt"] {
        assert!(whats.iter().any(|seen| **seen == what), "{what} in {whats:?}");
    }
}

#[tokio::test]
async fn what_a_provider_or_a_client_says_is_text_on_the_page() {
    let behind = Behind::answering(|_| {
        let body = r#"{"error":{"code":"1313","message":"<script>alert(1)</script> & Fair Usage Policy"}}"#;
        let builder = Response::builder().status(429).header("content-type", "application/json");
        builder.body(body.into()).unwrap()
    })
    .await;
    let desk = Desk::before(behind.addr).await;
    let request = reqwest::Client::new().post(desk.url("/v1/chat/completions")).bearer_auth(KEY);
    let request = request.header("user-agent", "<img src=x onerror=alert(1)>");
    request.body(CODING).send().await.unwrap();
    let page = reqwest::get(desk.url("/planguard")).await.unwrap().text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;img"));
    assert!(!page.contains("<script>alert") && !page.contains("<img"));
}

#[tokio::test]
async fn whoever_looks_hears_of_a_halt_and_of_its_release_by_another_program() {
    let (_, server) = simulated([Answer::error(1313)]).await;
    let desk = Desk::before(server.addr()).await;
    let mut events = reqwest::get(desk.url("/planguard/events")).await.unwrap();
    desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    let mut heard = async || {
        let next = tokio::time::timeout(Duration::from_secs(10), events.chunk());
        next.await.expect("an event").unwrap().unwrap()
    };
    assert_eq!(heard().await, "data: changed\n\n");
    let halt = desk.status().await["accounts"][0]["halts"][0]["id"].as_str().unwrap().to_owned();
    let place = desk.folder.path().join("ledger.jsonl");
    let elsewhere =
        PlanGuard::builder(zai()).ledger(FileLedger::open(place).unwrap()).build().unwrap();
    elsewhere.acknowledge(&halt, "Ada", "settled").await.unwrap();
    while desk.status().await["accounts"][0]["standing"] != "open" {
        heard().await;
    }
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_due_and_the_next_request_tests_it() {
    for stream in [false, true] {
        is_due_and_tested(stream).await;
    }
}

async fn is_due_and_tested(stream: bool) {
    let tests = CODING.replacen('{', &format!("{{\"stream\":{stream},"), 1);
    let (provider, server) = simulated([Answer::error(1113), Answer::completion()]).await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ledger.jsonl");
    // Another program was held yesterday.
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
    let elsewhere = PlanGuard::builder(zai())
        .ledger(FileLedger::open(&place).unwrap())
        .clock(ManualClock::new(yesterday))
        .build()
        .unwrap();
    let request = Request::post("https://api.z.ai/api/coding/paas/v4/chat/completions")
        .header("authorization", format!("Bearer {KEY}"))
        .header("user-agent", "another/1.0")
        .body(CODING.to_owned())
        .unwrap();
    let service = ServiceBuilder::new().layer(elsewhere.layer()).service(provider.service());
    assert!(service.oneshot(request).await.is_err());

    let ledger = Some(place.display().to_string());
    let desk = Desk::with(Config { ledger, ..config(server.addr()) }).await;
    assert_eq!(desk.status().await["accounts"][0]["standing"], "due");
    let page = reqwest::get(desk.url("/planguard")).await.unwrap().text().await.unwrap();
    for shown in ["Nothing is halted (known accounts: 1)", "the next request tests it", "code 1113"]
    {
        assert!(page.contains(shown), "{shown} is not on the page");
    }
    let answer = desk.post("/v1/chat/completions").body(tests).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let media = answer.headers()["content-type"].to_str().unwrap();
    assert_eq!(media.starts_with("text/event-stream"), stream, "{media}");
    answer.bytes().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let opens = async { while desk.status().await["accounts"][0]["standing"] != "open" {} };
    tokio::time::timeout(Duration::from_secs(10), opens).await.expect("it opens");
}

#[tokio::test]
async fn the_webhook_hears_of_a_halt_and_of_a_release() {
    let (_, server) = simulated([Answer::error(1313)]).await;
    let hook = Behind::json("{}").await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(server.addr());
    config.webhook = Some(secret(&folder, &format!("http://{}/hook?token=t", hook.addr)));
    let desk = Desk::with(config).await;
    desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    let heard = async |n: usize| {
        hook.hears(n).await;
        json(std::str::from_utf8(&hook.last().body).unwrap())
    };
    let halt = heard(1).await;
    assert_eq!(halt["event"], "halt");
    let id = halt["details"]["id"].as_str().unwrap().to_owned();
    assert!(!halt.to_string().contains("very-secret"));
    desk.plan.acknowledge(&id, "Ada", "settled").await.unwrap();
    let release = heard(2).await;
    assert_eq!(release["event"], "release");
    assert_eq!(release["details"]["by"]["name"], "Ada");
}

#[tokio::test]
async fn what_the_webhook_has_not_taken_yet_is_told_before_the_gateway_ends() {
    let (_, server) = simulated([Answer::error(1313)]).await;
    let asked = AtomicUsize::new(0);
    let hook = Behind::answering(move |_| {
        // It takes the second try.
        let status = if asked.fetch_add(1, Ordering::Relaxed) == 0 { 503 } else { 200 };
        Response::builder().status(status).body("{}".into()).unwrap()
    });
    let hook = hook.await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(server.addr());
    config.webhook = Some(secret(&folder, &format!("http://{}/hook", hook.addr)));
    let mut desk = Desk::with(config).await;
    desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    hook.hears(1).await;
    desk.stop();
    (&mut desk.served).await.unwrap();
    assert_eq!(hook.count(), 2);
}

#[tokio::test]
async fn it_is_ready_only_while_its_ledger_can_be_read() {
    let behind = Behind::json("{}").await;
    let desk = Desk::before(behind.addr).await;
    for path in ["/healthz", "/readyz"] {
        let response = reqwest::get(desk.url(path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    let place = desk.folder.path().join("ledger.jsonl");
    let _ = std::fs::remove_file(&place);
    std::fs::create_dir(&place).unwrap();
    let response = reqwest::get(desk.url("/readyz")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let health = reqwest::get(desk.url("/healthz")).await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_metrics_tell_of_requests_strikes_and_what_is_open() {
    let (_, server) = simulated([Answer::completion(), Answer::error(1313)]).await;
    let desk = Desk::before(server.addr()).await;
    for _ in 0..3 {
        desk.post("/v1/responses").body(CODING).send().await.unwrap();
    }
    let metrics = reqwest::get(desk.url("/metrics")).await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let metrics = metrics.text().await.unwrap();
    for line in [
        "gateway_requests_total{format=\"responses\",status=\"200\"}",
        "gateway_requests_total{format=\"responses\",status=\"400\"}",
        "gateway_open_halts{profile=\"zai\",kind=\"latch\"} 1",
        "planguard_refusals_total{profile=\"zai\",reason=\"account_halted\"}",
        "planguard_strikes_total{profile=\"zai\",strike=\"confirmed\"}",
        "planguard_workload_seconds_bucket{profile=\"zai\",le=",
        "gateway_tasks ",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("tester") && !metrics.contains("zai/"), "no account is in a label");
}

#[tokio::test]
async fn an_answer_without_an_end_is_told_as_one() {
    let gone = Arc::new(Notify::new());
    let breaks = gone.clone();
    let behind = Behind::answering(move |_| {
        let (first, breaks) = (Ok(Bytes::from_static(b"data: {}\n\n")), breaks.clone());
        let rest = async move {
            breaks.notified().await;
            Err(std::io::Error::other("gone"))
        };
        let events = stream::iter([first]).chain(stream::once(rest));
        let body = axum::body::Body::from_stream(events);
        Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
    })
    .await;
    let desk = Desk::before(behind.addr).await;
    for text in ["the upstream broke off", "its client went away"] {
        let asked = desk.post("/v1/chat/completions").body(CODING);
        let mut answer = asked.send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: {}\n\n");
        if text.contains("upstream") {
            gone.notify_one();
            answer.chunk().await.unwrap_err();
        }
        drop(answer);
        let told = async {
            loop {
                let line = desk.status().await["timeline"][0]["text"].clone();
                if line == format!("{text} before the answer's end") {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), told).await.expect(text);
    }
    let metrics = reqwest::get(desk.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("gateway_broken_total{format=\"openai\",by=\"client\"}"), "{metrics}");
}

#[tokio::test]
async fn an_answer_that_came_to_its_end_is_told_as_nothing_else() {
    let (_, server) = simulated([Answer::completion(), Answer::error(1313)]).await;
    let desk = Desk::before(server.addr()).await;
    // One connection, on which an answer is over when the next one comes.
    let client = reqwest::Client::new();
    let ask = async |method: Method, path: &str| {
        let asked = client.request(method, desk.url(path)).bearer_auth(KEY).body(CODING);
        let answer = asked.send().await.unwrap();
        let length = answer.headers().get("content-length").cloned();
        answer.bytes().await.unwrap();
        length
    };
    let first = ask(Method::POST, "/v1/chat/completions").await;
    assert!(first.is_some(), "a length was announced");
    ask(Method::POST, "/v1/chat/completions").await;
    let timeline = desk.status().await["timeline"].clone();
    let texts: Vec<_> = timeline.as_array().unwrap().iter().map(|line| &line["text"]).collect();
    let refused = texts.iter().filter(|text| text.as_str().is_some_and(|t| t.contains("halted")));
    assert!(refused.count() > 0, "{texts:?}");
    for text in texts {
        assert!(!text.to_string().contains("before the answer's end"), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_with_the_last_event_has_had_its_answer() {
    for last in [
        "data: [DONE]\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n",
        "data:[DONE]\r\n\r\n",
        "id: 7\nevent: response.failed\ndata: {}\n\n",
        "data: [DONE] and more\n\n",
        "data: {}\n\n",
    ] {
        let journal = Journal::new();
        let line = journal.begin(&HeaderMap::new(), Surface::Openai);
        let events =
            stream::iter([Ok::<_, Infallible>(Bytes::from(last))]).chain(stream::pending());
        let response = Response::new(axum::body::Body::from_stream(events));
        let answer = Followed::answer(response, &Method::POST, line, Surface::Openai);
        let mut body = answer.into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), last);
        drop(body);
        let told = journal.newest()[0].text.clone();
        let broke = last.contains("{}\n") && !last.contains("failed") || last.contains("more");
        assert_eq!(told.is_some(), broke, "{last}: {told:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_has_an_end() {
    for (method, status, broke) in [
        (Method::HEAD, StatusCode::OK, false),
        (Method::GET, StatusCode::NO_CONTENT, false),
        (Method::GET, StatusCode::NOT_MODIFIED, false),
        (Method::GET, StatusCode::OK, true),
    ] {
        let journal = Journal::new();
        let line = journal.begin(&HeaderMap::new(), Surface::Openai);
        let never = stream::pending::<Result<Bytes, Infallible>>();
        let mut response = Response::new(axum::body::Body::from_stream(never));
        *response.status_mut() = status;
        drop(Followed::answer(response, &method, line, Surface::Openai));
        assert_eq!(journal.newest()[0].text.is_some(), broke, "{method} {status}");
    }
}
