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

use planguard::{PlanGuard, profile, sim::Ladder};
use planguard_recipes::Upstream;

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
    assert_eq!(read, 4);
}
