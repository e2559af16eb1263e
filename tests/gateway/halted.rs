//! A strike, and what clients hear from then on.

use http::{Response, StatusCode};
use planguard::{refusal::is_safe, sim::Answer};

use crate::config::Config;
use crate::desk::{Behind, CODING, Desk, KEY, config, json, secret, simulated};

#[tokio::test]
async fn the_first_strike_halts_and_each_client_hears_it_in_its_own_form() {
    for (path, status) in
        [("/v1/chat/completions", 400), ("/v1/responses", 400), ("/v1/messages", 451)]
    {
        let (provider, server) =
            simulated([Answer::completion(), Answer::error(1313), Answer::completion()]).await;
        let desk = Desk::before(server.addr()).await;
        let first = desk.post(path).body(CODING).send().await.unwrap();
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        for _ in 0..3 {
            let response = desk.post(path).body(CODING).send().await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert_eq!(response.headers()["x-should-retry"], "false");
            assert!(!response.headers().contains_key("retry-after"));
            let text = response.text().await.unwrap();
            assert!(is_safe(&text), "{text}");
            let message = json(&text)["error"]["message"].as_str().unwrap().to_owned();
            // An id of the provider's that holds, say, 429 keeps its words out.
            let left_out = message.contains("left out here") && message.contains("planguard show");
            assert!(left_out || message.contains("Fair Usage Policy"), "its words: {message}");
            assert!(message.contains("planguard acknowledge h-"), "{message}");
            assert!(!text.contains("very-secret"));
        }
        assert_eq!(provider.total().total, 2, "{path}");
    }
}

#[tokio::test]
async fn an_error_as_the_first_event_is_told_by_status() {
    let error = r#"{"error":{"code":"1313","message":"Your account's current usage pattern does not comply with the Fair Usage Policy"}}"#;
    for (path, first, status) in [
        ("/v1/chat/completions", format!("data: {error}\n\n"), 400),
        ("/v1/messages", format!("event: error\ndata: {error}\n\n"), 451),
    ] {
        let behind = Behind::answering(move |_| {
            let builder = Response::builder().header("content-type", "text/event-stream");
            builder.body(first.clone().into()).unwrap()
        })
        .await;
        let desk = Desk::before(behind.addr).await;
        let body = CODING.replacen('{', "{\"stream\":true,", 1);
        for _ in 0..2 {
            let response = desk.post(path).body(body.clone()).send().await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert!(is_safe(&response.text().await.unwrap()));
        }
        assert_eq!(behind.count(), 1);
    }
}

#[tokio::test]
async fn a_strike_after_text_ends_the_stream_with_a_neutral_event() {
    for (path, status) in [("/v1/chat/completions", 400), ("/v1/messages", 451)] {
        let (provider, server) = simulated([Answer::mid_stream(3, 1313)]).await;
        let desk = Desk::before(server.addr()).await;
        let body = CODING.replacen('{', "{\"stream\":true,", 1);
        let response = desk.post(path).body(body.clone()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let text = response.text().await.unwrap();
        assert!(text.contains("delta"), "{text}");
        let (_, end) = text.trim_end().rsplit_once("\n\n").unwrap();
        let (_, end) = end.split_once("data: ").unwrap();
        let message = json(end)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("planguard stopped this call"), "{message}");
        assert!(is_safe(end), "{end}");
        // The client asks once more, as Claude Code does, without a stream.
        let again = desk.post(path).body(CODING).send().await.unwrap();
        assert_eq!(again.status().as_u16(), status);
        assert_eq!(provider.total().total, 1, "{path}");
    }
}

#[tokio::test]
async fn a_person_who_releases_it_elsewhere_lets_the_next_request_pass() {
    let (provider, server) = simulated([Answer::error(1313), Answer::completion()]).await;
    let desk = Desk::before(server.addr()).await;
    for _ in 0..2 {
        let refused = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }
    let halt = desk.status().await["accounts"][0]["halts"][0]["id"].as_str().unwrap().to_owned();
    let ledger = planguard::ledger::FileLedger::open(desk.folder.path().join("ledger.jsonl"));
    let elsewhere = planguard::PlanGuard::builder(planguard::profile::zai())
        .ledger(ledger.unwrap())
        .build()
        .unwrap();
    elsewhere.acknowledge(&halt, "Ada", "stopped the job").await.unwrap();
    let status = desk.status().await;
    assert_eq!(status["accounts"][0]["standing"], "open");
    let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(provider.total().total, 2);
}

#[tokio::test]
async fn other_work_is_blocked_whatever_a_client_declares() {
    let behind = Behind::json("{\"choices\":[]}").await;
    let story = r#"{"model":"glm-5.2","messages":[{"role":"user","content":"Write me a bedtime story about a dragon who is afraid of the dark"}]}"#;
    let desk = Desk::before(behind.addr).await;
    let request = desk.post("/v1/chat/completions").header("x-planguard-workload", "coding");
    let response = request.body(story).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let text = response.text().await.unwrap();
    assert_eq!(json(&text)["error"]["code"], "workload_refused", "{text}");
    assert_eq!(behind.count(), 0);

    let mut trusting = config(behind.addr);
    trusting.trust_declarations = true;
    let desk = Desk::with(trusting).await;
    let request = desk.post("/v1/chat/completions").header("x-planguard-workload", "coding");
    assert_eq!(request.body(story).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(behind.count(), 1);
}

#[tokio::test]
async fn other_work_goes_to_the_metered_server_under_its_own_key_and_model() {
    let (plan, metered) = (Behind::json("{}").await, Behind::json("{\"choices\":[]}").await);
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(plan.addr);
    config.non_coding = crate::config::NonCoding::Reroute;
    config.reroute = Some(crate::config::Reroute {
        key: secret(&folder, "metered.secret"),
        openai: Some(format!("http://{}/v1", metered.addr)),
        responses: None,
        anthropic: None,
        models: [("glm-5.2".to_owned(), "own".to_owned())].into(),
    });
    let desk = Desk::with(config).await;
    let story = r#"{"model":"glm-5.2","messages":[{"role":"user","content":"Write me a bedtime story about a dragon who is afraid of the dark"}]}"#;
    let response = desk.post("/v1/chat/completions").body(story).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(plan.count(), 0);
    let arrived = metered.last();
    assert_eq!(arrived.uri.path(), "/v1/chat/completions");
    assert_eq!(arrived.headers["authorization"], "Bearer metered.secret");
    assert_eq!(json(std::str::from_utf8(&arrived.body).unwrap())["model"], "own");
}

async fn a_strike_through_one_gateway_is_refused_by_the_other(ledger: String) {
    let (provider, server) =
        simulated([Answer::completion(), Answer::completion(), Answer::error(1313)]).await;
    let of = || Config { ledger: Some(ledger.clone()), ..config(server.addr()) };
    let (one, two) = (Desk::with(of()).await, Desk::with(of()).await);
    for desk in [&one, &two] {
        let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    for desk in [&one, &two, &one] {
        let response = desk.post("/v1/chat/completions").body(CODING).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(response.text().await.unwrap().contains("account_halted"));
    }
    assert_eq!(provider.tally(KEY.split('.').next().unwrap()).total, 3);
}

#[tokio::test]
async fn two_gateways_on_one_file_share_a_strike() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("shared.jsonl").display().to_string();
    a_strike_through_one_gateway_is_refused_by_the_other(ledger).await;
}

#[tokio::test]
async fn two_gateways_on_one_redis_share_a_strike() {
    let Some(redis) = crate::server::Server::start() else { return };
    a_strike_through_one_gateway_is_refused_by_the_other(redis.url()).await;
}
