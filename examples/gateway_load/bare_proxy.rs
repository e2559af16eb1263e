//! The plainest proxy of axum and reqwest: what any gateway costs.

use axum::{Router, body::Body, extract::State, response::Response};
use http::{Request, StatusCode};
use planguard::reqwest::harden;

#[derive(Clone)]
struct Upstream {
    client: reqwest::Client,
    url: String,
}

/// Sends a request on, and its answer back as it comes.
async fn forward(State(to): State<Upstream>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let sent = async {
        let body = axum::body::to_bytes(body, 64 * 1024 * 1024).await.ok()?;
        let request = to.client.request(parts.method, format!("{}{path}", to.url));
        let mut headers = parts.headers;
        headers.remove(http::header::HOST);
        request.headers(headers).body(body).send().await.ok()
    };
    match sent.await {
        Some(response) => http::Response::<reqwest::Body>::from(response).map(Body::new),
        None => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        }
    }
}

/// `bare_proxy URL`: listens on a free port, and says on which.
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let url = std::env::args().nth(1).expect("the upstream's URL");
    let client = harden(reqwest::Client::builder()).no_proxy().tcp_nodelay(true);
    let client = client.build().expect("a client");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(forward).with_state(Upstream { client, url }))
        .await
}
