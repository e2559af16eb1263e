//! The simulated provider behaves as its documentation says.

mod bad_server;
mod conformance;
mod enforcement;
mod loopback;
mod modes;
mod wire;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use planguard::sim::{Error, Provider};
use tower::ServiceExt;

const OPENAI: &str = "/api/coding/paas/v4/chat/completions";
const METERED: &str = "/api/paas/v4/chat/completions";
const ANTHROPIC: &str = "/api/anthropic/v1/messages";
const RESPONSES: &str = "/api/v1/responses";

/// An answer, read to its end.
#[derive(Debug)]
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: Result<String, Error>,
}

impl Seen {
    fn text(&self) -> &str {
        self.body.as_deref().expect("a body that ends well")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).expect("a JSON body")
    }

    /// The business code of a JSON error body.
    fn code(&self) -> Option<String> {
        let code = self.json().get("error")?.get("code")?.as_str()?.to_owned();
        Some(code)
    }
}

fn request(path: &str, account: &str, stream: bool) -> Request<Full<Bytes>> {
    let body = format!(r#"{{"model":"glm-5.2","messages":[],"stream":{stream}}}"#);
    Request::post(format!("https://api.z.ai{path}"))
        .header("authorization", format!("Bearer {account}.secret"))
        .body(Full::from(body))
        .unwrap()
}

async fn send(provider: &Provider, request: Request<Full<Bytes>>) -> Result<Seen, Error> {
    let response = provider.service().oneshot(request).await?;
    let (head, body) = response.into_parts();
    let body =
        body.collect().await.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
    Ok(Seen { status: head.status, headers: head.headers, body })
}

/// A request of account `a` that asks for no stream.
async fn ask(provider: &Provider) -> Seen {
    send(provider, request(OPENAI, "a", false)).await.expect("an answer")
}

async fn ask_for_stream(provider: &Provider, path: &str) -> Seen {
    send(provider, request(path, "a", true)).await.expect("an answer")
}

/// The codes of the next `n` answers; 0 for a completion.
async fn codes(provider: &Provider, n: usize) -> Vec<u16> {
    let mut codes = Vec::new();
    for _ in 0..n {
        let code = ask(provider).await.code();
        codes.push(code.map_or(0, |code| code.parse().unwrap()));
    }
    codes
}
