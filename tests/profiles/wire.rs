//! A provider that answers as it is told, and counts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use planguard::{BoxError, PlanGuard, refusal::Refused};
use tower::{Layer, ServiceExt, service_fn};

pub type Call = Request<Full<Bytes>>;

/// A request to `url` with these headers, of a client that names itself.
pub fn request(url: &str, headers: &[(&str, &str)]) -> Call {
    let mut request = Request::post(url).header("user-agent", "planguard-tests/1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from("{}")).unwrap()
}

/// The same with the words of a person in it, in the format of Anthropic.
#[cfg(feature = "workload")]
pub fn turn(url: &str, headers: &[(&str, &str)], words: &str) -> Call {
    let body = format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"{words}"}}]}}"#
    );
    request(url, headers).map(|_| Full::from(body))
}

/// A bearer token of `account` that was issued at `issued`.
pub fn token(account: &str, issued: u32) -> String {
    let claims =
        format!(r#"{{"https://wire.example/auth":{{"account":"{account}"}},"iat":{issued}}}"#);
    format!("Bearer eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// Always the same answer, and how often it was given.
#[derive(Clone)]
pub struct Provider {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    pub fn new(status: u16, body: &'static str) -> Self {
        Self { status, headers: &[], body, asked: Arc::default() }
    }

    pub fn headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The status that comes through `plan`, its body read to the end.
    pub async fn ask(&self, plan: &PlanGuard, request: Call) -> Result<u16, Refused> {
        let own = self.clone();
        let provider = service_fn(move |_: Call| {
            own.asked.fetch_add(1, Ordering::SeqCst);
            let head =
                Response::builder().status(own.status).header("content-type", "application/json");
            let headers = own.headers.iter();
            let response = headers
                .fold(head, |head, (name, value)| head.header(*name, *value))
                .body(Full::<Bytes>::from(own.body))
                .unwrap();
            async move { Ok::<_, BoxError>(response) }
        });
        let answer = plan.layer().layer(provider).oneshot(request).await;
        let response =
            answer.map_err(|error| Refused::find(&*error).expect("a refusal").clone())?;
        let status = response.status().as_u16();
        response.into_body().collect().await.unwrap();
        Ok(status)
    }
}
