//! What a caller says of its own work.

use http::Method;
use planguard::{
    breaker::What,
    exchange::{Taken, Workload},
    refusal::Reason,
    sim::{Answer, Provider},
};

use super::ask;
use crate::{
    capture::capture,
    wire::{METERED, Surface, Transport, WireRequest, guard, provider},
    work::{BUG, STORY, bytes_of, recorded, turn, with_body},
};

const HEADER: &str = "x-planguard-workload";

fn answering() -> Provider {
    provider(Transport::InProcess).mode(Answer::completion()).allow_anonymous().build()
}

/// `words`, declared in the header.
fn by_header(surface: Surface, words: &str, value: &'static str) -> WireRequest {
    let mut asked = turn(surface, words);
    asked.headers_mut().insert(HEADER, value.parse().unwrap());
    asked
}

/// `words`, declared in the extensions.
fn by_extension(surface: Surface, words: &str, workload: Workload) -> WireRequest {
    let mut asked = turn(surface, words);
    asked.extensions_mut().insert(workload);
    asked
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_says_other_work_is_always_believed() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, sent) = recorded(&provider);
        let plan = guard().build().unwrap();
        for asked in
            [by_extension(surface, BUG, Workload::NonCoding), by_header(surface, BUG, "non_coding")]
        {
            let refused = ask(&plan, &wire, asked).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
            assert!(refused.to_string().contains("declared"), "{refused}");
        }
        assert!(sent.all().is_empty(), "{surface:?}");
        let tally = plan.snapshot()[0].workload;
        assert_eq!((tally.declared_non_coding, tally.blocked, tally.coding), (2, 2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_says_coding_is_honoured_counted_and_shown() {
    for surface in Surface::ALL {
        let (lines, _capturing) = capture();
        let provider = answering();
        let (wire, _) = recorded(&provider);
        let plan = guard().build().unwrap();
        let mut events = plan.events();
        let both =
            [by_extension(surface, STORY, Workload::Coding), by_header(surface, STORY, "coding")];
        for asked in both {
            ask(&plan, &wire, asked).await.expect("it is honoured");
        }
        assert_eq!(provider.tally("a").total, 2, "{surface:?}");
        let tally = plan.snapshot()[0].workload;
        assert_eq!((tally.contradicted, tally.declared_coding, tally.passed), (2, 2, 2));
        let told = std::iter::from_fn(|| events.try_next()).filter(|event| {
            matches!(&event.what, What::Workload { verdict, declared: Some(Workload::Coding),
                taken: Taken::Passed } if verdict.workload == Workload::NonCoding)
        });
        assert_eq!(told.count(), 2, "{surface:?}");
        let shown = ["planguard::workload", "declared=\"coding\"", "workload=\"non_coding\""];
        assert_eq!(lines.with(&shown).len(), 2, "{lines:?}");

        // Nothing is contradicted where the estimate agrees.
        ask(&plan, &wire, by_header(surface, BUG, "coding")).await.unwrap();
        assert_eq!(plan.snapshot()[0].workload.contradicted, 2, "{surface:?}");
        assert!(
            !std::iter::from_fn(|| events.try_next())
                .any(|event| matches!(event.what, What::Workload { .. }))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_header_is_never_seen_upstream() {
    for trusted in [true, false] {
        let (wire, sent) = recorded(&answering());
        let plan = guard().trust_declarations(trusted).build().unwrap();
        let mut asked = 0;
        for url in [Surface::OpenAi.url(), METERED, "https://example.com/v1/chat/completions"] {
            for method in [Method::POST, Method::GET, Method::DELETE] {
                for value in ["coding", "unclear", "something else"] {
                    let mut request = with_body(url, bytes_of(&turn(Surface::OpenAi, BUG)));
                    *request.method_mut() = method.clone();
                    request.headers_mut().insert(HEADER, value.parse().unwrap());
                    request.headers_mut().append(HEADER, "coding".parse().unwrap());
                    let _ = ask(&plan, &wire, request).await;
                    asked += 1;
                }
            }
        }
        let sent = sent.all();
        assert_eq!(sent.len(), asked);
        for arrived in sent {
            assert!(!arrived.headers().contains_key(HEADER), "{arrived:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_not_trusted_says_nothing() {
    let provider = answering();
    let (wire, _) = recorded(&provider);
    let plan = guard().trust_declarations(false).build().unwrap();
    let surface = Surface::OpenAi;
    ask(&plan, &wire, by_header(surface, BUG, "non_coding")).await.expect("it is coding");
    ask(&plan, &wire, by_header(surface, STORY, "coding")).await.expect_err("it is none");
    let tally = plan.snapshot()[0].workload;
    assert_eq!((tally.declared_coding, tally.declared_non_coding), (0, 0));
    // What the program itself says counts all the same.
    let own = by_extension(surface, STORY, Workload::Coding);
    ask(&plan, &wire, own).await.expect("it is declared");
    assert_eq!(provider.tally("a").total, 2);
}

#[tokio::test(start_paused = true)]
async fn the_programs_own_word_goes_before_the_header() {
    let (wire, sent) = recorded(&answering());
    let plan = guard().build().unwrap();
    let mut asked = by_header(Surface::OpenAi, BUG, "coding");
    asked.extensions_mut().insert(Workload::NonCoding);
    ask(&plan, &wire, asked).await.unwrap_err();
    assert!(sent.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_says_that_it_is_unclear_has_declared_nothing() {
    let (wire, sent) = recorded(&answering());
    let plan = guard().build().unwrap();
    let asked = by_extension(Surface::OpenAi, STORY, Workload::Unclear);
    let refused = ask(&plan, &wire, asked).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::WorkloadRefused);
    assert!(refused.to_string().contains("estimate"), "{refused}");
    assert!(sent.all().is_empty());
}
