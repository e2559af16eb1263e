//! `answer_refusals`: a refusal as a response that clients read as final.

use std::convert::Infallible;

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use planguard::{
    refusal::{Dialect, is_safe},
    workload::{Policy, WorkloadBody},
};
use serde_json::Value;
use tower::{Layer, ServiceExt};

use crate::upstream::{Book, STORY, layer, request, turn, upstream};

const DIALECTS: [(Dialect, u16); 2] = [(Dialect::OpenAi, 400), (Dialect::Anthropic, 451)];

async fn answer(dialect: Dialect, words: &str) -> (Book, Response<WorkloadBody<Full<Bytes>>>) {
    let book = Book::default();
    let answering = layer(Policy::new()).answer_refusals(dialect);
    let guarded = answering.layer(upstream::<Full<Bytes>>(&book));
    // The error stays the inner service's own.
    let Ok(response): Result<_, Infallible> =
        guarded.oneshot(request(Full::from(turn(words)))).await;
    (book, response)
}

#[tokio::test]
async fn a_refusal_is_a_response_in_the_clients_dialect() {
    for (dialect, status) in DIALECTS {
        let (book, response) = answer(dialect, STORY).await;
        assert!(book.all().is_empty(), "{dialect:?}");
        assert_eq!(response.status(), status, "{dialect:?}");
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(!response.headers().contains_key("retry-after"));
        let body = response.into_body();
        let hint = body.size_hint().exact();
        assert!(!body.is_end_stream());
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(hint, Some(body.len() as u64), "its length is known");
        let text = std::str::from_utf8(&body).unwrap();
        assert!(is_safe(text), "{text}");
        let json: Value = serde_json::from_str(text).unwrap();
        let message = json["error"]["message"].as_str().unwrap();
        for part in ["workload_refused", "bedtime", "metered endpoint", "x-planguard-workload"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        match dialect {
            Dialect::OpenAi => assert_eq!(json["error"]["code"], "workload_refused"),
            _ => assert_eq!(json["type"], "error"),
        }
    }
}

#[tokio::test]
async fn what_passes_is_answered_by_the_service() {
    for (dialect, _) in DIALECTS {
        let (book, response) = answer(dialect, "Fix the failing test in src/parser.rs").await;
        assert_eq!((book.all().len(), response.status().as_u16()), (1, 200));
        assert_eq!(response.body().size_hint().exact(), Some(8));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "answered");
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn it_fits_around_an_axum_router() {
    use axum::{Router, body::Body};
    for (dialect, status) in DIALECTS {
        let app = Router::new().fallback(|body: Bytes| async move { body });
        let app = app.layer(layer(Policy::new()).answer_refusals(dialect));
        let send = |words: &str| {
            let asked: http::Request<Body> = request(turn(words).into());
            app.clone().oneshot(asked)
        };
        let Ok(refused): Result<_, Infallible> = send(STORY).await;
        assert_eq!(refused.status(), status);
        let words = "Fix the failing test in src/parser.rs";
        let Ok(echoed): Result<_, Infallible> = send(words).await;
        let echoed = echoed.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(echoed, turn(words), "the body reaches the handler whole");
    }
}
