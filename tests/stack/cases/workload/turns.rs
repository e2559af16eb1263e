//! `Block` applies where a person's turn begins, and nowhere else.

use planguard::{
    exchange::Workload,
    refusal::Reason,
    sim::{Answer, Provider},
    workload::Action,
};

use super::ask;
use crate::{
    wire::{Surface, Transport, guard, provider},
    work::{STORY, after_steps, bytes_of, recorded, title, turn, within_turn},
};

fn answering() -> Provider {
    provider(Transport::InProcess).mode(Answer::completion()).build()
}

#[tokio::test(start_paused = true)]
async fn a_request_that_answers_a_tool_is_never_blocked() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, sent) = recorded(&provider);
        let plan = guard().build().unwrap();
        // What is blocked where the turn begins.
        let refused = ask(&plan, &wire, turn(surface, STORY)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");

        let asked = within_turn(surface, STORY);
        let body = bytes_of(&asked);
        ask(&plan, &wire, asked).await.expect("half of the work is done");
        assert_eq!(sent.one().body(), &body, "{surface:?}");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
        let tally = plan.snapshot()[0].workload;
        assert_eq!((tally.within_turn, tally.blocked), (1, 1), "{surface:?}");
        assert_eq!((tally.non_coding, tally.passed), (2, 0), "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clients_own_call_is_never_blocked() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, _) = recorded(&provider);
        let plan = guard().unclear(Action::Block).build().unwrap();
        ask(&plan, &wire, title(surface, STORY)).await.expect("a title of a turn");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
        assert_eq!(plan.snapshot()[0].workload.blocked, 0, "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_callers_own_word_acts_within_a_turn_too() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, sent) = recorded(&provider);
        let plan = guard().build().unwrap();
        let mut asked = within_turn(surface, STORY);
        asked.extensions_mut().insert(Workload::NonCoding);
        let refused = ask(&plan, &wire, asked).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
        assert!(sent.all().is_empty(), "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_turn_began_long_ago_is_never_blocked() {
    // More steps than are searched for the person's words, or remembered.
    for (surface, steps) in Surface::ALL.into_iter().flat_map(|s| [(s, 300), (s, 1_500)]) {
        let provider = answering();
        let (wire, _) = recorded(&provider);
        let plan = guard().unclear(Action::Block).build().unwrap();
        ask(&plan, &wire, after_steps(surface, STORY, steps)).await.expect("it answers a tool");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}, {steps}");
    }
}
