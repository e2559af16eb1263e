//! async-openai: planguard inside its retry layer, which `with_http_service`
//! drops unless it is added again.

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    middleware::{HttpRequestFactory, retry::OpenAIRetryLayer},
    types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs},
};
use planguard::{BoxError, PlanGuard, profile, refusal::Refused};
use planguard_recipes::Upstream;
use tower::{ServiceBuilder, ServiceExt, service_fn};

/// How many of the calls were refused.
pub async fn run(upstream: &Upstream) -> Result<u32, BoxError> {
    let plan = PlanGuard::builder(profile::zai()).ledger(upstream.ledger()?).build()?;
    let guarded = plan.reqwest_service(upstream.client());
    let http = ServiceBuilder::new().layer(OpenAIRetryLayer::default()).service(service_fn(
        move |factory: HttpRequestFactory| {
            let guarded = guarded.clone();
            async move {
                let request = factory.build().await?;
                guarded.oneshot(request).await.map_err(OpenAIError::Boxed)
            }
        },
    ));
    let config = OpenAIConfig::new()
        .with_api_base(&upstream.base_url)
        .with_api_key(&upstream.api_key)
        .with_header("user-agent", "planguard-recipe/1")?;
    let client = Client::with_config(config).with_http_service(http);

    let mut refusals = 0;
    for _ in 0..upstream.calls {
        let question = ChatCompletionRequestUserMessage::from("Reverse a string in Rust.");
        let request = CreateChatCompletionRequestArgs::default()
            .model("glm-5.2")
            .messages([question.into()])
            .build()?;
        match client.chat().create(request).await {
            Ok(answer) => println!("{:?}", answer.choices[0].message.content),
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
    run(&Upstream::from_env().await?).await.map(drop)
}
