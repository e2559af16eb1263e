//! What is told of answers: how long they took to read, and which were not.

use std::time::Duration;

use http::StatusCode;
use http_body::Body;
use metrics_util::debugging::DebuggingRecorder;
use planguard::sim::Answer;
use tower::{Layer, ServiceExt};

use crate::{
    ask, book, send,
    wire::{Surface, Transport, Wire, WireRequest, guard, hear, provider, request},
};

fn answering(answer: Answer) -> Wire {
    Wire::in_process(&provider(Transport::InProcess).mode(answer).build())
}

fn one(stream: bool) -> WireRequest {
    request(Surface::Anthropic.url(), "a", stream)
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_timed_once_whatever_its_form() {
    let long = format!(r#"{{"choices":[{{"text":"{}"}}]}}"#, "word ".repeat(60_000));
    let json =
        |status, body: String| Answer::raw(status, body).header("content-type", "application/json");
    for (form, answer, stream) in [
        ("a document", Answer::completion(), false),
        ("a stream", Answer::completion(), true),
        ("an error", Answer::error(1210), false),
        ("an error in a stream", Answer::mid_stream(3, 1305), true),
        ("a long document", json(StatusCode::OK, long), false),
        ("an error without a body", json(StatusCode::BAD_GATEWAY, String::new()), false),
    ] {
        let recorder = DebuggingRecorder::new();
        let (_on, mut book) = book::open(&recorder);
        let (plan, wire) = (guard().build().unwrap(), answering(answer));
        for calls in 1..=3 {
            send(&plan, &wire, one(stream)).await.expect("nothing that halts");
            assert_eq!(book.times("inspection_seconds").len(), calls, "{form}");
        }
        // The provider's own time, which is tokio's, is not in it.
        let times = book.times("inspection_seconds");
        assert!(times.iter().all(|time| (0.0..0.1).contains(time)), "{form}: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_to_its_end_is_timed_when_it_is_dropped() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), answering(Answer::completion()));
    let response = plan.layer().layer(wire).oneshot(one(true)).await.unwrap();
    let mut body = Box::pin(response.into_body());
    let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
    assert!(frame.is_some_and(|frame| frame.is_ok()));
    assert!(book.times("inspection_seconds").is_empty(), "it is not over");
    drop(body);
    assert_eq!(book.times("inspection_seconds").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_judged_shows_with_its_cause() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let answer = Answer::raw(StatusCode::OK, "no such thing")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    let (plan, wire) = (guard().build().unwrap(), answering(answer));
    ask(&plan, &wire).await.unwrap();
    let why = if cfg!(feature = "decompression") { "corrupt" } else { "compressed" };
    assert_eq!(book.counts("uninspected_total"), [format!("zai {why} 1")]);
    let strange = Answer::completion().header("content-encoding", "canary-encoding");
    ask(&plan, &answering(strange)).await.unwrap();
    let mut expected = vec!["zai compressed 1".to_owned(), "zai corrupt 1".to_owned()];
    if why == "compressed" {
        expected = vec!["zai compressed 2".to_owned()];
    }
    assert_eq!(book.counts("uninspected_total"), expected);
}

#[tokio::test(start_paused = true)]
async fn what_detect_sees_alone_shows_too() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let plan = guard().build().unwrap();
    for _ in 0..2 {
        let wire = answering(Answer::error(1313));
        hear(plan.detect_layer().layer(wire), one(false)).await.expect("nothing is stopped");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(book.counts("signals_total"), ["zai policy_violation 2"]);
    assert_eq!(book.times("inspection_seconds").len(), 2);
    assert!(book.counts("requests_total").is_empty() && book.counts("strikes_total").is_empty());
}
