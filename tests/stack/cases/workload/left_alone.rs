//! What no plan pays for, or asks nothing of a model, is not judged.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::Method;
use planguard::{
    exchange::{Verdict, Workload},
    sim::{Answer, Metered, Provider},
    workload::{Action, Classifier, Policy, View},
};

use super::ask;
use crate::{
    wire::{METERED, Surface, Transport, guard, provider},
    work::{STORY, bytes_of, recorded, turn, with_body},
};

fn answering() -> Provider {
    let provider = provider(Transport::InProcess).metered(Metered::Paid);
    provider.mode(Answer::completion()).build()
}

/// Takes everything for other work, and counts how often it is asked.
#[derive(Clone, Default)]
struct Everything(Arc<AtomicUsize>);

impl Classifier for Everything {
    fn classify(&self, _: &View) -> Verdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        Verdict::new(Workload::NonCoding)
    }
}

async fn is_not_judged(method: Method, url: &str) {
    let (wire, sent) = recorded(&answering());
    let asked_for = Everything::default();
    let policy = Policy::new().classifier(asked_for.clone()).unclear(Action::Block);
    let plan = guard().workload(policy).build().unwrap();
    let body = bytes_of(&turn(Surface::OpenAi, STORY));
    for header in [None, Some("non_coding")] {
        let mut asked = with_body(url, body.clone());
        *asked.method_mut() = method.clone();
        if let Some(header) = header {
            asked.headers_mut().insert("x-planguard-workload", header.parse().unwrap());
        }
        ask(&plan, &wire, asked)
            .await
            .unwrap_or_else(|refused| panic!("{method} {url}: {refused}"));
    }
    assert_eq!(sent.all().len(), 2, "{method} {url}");
    assert!(sent.all().iter().all(|arrived| arrived.body() == &body), "{method} {url}");
    assert_eq!(asked_for.0.load(Ordering::Relaxed), 0, "{method} {url}");
    for account in plan.snapshot() {
        assert_eq!(account.workload, Default::default(), "{method} {url}");
    }
}

#[tokio::test(start_paused = true)]
async fn methods_that_ask_nothing_of_a_model_are_not_judged() {
    for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
        is_not_judged(method, Surface::OpenAi.url()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_vendors_metered_endpoint_is_not_judged() {
    is_not_judged(Method::POST, METERED).await;
}

#[tokio::test(start_paused = true)]
async fn hosts_that_nobody_claims_are_not_judged() {
    is_not_judged(Method::POST, "https://example.com/api/coding/paas/v4/chat/completions").await;
    is_not_judged(Method::POST, "http://127.0.0.1:8000/v1/chat/completions").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_judged_would_have_been_blocked_on_the_plan() {
    let (wire, sent) = recorded(&answering());
    let plan = guard().workload(Policy::new().classifier(Everything::default())).build().unwrap();
    ask(&plan, &wire, turn(Surface::OpenAi, STORY)).await.unwrap_err();
    assert!(sent.all().is_empty());
}
