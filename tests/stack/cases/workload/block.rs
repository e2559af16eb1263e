//! The non-coding guard stops a turn of other work before anything leaves.

use planguard::{
    breaker::What,
    exchange::Taken,
    refusal::{Dialect, Reason, is_safe},
    sim::Answer,
};

use super::ask;
use crate::{
    capture::capture,
    wire::{Surface, Transport, guard, provider},
    work::{BUG, STORY, recorded, turn, with_body},
};

#[tokio::test(start_paused = true)]
async fn a_turn_of_other_work_is_refused_before_anything_leaves() {
    for surface in Surface::ALL {
        let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
        let (wire, sent) = recorded(&provider);
        let plan = guard().build().unwrap();
        let mut events = plan.events();
        let refused = ask(&plan, &wire, turn(surface, STORY)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
        assert!(sent.all().is_empty() && provider.total().total == 0, "{surface:?}");

        let account = &plan.snapshot()[0];
        assert_eq!(refused.account(), Some(&account.account), "{surface:?}");
        assert!(account.record.halts.is_empty(), "no halt: {:?}", account.record);
        assert_eq!(account.record.strikes, Default::default(), "no strike");
        assert_eq!((refused.halt(), refused.is_policy()), (None, false));
        let told: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let blocked = |what: &What| matches!(what, What::Workload { taken: Taken::Blocked, .. });
        assert!(blocked(&told[0].what), "{told:?}");

        ask(&plan, &wire, turn(surface, BUG)).await.expect("the account goes on");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_refusal_says_what_was_seen_how_sure_that_is_and_the_three_ways_on() {
    let (wire, _) = recorded(&provider(Transport::InProcess).build());
    let plan = guard().build().unwrap();
    let refused = ask(&plan, &wire, turn(Surface::Anthropic, STORY)).await.unwrap_err();
    let text = refused.to_string();
    let seen = ["bedtime", "dragon", "% ", "planguard's own estimate", "no provider publishes"];
    let ways = ["metered endpoint", "x-planguard-workload: coding", "report", "redacted sample"];
    for part in seen.into_iter().chain(ways) {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(text.contains("This call was not sent."), "{text}");
    assert!(!text.contains("100 %"), "nothing is certain: {text}");
    assert!(!text.contains("afraid"), "a word that is not on planguard's list: {text}");
}

#[tokio::test(start_paused = true)]
async fn the_refusal_gives_no_client_a_reason_to_send_again() {
    let works = [
        STORY,
        "Translate this letter to my landlord about the internal error of the heating",
        "Give me a recipe for a chicken soup and tell me how long it takes",
        "给我写一首关于秋天大海的诗",
        "Roleplay as a grumpy ship's captain who has lost his network",
    ];
    for words in works {
        let (wire, _) = recorded(&provider(Transport::InProcess).build());
        let plan = guard().unclear(planguard::workload::Action::Block).build().unwrap();
        let asked = ask(&plan, &wire, turn(Surface::OpenAi, words)).await;
        let refused = asked.expect_err(words);
        for dialect in [Dialect::OpenAi, Dialect::Responses, Dialect::Anthropic] {
            let response = refused.to_response::<bytes::Bytes>(dialect);
            assert!(!response.status().is_server_error() && response.status() != 429);
            let body = String::from_utf8(response.body().to_vec()).unwrap();
            let event = String::from_utf8(refused.to_event(dialect).to_vec()).unwrap();
            for text in [&body, &event, &refused.to_string(), &format!("{refused:?}")] {
                assert!(is_safe(text), "{text}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coding_turn_passes_with_its_bytes_unchanged() {
    let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
    let plan = guard().build().unwrap();
    // As no serializer would write it: blanks, an escape, a number's digits,
    // a key twice, and more after the turn.
    let body = format!(
        "\n{{ \"model\" :\t\"glm\\u002d5.2\", \"temperature\": 0.70000,\r\n \"seed\":1e2,\"seed\":100, \
         \"messages\": [ {{\"content\" : {:?}, \"role\":\"user\"}} ], \"stream\":false }}\n\n ",
        format!("{BUG} \\ud83d \u{1f600}"),
    );
    for url in [Surface::OpenAi.url(), Surface::Anthropic.url()] {
        let (wire, sent) = recorded(&provider);
        let url = format!("{url}?beta=true");
        let mut asked = with_body(&url, body.clone());
        for (name, value) in [("anthropic-beta", "x"), ("anthropic-beta", "y"), ("x-odd", "Ü")] {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            asked.headers_mut().append(name, value);
        }
        let headers = asked.headers().clone();
        ask(&plan, &wire, asked).await.unwrap();
        let arrived = sent.one();
        assert_eq!(arrived.body(), &body);
        assert_eq!((arrived.uri(), arrived.headers()), (&url.parse().unwrap(), &headers));
    }
    let tally = plan.snapshot()[0].workload;
    assert_eq!((tally.coding, tally.passed, tally.unread), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_block_says_once_how_to_let_a_request_pass() {
    let (lines, _capturing) = capture();
    let (wire, _) = recorded(&provider(Transport::InProcess).build());
    let plan = guard().build().unwrap();
    for surface in [Surface::OpenAi, Surface::Anthropic, Surface::OpenAi] {
        ask(&plan, &wire, turn(surface, STORY)).await.unwrap_err();
    }
    let override_named = ["WARN", "planguard::workload", "x-planguard-workload: coding"];
    assert_eq!(lines.with(&override_named).len(), 1, "{lines:?}");
    let each = lines.with(&["INFO", "planguard::workload", "taken=\"blocked\"", "bedtime"]);
    assert_eq!(each.len(), 3, "{lines:?}");
    assert!(each[0].contains("workload=\"non_coding\"") && each[0].contains("score="), "{lines:?}");
}
