//! Each recipe, offline: one hit a strike, and a refusal that is found.
#![allow(dead_code)] // Their `main`.

#[path = "../examples/async_openai.rs"]
mod async_openai_recipe;
#[path = "../examples/body_reader.rs"]
mod body_reader;
#[path = "../examples/reqwest_retry.rs"]
mod reqwest_retry_recipe;
#[path = "../examples/rig.rs"]
mod rig_recipe;

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use body_reader::Reader;
use planguard::{
    PlanGuard, profile,
    sim::{Answer, Ladder, Mode, Provider},
};
use planguard_recipes::Upstream;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

const RECIPES: [&str; 4] = ["async_openai", "body_reader", "reqwest_retry", "rig"];

/// The second of three calls strikes.
async fn upstream() -> Upstream {
    Upstream::simulated(Ladder::at_request(2)).await.unwrap()
}

/// What a recipe's three calls came to: refusals, hits.
const ONE_HIT_A_STRIKE: (u32, Option<u64>) = (2, Some(2));

#[tokio::test]
async fn async_openai_hits_once_and_finds_the_refusal() {
    let upstream = upstream().await;
    let refusals = async_openai_recipe::run(&upstream).await.unwrap();
    assert_eq!((refusals, upstream.hits()), ONE_HIT_A_STRIKE);
}

#[tokio::test]
async fn rig_hits_once_and_finds_the_refusal() {
    let upstream = upstream().await;
    let refusals = rig_recipe::run(&upstream).await.unwrap();
    assert_eq!((refusals, upstream.hits()), ONE_HIT_A_STRIKE);
}

#[tokio::test]
async fn reqwest_retry_hits_once_whatever_its_strategy() {
    for build in [reqwest_retry_recipe::stock, reqwest_retry_recipe::knowing] {
        let upstream = upstream().await;
        let plan =
            PlanGuard::builder(profile::zai()).ledger(upstream.ledger().unwrap()).build().unwrap();
        let client = build(&upstream, &plan);
        let refusals = reqwest_retry_recipe::run(&upstream, client).await.unwrap();
        assert_eq!((refusals, upstream.hits()), ONE_HIT_A_STRIKE);
    }
}

#[tokio::test]
async fn a_body_reader_above_and_below_hides_nothing() {
    let upstream = upstream().await;
    let refusals = body_reader::run(&upstream).await.unwrap();
    assert_eq!((refusals, upstream.hits()), ONE_HIT_A_STRIKE);
}

/// Asks for a stream: the status, and the body or the refusal.
async fn ask(client: &ClientWithMiddleware, upstream: &Upstream) -> Result<(u16, String), String> {
    let request = client
        .post(format!("{}/chat/completions", upstream.base_url))
        .bearer_auth(&upstream.api_key)
        .header("user-agent", "planguard-recipe/1")
        .body(r#"{"model":"glm-5.2","messages":[],"stream":true}"#);
    let response = request.send().await.map_err(|error| error.to_string())?;
    Ok((response.status().as_u16(), response.text().await.map_err(|error| error.to_string())?))
}

/// A client without planguard, and one with a body reader above and below it.
async fn both(mode: impl Into<Mode>) -> (Upstream, ClientWithMiddleware, ClientWithMiddleware) {
    let upstream = Upstream::simulated(mode).await.unwrap();
    let ledger = upstream.ledger().unwrap();
    let plan = PlanGuard::builder(profile::zai()).ledger(ledger).build().unwrap();
    let bare = ClientBuilder::new(upstream.client()).build();
    let guarded = ClientBuilder::new(upstream.client())
        .with(Reader("above"))
        .with(plan.middleware())
        .with(Reader("below"))
        .build();
    (upstream, bare, guarded)
}

#[tokio::test]
async fn a_body_reader_above_and_below_leaves_bodies_whole() {
    const EVENTS: &str = "data: {\"choices\":[{\"delta\":{}}]}\n\n: pause\n\ndata: [DONE]\n\n";
    for (status, kind, body) in [
        (200, "text/event-stream", EVENTS),
        (200, "application/json", r#"{"choices":[{"message":{"content":"1313"}}]}"#),
        (400, "application/json", r#"{"error":{"code":"1211","message":"no such model"}}"#),
    ] {
        let answer = Answer::raw(status.try_into().unwrap(), body).header("content-type", kind);
        let (upstream, bare, guarded) = both(answer).await;
        let expected = Ok((status, body.to_owned()));
        assert_eq!(ask(&bare, &upstream).await, expected);
        assert_eq!(ask(&guarded, &upstream).await, expected);
    }
}

#[tokio::test]
async fn a_body_reader_above_and_below_hides_no_strike_within_a_stream() {
    let (upstream, _, guarded) = both(Answer::mid_stream(2, 1313)).await;
    let (status, body) = ask(&guarded, &upstream).await.unwrap();
    assert!(status == 200 && body.contains("1313"), "the provider's own bytes: {body}");
    ask(&guarded, &upstream).await.unwrap_err();
    assert_eq!(upstream.hits(), Some(1));
}

/// A ledger that is not the login's.
fn ledger(name: &str) -> PathBuf {
    let name = format!("{name}-{}.jsonl", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs a recipe as its user does. `cargo test` has built it.
async fn run(recipe: &str, environment: &[(&str, String)]) -> Output {
    let tests = std::env::current_exe().unwrap();
    let target: PathBuf = tests.ancestors().nth(2).unwrap().join("examples");
    let name = format!("{recipe}{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(target.join(name));
    for name in ["PLANGUARD_BASE_URL", "PLANGUARD_API_KEY"] {
        command.env_remove(name);
    }
    command.envs(environment.iter().cloned()).env("PLANGUARD_LEDGER", ledger(recipe));
    let running = tokio::task::spawn_blocking(move || command.output());
    running.await.unwrap().expect("the recipe was built")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_variables_send_one_call_to_the_endpoint_that_they_name() {
    for recipe in RECIPES {
        let provider = Provider::builder().latency(Duration::ZERO).build();
        let server = provider.serve().await.unwrap();
        let base = format!("http://{}/api/coding/paas/v4/", server.addr());
        let url = ("PLANGUARD_BASE_URL", base);
        let key = ("PLANGUARD_API_KEY", "own.secret".to_owned());
        let output = run(recipe, &[url.clone(), key]).await;
        assert!(output.status.success(), "{recipe}: {output:?}");
        let arrived: Vec<_> =
            provider.arrivals().into_iter().map(|a| (a.account, a.path)).collect();
        let expected = ("own".into(), "/api/coding/paas/v4/chat/completions".into());
        assert_eq!(arrived, [expected], "{recipe}");
        let half = run(recipe, &[url]).await;
        assert!(!half.status.success() && provider.total().total == 1, "{recipe}: {half:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_them_each_recipe_runs_offline_and_shows_the_refusal() {
    for recipe in RECIPES {
        let output = run(recipe, &[]).await;
        assert!(output.status.success(), "{recipe}: {output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let refusals = said.lines().filter(|line| line.starts_with("planguard stopped this call"));
        assert_eq!(refusals.count(), 2, "{recipe}: {said}");
        let ledger = std::fs::read_to_string(ledger(recipe)).unwrap_or_default();
        assert!(!ledger.contains("1313"), "a simulated strike stays out of it: {ledger}");
    }
}

#[test]
fn no_recipe_is_longer_than_60_lines() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut read = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 60, "{} has {lines}", path.display());
        read += 1;
    }
    assert_eq!(read, RECIPES.len());
}
