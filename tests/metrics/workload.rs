//! What is told of requests that the non-coding guard judges.

use std::time::Duration;

use metrics_util::debugging::DebuggingRecorder;
use planguard::{
    exchange::{Verdict, Workload},
    sim::Answer,
    workload::{Action, AsyncClassifier, Classifying, Metered, Policy, View},
};

use crate::{
    book, send,
    wire::{METERED, Surface, Transport, Wire, guard, provider, request},
    work::{BUG, STORY, turn, within_turn},
};

fn wire() -> Wire {
    Wire::in_process(&provider(Transport::InProcess).mode(Answer::completion()).build())
}

#[tokio::test(start_paused = true)]
async fn a_blocked_request_shows_with_its_verdict_and_its_refusal() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), wire());
    send(&plan, &wire, turn(Surface::OpenAi, STORY)).await.unwrap_err();
    assert_eq!(book.counts("workload_requests_total"), ["zai non_coding blocked 1"]);
    assert_eq!(book.counts("refusals_total"), ["zai workload_refused 1"]);
    assert!(book.counts("requests_total").is_empty(), "the breaker never saw it");
}

#[tokio::test(start_paused = true)]
async fn every_action_shows() {
    let metered = Metered::new("own.key")
        .at(planguard::profile::Surface::Openai, "http://127.0.0.1:8000/v1".parse().unwrap());
    for (action, shown) in [
        (Action::Pass, "zai non_coding passed 1"),
        (Action::Report, "zai non_coding reported 1"),
        (Action::Warn, "zai non_coding warned 1"),
        (Action::Block, "zai non_coding blocked 1"),
        (Action::Reroute(metered), "zai non_coding rerouted 1"),
    ] {
        let recorder = DebuggingRecorder::new();
        let (_on, mut book) = book::open(&recorder);
        let plan = guard().non_coding(action).build().unwrap();
        let _ = send(&plan, &wire(), turn(Surface::OpenAi, STORY)).await;
        assert_eq!(book.counts("workload_requests_total"), [shown]);
    }
}

#[tokio::test(start_paused = true)]
async fn verdicts_show_as_they_are_estimated() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), wire());
    let mut declared = turn(Surface::OpenAi, STORY);
    declared.extensions_mut().insert(Workload::Coding);
    let requests = [
        turn(Surface::OpenAi, BUG),
        within_turn(Surface::OpenAi, STORY),
        declared,
        // Says nothing that could be judged.
        request(Surface::OpenAi.url(), "a", false),
    ];
    for request in requests {
        send(&plan, &wire, request).await.unwrap();
    }
    let shown = [
        "zai coding passed 1",
        "zai non_coding passed 1",
        "zai non_coding within_turn 1",
        "zai unclear passed 1",
    ];
    assert_eq!(book.counts("workload_requests_total"), shown);
}

#[tokio::test(start_paused = true)]
async fn each_judged_request_is_timed_once_and_no_other() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), wire());
    for words in [BUG, STORY, BUG] {
        let _ = send(&plan, &wire, turn(Surface::Anthropic, words)).await;
    }
    let times = book.times("workload_seconds");
    assert_eq!(times.len(), 3);
    assert!(times.iter().all(|time| *time > 0.0 && *time < 1.0), "{times:?}");
    send(&plan, &wire, request(METERED, "a", false)).await.unwrap();
    plan.assess(&http::Request::new("{}"));
    assert_eq!(book.times("workload_seconds").len(), 3);
}

/// Takes its time, by the machine's clock.
struct Slow;

impl AsyncClassifier for Slow {
    fn classify(&self, _: View) -> Classifying {
        Box::pin(async {
            std::thread::sleep(Duration::from_millis(2));
            Verdict::new(Workload::Coding)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_classifiers_time_is_in_it() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let plan = guard().workload(Policy::new().async_classifier(Slow)).build().unwrap();
    send(&plan, &wire(), turn(Surface::OpenAi, BUG)).await.unwrap();
    let times = book.times("workload_seconds");
    assert!(times.len() == 1 && times[0] >= 0.002, "{times:?}");
}
