//! reqwest-retry in a client that asks a provider in process.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use planguard::{
    BoxError, PlanGuard,
    refusal::Refused,
    reqwest::harden,
    sim::{Answer, Provider},
};
use reqwest_middleware::{ClientBuilder, Middleware};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use crate::{URL, in_process::InProcess, plan, provider, request, retry};

pub async fn ask(
    retry: impl Middleware,
    plan: PlanGuard,
    provider: &Provider,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, BoxError> {
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(retry)
        .with(plan.middleware())
        .with(InProcess(provider.clone()))
        .build();
    let request = request.map(|_| "{}").try_into()?;
    Ok(client.execute(request).await?.status())
}

#[tokio::test(start_paused = true)]
async fn the_stock_retry_outside_reaches_the_provider_once_on_a_strike() {
    for code in [1313, 1112, 1302, 1308, 1113] {
        let provider = provider(vec![Answer::error(code); 8]);
        let policy = ExponentialBackoff::builder().build_with_max_retries(3);
        let stock = RetryTransientMiddleware::new_with_policy(policy);
        ask(stock, plan(), &provider, request(URL)).await.unwrap_err();
        assert_eq!(provider.total().total, 1, "{code}");
    }
}

/// reqwest-retry wraps what it gives up on in an error of its own, and in
/// another one if it has repeated before.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_found_below_reqwest_retrys_own_error() {
    for busy in [0, 2] {
        for stock in [false, true] {
            let mut answers = vec![Answer::overloaded(); busy];
            answers.extend(vec![Answer::error(1313); 8]);
            let provider = provider(answers);
            let error = if stock {
                let policy = ExponentialBackoff::builder().build_with_max_retries(3);
                let stock = RetryTransientMiddleware::new_with_policy(policy);
                ask(stock, plan(), &provider, request(URL)).await.unwrap_err()
            } else {
                ask(retry().middleware(), plan(), &provider, request(URL)).await.unwrap_err()
            };
            assert!(Refused::find(error.as_ref()).is_some(), "{busy} {stock}: {error:?}");
            assert_eq!(provider.total().total, busy as u64 + 1, "{busy} {stock}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_never_made_is_tried_again() {
    // Nobody listens where a listener was.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = harden(reqwest::Client::builder().no_proxy().resolve("api.z.ai", gone));
    let client = ClientBuilder::new(client.build().unwrap())
        .with(retry().middleware())
        .with(plan().middleware())
        .build();
    let url = format!("http://api.z.ai:{}/api/coding/paas/v4/chat/completions", gone.port());
    let request = request(&url).map(|_| "{}").try_into().unwrap();
    let began = tokio::time::Instant::now();
    client.execute(request).await.unwrap_err();
    // Three waits of at least half a second.
    assert!(began.elapsed().as_millis() >= 1_500, "{:?}", began.elapsed());
}
