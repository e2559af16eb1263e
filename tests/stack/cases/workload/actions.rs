//! What is done about other work, as the user says.

use planguard::{
    PlanGuard,
    breaker::{Posture, What},
    exchange::{Taken, Verdict, Workload},
    refusal::Reason,
    sim::{Answer, Provider},
    workload::{Action, Classifier, Metered, Policy, View, WorkloadTally},
};

use super::ask;
use crate::{
    capture::capture,
    wire::{Surface, Transport, guard, provider, request},
    work::{BUG, STORY, bytes_of, recorded, turn},
};

const HEADER: &str = "x-planguard-workload";

fn answering() -> Provider {
    provider(Transport::InProcess).mode(Answer::completion()).build()
}

fn tally(plan: &PlanGuard) -> WorkloadTally {
    plan.snapshot()[0].workload
}

/// Could be anything.
struct NoIdea;

impl Classifier for NoIdea {
    fn classify(&self, _: &View) -> Verdict {
        Verdict::new(Workload::Unclear).score(0.5)
    }
}

#[tokio::test(start_paused = true)]
async fn reported_warned_and_passed_turns_leave_as_they_came() {
    for (action, told, warned) in
        [(Action::Report, 1, false), (Action::Warn, 1, true), (Action::Pass, 0, false)]
    {
        for surface in Surface::ALL {
            let (lines, _capturing) = capture();
            let (wire, sent) = recorded(&answering());
            let plan = guard().non_coding(action.clone()).build().unwrap();
            let mut events = plan.events();
            let asked = turn(surface, STORY);
            let body = bytes_of(&asked);
            let heard = ask(&plan, &wire, asked).await.unwrap();
            assert_eq!(sent.one().body(), &body, "{action:?}");
            let header = heard.headers.get(HEADER).map(|value| value.to_str().unwrap());
            assert_eq!(header, warned.then_some("non_coding"), "{action:?}");
            let of_work = |what: &What| matches!(what, What::Workload { .. });
            let events = std::iter::from_fn(|| events.try_next());
            assert_eq!(events.filter(|event| of_work(&event.what)).count(), told, "{action:?}");
            assert_eq!(lines.with(&["INFO", "taken="]).len(), told, "{action:?}: {lines:?}");
            let counted = tally(&plan);
            let counted = (counted.reported, counted.warned, counted.passed, counted.blocked);
            let expected = match action {
                Action::Report => (1, 0, 0, 0),
                Action::Warn => (0, 1, 0, 0),
                _ => (0, 0, 1, 0),
            };
            assert_eq!(counted, expected, "{action:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coding_turn_is_not_warned_about() {
    let (wire, _) = recorded(&answering());
    let plan = guard().non_coding(Action::Warn).unclear(Action::Warn).build().unwrap();
    let heard = ask(&plan, &wire, turn(Surface::OpenAi, BUG)).await.unwrap();
    assert_eq!(heard.headers.get(HEADER), None);
}

#[tokio::test(start_paused = true)]
async fn what_could_be_either_passes_and_is_counted() {
    let provider = answering();
    let (wire, _) = recorded(&provider);
    let plan = guard().workload(Policy::new().classifier(NoIdea)).build().unwrap();
    ask(&plan, &wire, turn(Surface::OpenAi, STORY)).await.unwrap();
    ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap();
    let counted = tally(&plan);
    assert_eq!((counted.unclear, counted.unread, counted.passed), (2, 1, 2));
    assert_eq!(provider.tally("a").total, 2);
}

#[tokio::test(start_paused = true)]
async fn what_could_be_either_is_blocked_if_the_user_says_so() {
    for surface in Surface::ALL {
        let provider = answering();
        let (wire, _) = recorded(&provider);
        let policy = Policy::new().classifier(NoIdea).unclear(Action::Block);
        let plan = guard().workload(policy).build().unwrap();
        for asked in [turn(surface, STORY), request(surface.url(), "a", false)] {
            let refused = ask(&plan, &wire, asked).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
        }
        assert_eq!((provider.total().total, tally(&plan).blocked), (0, 2), "{surface:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_posture_that_only_reports_stops_and_diverts_nothing() {
    for action in [Action::Block, Action::Reroute(Metered::new("pay.secret"))] {
        let provider = answering();
        let (wire, sent) = recorded(&provider);
        let plan = guard().posture(Posture::Report).non_coding(action).build().unwrap();
        let mut events = plan.events();
        for declared in [None, Some(Workload::NonCoding)] {
            let mut asked = turn(Surface::OpenAi, STORY);
            if let Some(declared) = declared {
                asked.extensions_mut().insert(declared);
            }
            ask(&plan, &wire, asked).await.expect("nothing is stopped");
        }
        assert_eq!(provider.tally("a").total, 2);
        assert!(sent.all().iter().all(|arrived| arrived.uri() == Surface::OpenAi.url()));
        let counted = tally(&plan);
        assert_eq!((counted.reported, counted.blocked, counted.rerouted), (2, 0, 0));
        let told = std::iter::from_fn(|| events.try_next())
            .filter(|event| matches!(event.what, What::Workload { taken: Taken::Reported, .. }));
        assert_eq!(told.count(), 2, "what would have been stopped is told");
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_counted_apart_and_clones_together() {
    let (wire, _) = recorded(&answering());
    let plan = guard().build().unwrap();
    for (id, words) in [("a", BUG), ("b", STORY), ("a", BUG), ("b", BUG)] {
        let mut asked = turn(Surface::OpenAi, words);
        let key = format!("Bearer {id}.secret").parse().unwrap();
        asked.headers_mut().insert("authorization", key);
        let _ = ask(&plan.clone(), &wire, asked).await;
    }
    let mut counted: Vec<_> = plan.snapshot().iter().map(|account| account.workload).collect();
    counted.sort_by_key(|tally| tally.blocked);
    let numbers = counted.iter().map(|tally| (tally.coding, tally.non_coding, tally.blocked));
    assert_eq!(numbers.collect::<Vec<_>>(), [(2, 0, 0), (1, 1, 1)]);
}

#[tokio::test(start_paused = true)]
async fn asking_what_a_request_is_counts_and_tells_nothing() {
    let (lines, _capturing) = capture();
    let plan = guard().build().unwrap();
    let mut events = plan.events();
    for (words, workload) in [(STORY, Workload::NonCoding), (BUG, Workload::Coding)] {
        let asked = turn(Surface::Anthropic, words);
        let verdict = plan.assess(&http::Request::new(bytes_of(&asked)));
        assert_eq!(verdict.workload, workload, "{words}");
        assert!(verdict.turn_start && verdict.score.is_some());
    }
    assert!(plan.snapshot().is_empty() && events.try_next().is_none());
    assert!(lines.with(&["planguard::workload"]).is_empty(), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_warning_says_what_the_request_was_taken_for() {
    let (wire, _) = recorded(&answering());
    let plan = guard().unclear(Action::Warn).build().unwrap();
    // It has no turns at all.
    let heard = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap();
    assert_eq!(heard.headers[HEADER], "unclear");
}
