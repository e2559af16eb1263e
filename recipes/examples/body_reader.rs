//! A middleware that reads whole bodies, as caches and loggers do, above and
//! below planguard: a strike is heard through it, and bodies stay whole.

use async_trait::async_trait;
use planguard::{BoxError, PlanGuard, profile, refusal::Refused};
use planguard_recipes::Upstream;
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{ClientBuilder, Middleware, Next, Result};

/// Reads each answer to its end, and hands a copy on.
pub struct Reader(pub &'static str);

#[async_trait]
impl Middleware for Reader {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let response = next.run(request, extensions).await?;
        let (status, url) = (response.status(), response.url().clone());
        let mut copy = http::Response::builder().status(status).url(url);
        copy.headers_mut().expect("a valid status").extend(response.headers().clone());
        let body = response.bytes().await?;
        println!("{}: {status}, {} bytes", self.0, body.len());
        Ok(copy.body(body).expect("a valid head").into())
    }
}

/// How many of the calls were refused.
pub async fn run(upstream: &Upstream) -> std::result::Result<u32, BoxError> {
    let plan = PlanGuard::builder(profile::zai()).ledger(upstream.ledger()?).build()?;
    let client = ClientBuilder::new(upstream.client()).with(Reader("above"));
    let client = client.with(plan.middleware()).with(Reader("below")).build();
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
async fn main() -> std::result::Result<(), BoxError> {
    run(&Upstream::from_env().await?).await.map(drop)
}
