//! A child with many tasks that call one provider through one guard.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use planguard::{PlanGuard, refusal::Refused};
use tower::{Layer as _, ServiceExt as _};

/// How many tasks of `tasks` are refused. Each of them asks until it is, at
/// most `calls` times.
pub async fn refused(plan: &PlanGuard, provider: &str, tasks: usize, calls: usize) -> usize {
    let provider = provider.trim_end_matches('/').to_owned();
    let client = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build_http::<Full<Bytes>>();
    let transport = tower::service_fn(move |mut request: Request<Full<Bytes>>| {
        let url = format!("{provider}{}", request.uri().path());
        *request.uri_mut() = url.parse().unwrap();
        client.request(request)
    });
    let service = plan.layer().layer(transport);
    let tasks = (0..tasks).map(|_| {
        let service = service.clone();
        tokio::spawn(async move {
            for _ in 0..calls {
                match service.clone().oneshot(request()).await {
                    Ok(response) => {
                        let _ = Response::into_body(response).collect().await;
                    }
                    Err(error) => return Refused::find(error.as_ref()).is_some(),
                }
            }
            false
        })
    });
    join_all(tasks).await.into_iter().filter(|done| *done.as_ref().unwrap()).count()
}

fn request() -> Request<Full<Bytes>> {
    Request::post("https://api.z.ai/api/anthropic/v1/messages")
        .header("authorization", "Bearer a.secret")
        .header("user-agent", "planguard-tests/1")
        .body(Full::from(r#"{"model":"glm-5.2","messages":[]}"#))
        .unwrap()
}
