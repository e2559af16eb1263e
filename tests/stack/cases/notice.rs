//! What the vendor's terms say reaches the people who run the program.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use planguard::{
    PlanGuard,
    ledger::MemoryLedger,
    profile::{Profile, zai},
    sim::Answer,
};

use super::ask;
use crate::{
    capture::{Lines, capture},
    wire::{METERED, Surface, Transport, Wire, guard, provider, request},
};

async fn call(plan: &PlanGuard, url: &str) {
    let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
    ask(plan, &Wire::in_process(&provider), request(url, "a", false)).await.unwrap();
}

fn shown(lines: &Lines) -> usize {
    lines.with(&["INFO", "planguard::notice"]).len()
}

#[tokio::test(start_paused = true)]
async fn a_callback_hears_of_each_profile_once_when_the_guard_is_built() {
    let (lines, _capturing) = capture();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = told.clone();
    let strict = Profile::parse("strict.toml", include_str!("../strict.toml")).unwrap();
    let plan = guard()
        .profile(strict)
        .on_notice(move |notice| hears.lock().push(notice.to_string()))
        .build()
        .unwrap();
    // A profile of one's own comes first.
    assert_eq!(*told.lock(), [plan_text(), zai().notice().to_string()]);
    call(&plan, Surface::OpenAi.url()).await;
    assert_eq!((told.lock().len(), shown(&lines)), (2, 0));
}

fn plan_text() -> String {
    let strict = Profile::parse("strict.toml", include_str!("../strict.toml")).unwrap();
    strict.notice().text
}

#[tokio::test(start_paused = true)]
async fn without_a_callback_it_is_one_line_a_ledger_and_week() {
    let (lines, _capturing) = capture();
    let ledger = MemoryLedger::new();
    let clock = planguard::clock::TokioClock::starting_at(crate::wire::start());
    let guard = || PlanGuard::builder(zai()).clock(clock).ledger(ledger.clone()).build().unwrap();
    let (one, two) = (guard(), guard());
    for plan in [&one, &two, &one] {
        call(plan, Surface::OpenAi.url()).await;
        call(plan, Surface::Anthropic.url()).await;
    }
    assert_eq!(shown(&lines), 1);
    tokio::time::sleep(Duration::from_secs(6 * 86_400)).await;
    call(&guard(), Surface::OpenAi.url()).await;
    assert_eq!(shown(&lines), 1);
    tokio::time::sleep(Duration::from_secs(2 * 86_400)).await;
    call(&guard(), Surface::OpenAi.url()).await;
    call(&guard(), Surface::OpenAi.url()).await;
    assert_eq!(shown(&lines), 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_runs_for_weeks_says_it_each_week() {
    let (lines, _capturing) = capture();
    let plan = guard().build().unwrap();
    for week in 1..=3 {
        for _ in 0..14 {
            call(&plan, Surface::OpenAi.url()).await;
            tokio::time::sleep(Duration::from_secs(12 * 3_600)).await;
        }
        assert_eq!(shown(&lines), week);
    }
}

#[tokio::test(start_paused = true)]
async fn a_metered_call_has_no_notice() {
    let (lines, _capturing) = capture();
    call(&guard().build().unwrap(), METERED).await;
    assert_eq!(shown(&lines), 0);
}

#[tokio::test(start_paused = true)]
async fn the_line_holds_the_whole_notice() {
    let (lines, _capturing) = capture();
    call(&guard().build().unwrap(), Surface::OpenAi.url()).await;
    let text = lines.text();
    for line in zai().notice().to_string().lines() {
        assert!(text.contains(line), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn its_short_form_stands_in_each_refusal() {
    let short = zai().notice().short;
    for code in [1313, 1112, 1113, 1308, 1302] {
        let provider = provider(Transport::InProcess).mode(Answer::error(code)).build();
        let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
        for _ in 0..2 {
            let asked = request(Surface::OpenAi.url(), "a", false);
            let refused = ask(&plan, &wire, asked).await.unwrap_err();
            assert_eq!(refused.notice(), Some(short.as_str()));
            assert!(refused.to_string().contains(&short), "{refused}");
        }
    }
}
