//! What stands in labels, and how much of it there may be.

use std::collections::BTreeSet;

use http_body_util::Full;
use metrics_util::debugging::DebuggingRecorder;
use planguard::{
    PlanGuard,
    breaker::Unclaimed,
    profile::zai,
    sim::{Answer, Mode},
};

use crate::{
    book::{self, Book},
    send,
    wire::{METERED, Surface, Transport, Wire, WireRequest, guard, provider, request},
};

const SECRETS: [&str; 7] = [
    "canary-id",
    "canary-secret",
    "canary-prompt",
    "canary-model",
    "canary-agent",
    "canary-host",
    "canary-note",
];

/// A request with a canary wherever somebody could be known by it.
fn canary(url: &str, stream: bool) -> WireRequest {
    let body = format!(
        r#"{{"model":"canary-model","stream":{stream},"messages":[{{"role":"user","content":"canary-prompt"}}]}}"#
    );
    http::Request::post(url)
        .header("authorization", "Bearer canary-id.canary-secret")
        .header("user-agent", "canary-agent/1")
        .body(Full::from(body))
        .unwrap()
}

async fn provoke(plan: &PlanGuard, answer: Answer) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let wire = Wire::in_process(&provider);
    for url in [Surface::OpenAi.url(), METERED, "https://canary-host.example/v1/messages"] {
        for stream in [true, false] {
            let _ = send(plan, &wire, canary(url, stream)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_label_holds_an_account_a_key_a_prompt_or_who_asked() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).into();
    for code in [1313, 1112, 1113, 1308, 1302, 1305, 1999, 1210] {
        let plan = guard().on_unclaimed(Unclaimed::Refuse).build().unwrap();
        provoke(&plan, Answer::error(code).text("canary-prompt")).await;
        let account = plan.account_of(&zai(), "canary-id.canary-secret");
        if let Some(halt) = plan.snapshot()[0].record.halts.first() {
            plan.acknowledge(&halt.id, "canary-note", "canary-note").await.unwrap();
            secrets.push(halt.id.clone());
        }
        secrets.push(account.name().to_owned());
    }
    let named = guard().account("canary-account").build().unwrap();
    provoke(&named, Answer::mid_stream(2, 1313)).await;
    secrets.push("canary-account".to_owned());

    let series = book.series();
    assert!(series.len() > 20, "much was told: {series:?}");
    for secret in secrets {
        let holds = |series: &&book::Series| format!("{series:?}").contains(&secret);
        assert_eq!(series.iter().find(holds), None, "{secret}");
    }
}

/// Sends one request that strikes and one that is refused, for so many
/// accounts with keys, agents and models of their own.
async fn accounts(plan: &PlanGuard, accounts: std::ops::Range<usize>, book: &mut Book) -> usize {
    let mode: Mode = Answer::error(1313).into();
    let wire = Wire::in_process(&provider(Transport::InProcess).mode(mode).build());
    for n in accounts {
        for _ in 0..2 {
            let mut asked = request(Surface::Anthropic.url(), &format!("account-{n}"), false);
            let agent = format!("agent-{n}/1").parse().unwrap();
            asked.headers_mut().insert("user-agent", agent);
            send(plan, &wire, asked).await.unwrap_err();
        }
    }
    book.series().len()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_accounts_have_the_series_of_one() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let plan = guard().build().unwrap();
    let of_one = accounts(&plan, 0..1, &mut book).await;
    let of_all = accounts(&plan, 1..1_000, &mut book).await;
    assert_eq!(of_all, of_one);
    assert_eq!(book.counts("requests_total"), ["zai refused 1000", "zai sent 1000"]);
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1000"]);
    let profiles: BTreeSet<_> =
        book.series().into_iter().map(|series| series.labels[0].clone()).collect();
    assert_eq!(profiles, BTreeSet::from([("profile".to_owned(), "zai".to_owned())]));
}
