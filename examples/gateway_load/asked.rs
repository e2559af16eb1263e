//! A client of one address.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use planguard::BoxError;

use crate::figures::Times;

const BODY: &str = r#"{"model":"glm-5.2","stream":true,"messages":[{"role":"user","content":"Rename foo to bar in src/main.rs and fix the tests"}]}"#;

/// Many clients for so long.
pub struct Plan {
    pub at_once: u32,
    pub length: Duration,
}

pub struct Client {
    client: reqwest::Client,
    url: String,
}

impl Client {
    pub fn new(url: &str, path: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true);
        let client = client.build().expect("a client without TLS");
        Self { client, url: format!("{url}{path}") }
    }

    /// Asks for a stream as account `n`: one account may have few unanswered
    /// calls at once, which is not what is measured.
    pub async fn ask(&self, n: u32) -> Result<reqwest::Response, reqwest::Error> {
        let request = self
            .client
            .post(&self.url)
            .header("authorization", format!("Bearer k{n}.secret"))
            .header("user-agent", "load/1")
            .header("content-type", "application/json");
        request.body(BODY).send().await
    }

    /// How long the first byte of each of `requests` streams takes. The rest
    /// is not waited for.
    pub async fn first_bytes(&self, requests: u32, at_once: u32) -> Result<Times, BoxError> {
        let times = stream::iter(0..requests).map(|n| async move {
            let began = Instant::now();
            let mut response = self.ask(n % at_once).await?.error_for_status()?;
            response.chunk().await?;
            Ok::<_, reqwest::Error>(began.elapsed())
        });
        let times: Vec<_> = times.buffer_unordered(at_once as usize).collect().await;
        Ok(Times::from(times.into_iter().collect::<Result<Vec<_>, _>>()?))
    }

    /// The same for one stream that is read to its end.
    pub async fn whole(&self, n: u32) -> Result<Duration, BoxError> {
        let began = Instant::now();
        let mut response = self.ask(n).await?.error_for_status()?;
        response.chunk().await?;
        let first = began.elapsed();
        while response.chunk().await?.is_some() {}
        Ok(first)
    }
}
