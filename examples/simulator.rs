//! The simulated provider as a program, to test clients in any language
//! against.
//!
//! ```text
//! cargo run --example simulator --features gateway -- --answers completion,error:1313
//! ```
//!
//! Answers are given in turn, the last one from there on: `completion`,
//! `error:CODE`, `mid_stream:DELTAS:CODE` (for a request that asks for a
//! stream), `overloaded`, `reset`. What arrived, in order, is at
//! `/simulator/arrivals`, and how much of it after the first signal was sent at
//! `/simulator/tally`; asking for them is no arrival.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use axum::body::Body;
use clap::Parser;
use http::{HeaderValue, Request, Response, header::CONTENT_TYPE};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use planguard::{
    BoxError,
    sim::{Answer, Provider, Script},
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

#[derive(Parser)]
#[command(about = "A simulated provider on loopback")]
struct Args {
    /// What is answered, in turn; the last one from there on.
    #[arg(long, value_delimiter = ',', default_value = "completion", value_parser = answer)]
    answers: Vec<Answer>,
    /// Pieces of text in a stream.
    #[arg(long, default_value_t = 8)]
    deltas: usize,
    /// Milliseconds between two pieces.
    #[arg(long, default_value_t = 0)]
    pace_ms: u64,
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

fn answer(text: &str) -> Result<Answer, String> {
    let parts: Vec<_> = text.split(':').collect();
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    Ok(match parts[..] {
        ["completion"] => Answer::completion(),
        ["error", code] => Answer::error(number(code)?),
        ["mid_stream", deltas, code] => Answer::mid_stream(number(deltas)?.into(), number(code)?),
        ["overloaded"] => Answer::overloaded(),
        ["reset"] => Answer::reset(),
        _ => {
            let known = "completion, error:CODE, mid_stream:DELTAS:CODE, overloaded, reset";
            return Err(format!("`{text}` is none of {known}"));
        }
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), BoxError> {
    let last = args.answers.last().cloned().unwrap_or_else(Answer::completion);
    let provider = Provider::builder()
        .mode(Script::new(args.answers).then(last))
        .deltas(args.deltas)
        .latency(Duration::ZERO)
        .pace(Duration::from_millis(args.pace_ms))
        .build();
    let listener = TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(stream, provider.clone()));
    }
}

async fn connection(stream: TcpStream, provider: Provider) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(provider.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(
    provider: Provider,
    request: Request<Incoming>,
) -> Result<Response<Body>, planguard::sim::Error> {
    match request.uri().path() {
        "/simulator/arrivals" => Ok(json(&arrivals(&provider))),
        "/simulator/tally" => Ok(json(&tally(&provider))),
        _ => Ok(provider.service().call(request).await?.map(Body::new)),
    }
}

fn arrivals(provider: &Provider) -> Value {
    let arrivals = provider.arrivals();
    let each = arrivals
        .iter()
        .map(|arrival| json!({ "account": &*arrival.account, "path": &*arrival.path }));
    each.collect()
}

fn tally(provider: &Provider) -> Value {
    let tally = provider.total();
    json!({ "total": tally.total, "after_first_signal": tally.after_first_signal })
}

fn json(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
