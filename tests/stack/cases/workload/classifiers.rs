//! Somebody else judges.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use planguard::{
    exchange::{Evidence, Verdict, Workload},
    refusal::Reason,
    sim::{Answer, Provider},
    workload::{AsyncClassifier, Classifier, Classifying, Policy, View},
};
use tokio::time::Instant;

use super::ask;
use crate::{
    wire::{Surface, Transport, guard, provider, request},
    work::{BUG, STORY, recorded, turn, within_turn},
};

fn answering() -> Provider {
    provider(Transport::InProcess).mode(Answer::completion()).build()
}

/// Takes whatever speaks of a parser for other work.
#[derive(Clone, Copy)]
struct NoParsers;

impl NoParsers {
    fn judge(self, view: &View) -> Verdict {
        if !view.newest.contains("parser") {
            return Verdict::new(Workload::Coding).score(0.1);
        }
        let line = Evidence::new("speaks_of", 300).words(vec!["parser"]);
        Verdict::new(Workload::NonCoding).score(0.77).evidence([line])
    }
}

impl Classifier for NoParsers {
    fn classify(&self, view: &View) -> Verdict {
        self.judge(view)
    }
}

/// The same, by a service that takes its time.
#[derive(Clone, Default)]
struct Slow {
    finished: Arc<AtomicUsize>,
}

const SLOW: Duration = Duration::from_secs(3);

impl AsyncClassifier for Slow {
    fn classify(&self, view: View) -> Classifying {
        let finished = self.finished.clone();
        Box::pin(async move {
            tokio::time::sleep(SLOW).await;
            finished.fetch_add(1, Ordering::Relaxed);
            NoParsers.judge(&view)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn another_classifier_judges_in_place_of_the_model() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, _) = recorded(&provider);
        let plan = guard().workload(Policy::new().classifier(NoParsers)).build().unwrap();
        ask(&plan, &wire, turn(surface, STORY)).await.expect("it speaks of no parser");
        let refused = ask(&plan, &wire, turn(surface, BUG)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
        let text = refused.to_string();
        assert!(text.contains("speaks of: parser") && text.contains("77 %"), "{text}");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_turn_begins_is_not_a_classifiers_business() {
    for policy in
        [Policy::new().classifier(NoParsers), Policy::new().async_classifier(Slow::default())]
    {
        for surface in Surface::ALL {
            let (wire, sent) = recorded(&answering());
            let plan = guard().workload(policy.clone()).build().unwrap();
            ask(&plan, &wire, within_turn(surface, BUG)).await.expect("it answers a tool");
            assert_eq!(sent.all().len(), 1, "{surface:?}");
            assert_eq!(plan.snapshot()[0].workload.within_turn, 1, "{surface:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_a_classifier_that_takes_its_time() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, sent) = recorded(&provider);
        let plan =
            guard().workload(Policy::new().async_classifier(Slow::default())).build().unwrap();
        let began = Instant::now();
        ask(&plan, &wire, turn(surface, BUG)).await.unwrap_err();
        assert_eq!(began.elapsed(), SLOW, "{surface:?}");
        assert!(sent.all().is_empty(), "{surface:?}");

        let asking = ask(&plan, &wire, turn(surface, STORY));
        let mut asking = std::pin::pin!(asking);
        let before = SLOW - Duration::from_millis(1);
        assert!(tokio::time::timeout(before, &mut asking).await.is_err());
        assert!(sent.all().is_empty(), "nothing leaves before the verdict");
        asking.await.unwrap();
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_it_is_judged_never_leaves() {
    let (wire, sent) = recorded(&answering());
    let slow = Slow::default();
    let plan = guard().workload(Policy::new().async_classifier(slow.clone())).build().unwrap();
    let asking = ask(&plan, &wire, turn(Surface::OpenAi, STORY));
    assert!(tokio::time::timeout(SLOW / 2, asking).await.is_err());
    tokio::time::sleep(2 * SLOW).await;
    assert_eq!(slow.finished.load(Ordering::Relaxed), 0, "nobody waits for the verdict");
    assert!(sent.all().is_empty());
    assert!(plan.snapshot().is_empty(), "nothing was done, nothing is counted");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_put_to_a_classifier() {
    let (wire, sent) = recorded(&answering());
    let slow = Slow::default();
    let plan = guard().workload(Policy::new().async_classifier(slow.clone())).build().unwrap();
    let began = Instant::now();
    ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap();
    assert!(began.elapsed() < SLOW);
    assert_eq!((sent.all().len(), slow.finished.load(Ordering::Relaxed)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_models_answer_stands_in_where_nobody_can_wait() {
    let plan = guard().workload(Policy::new().async_classifier(Slow::default())).build().unwrap();
    let body = crate::work::bytes_of(&turn(Surface::OpenAi, STORY));
    assert_eq!(plan.assess(&http::Request::new(body)).workload, Workload::NonCoding);
}
