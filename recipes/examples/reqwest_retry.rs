//! reqwest-retry and reqwest-tracing outside, planguard last. Any strategy is
//! safe there; `PlanRetry` also knows what a repeat can help.

use planguard::{BoxError, PlanGuard, profile, refusal::Refused, retry::PlanRetry};
use planguard_recipes::Upstream;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
use reqwest_tracing::TracingMiddleware;

/// As reqwest-retry ships it.
pub fn stock(upstream: &Upstream, plan: &PlanGuard) -> ClientWithMiddleware {
    let backoff = ExponentialBackoff::builder().build_with_max_retries(3);
    ClientBuilder::new(upstream.client())
        .with(RetryTransientMiddleware::new_with_policy(backoff))
        .with(TracingMiddleware::default())
        .with(plan.middleware())
        .build()
}

/// With planguard's strategy.
pub fn knowing(upstream: &Upstream, plan: &PlanGuard) -> ClientWithMiddleware {
    ClientBuilder::new(upstream.client())
        .with(PlanRetry::new().middleware())
        .with(TracingMiddleware::default())
        .with(plan.middleware())
        .build()
}

/// How many of the calls were refused.
pub async fn run(upstream: &Upstream, client: ClientWithMiddleware) -> Result<u32, BoxError> {
    let mut refusals = 0;
    for _ in 0..upstream.calls {
        let request = client
            .post(format!("{}/chat/completions", upstream.base_url))
            .bearer_auth(&upstream.api_key)
            .header("user-agent", "planguard-recipe/1")
            .body(r#"{"model":"glm-5.2","messages":[{"role":"user","content":"fn main?"}]}"#);
        match request.send().await {
            Ok(response) => println!("{}", response.text().await?),
            Err(error) => match Refused::find(&error) {
                Some(refused) => {
                    println!("{refused}");
                    refusals += 1;
                }
                None => return Err(error.into()),
            },
        }
    }
    Ok(refusals)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt().init();
    let upstream = Upstream::from_env().await?;
    let plan = PlanGuard::builder(profile::zai()).ledger(upstream.ledger()?).build()?;
    run(&upstream, knowing(&upstream, &plan)).await.map(drop)
}
