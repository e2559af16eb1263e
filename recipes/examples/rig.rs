//! rig: its client over a reqwest-middleware stack that ends with planguard.
//!
//! A model's errors hold the refusal, but name no source: take it out as below.
//! An agent's errors are texts, of the refusal too.

use planguard::{BoxError, PlanGuard, profile, refusal::Refused};
use planguard_recipes::Upstream;
use reqwest_middleware::ClientBuilder;
use rig::{
    ProviderError,
    completion::CompletionRequest,
    http_client,
    providers::openai::{OpenAIConfig, wire::ZAI_CODING},
    rig_reqwest::ReqwestMiddlewareClient,
};

/// How many of the calls were refused.
pub async fn run(upstream: &Upstream) -> Result<u32, BoxError> {
    let plan = PlanGuard::builder(profile::zai()).ledger(upstream.ledger()?).build()?;
    let http = ClientBuilder::new(upstream.client()).with(plan.middleware()).build();
    let zai = OpenAIConfig::with_key(&ZAI_CODING, upstream.api_key.as_str())
        .with_base_url(&upstream.base_url)
        .client()
        .with_http(ReqwestMiddlewareClient::from(http));
    let model = zai.chat("glm-5.2");

    let mut refusals = 0;
    for _ in 0..upstream.calls {
        match model.call(CompletionRequest::new("Reverse a string in Rust.")).await {
            Ok(answer) => println!("{:?}", answer.choice),
            Err(error) => match refused(&error) {
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

fn refused(error: &ProviderError) -> Option<&Refused> {
    let ProviderError::Http(error) = error else { return None };
    let http_client::Error::Instance(error) = &**error else { return None };
    Refused::find(error.as_ref())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    run(&Upstream::from_env().await?).await.map(drop)
}
