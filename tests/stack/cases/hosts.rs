//! Redirects: an answer is judged under the host that gave it.

use http::{Response, Uri};
use http_body_util::BodyExt;
use planguard::{
    BoxError,
    exchange::{Detection, FinalUrl},
    profile::Profile,
    sim::{Answer, Provider},
};
use tower::{ServiceExt, util::BoxCloneSyncService};

use super::{ask, guarded};
use crate::{
    capture::capture,
    wire::{Surface, Transport, Wire, WireBody, WireRequest, guard, provider, request},
};

/// A transport that has followed redirects to `url`, as reqwest's does.
fn redirected(provider: &Provider, url: &'static str) -> Wire {
    let inner = Wire::in_process(provider);
    Wire::new(BoxCloneSyncService::new(tower::service_fn(move |request: WireRequest| {
        let inner = inner.clone();
        async move {
            let mut response: Response<WireBody> = inner.oneshot(request).await?;
            response.extensions_mut().insert(FinalUrl(Uri::from_static(url)));
            Ok::<_, BoxError>(response)
        }
    })))
}

fn striking() -> Provider {
    provider(Transport::InProcess).mode(Answer::error(1313)).build()
}

fn asked() -> WireRequest {
    request(Surface::Anthropic.url(), "a", false)
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_host_that_nobody_claims_is_not_judged_and_a_warning_names_both() {
    let (lines, _capturing) = capture();
    let provider = striking();
    let wire = redirected(&provider, "https://elsewhere.example/api/anthropic/v1/messages");
    let plan = guard().build().unwrap();
    for _ in 0..3 {
        let heard = ask(&plan, &wire, asked()).await.unwrap();
        assert_eq!(heard.bytes, wire.seen().last().unwrap().bytes);
    }
    assert_eq!(provider.tally("a").total, 3, "it is no misconfiguration either");
    let warned = lines.with(&["WARN", "api.z.ai", "elsewhere.example"]);
    assert!(!warned.is_empty(), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_same_vendors_other_host_counts_for_the_account() {
    let provider = striking();
    let wire = redirected(&provider, "https://open.bigmodel.cn/api/anthropic/v1/messages");
    let plan = guard().build().unwrap();
    ask(&plan, &wire, asked()).await.unwrap_err();
    ask(&plan, &wire, asked()).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_vendors_plan_is_that_vendors() {
    let provider = striking();
    let wire = redirected(&provider, "https://strict.example/api/anthropic/v1/messages");
    let strict = Profile::parse("strict.toml", include_str!("../strict.toml")).unwrap();
    let plan = guard().profile(strict).build().unwrap();
    let response = guarded(&plan, wire).oneshot(asked()).await.unwrap();
    let detection = response.extensions().get::<Detection>().unwrap().clone();
    assert_eq!(detection.claim().profile().id(), "strict");
    assert!(detection.signal().is_some());
    response.into_body().collect().await.unwrap();
    assert!(plan.snapshot()[0].record.halts.is_empty(), "Z.AI's account is not halted by it");
}

#[tokio::test(start_paused = true)]
async fn the_final_url_of_the_host_that_was_asked_changes_nothing() {
    let provider = striking();
    let wire = redirected(&provider, "https://API.z.ai:443/api/anthropic/v1/messages/");
    let plan = guard().build().unwrap();
    ask(&plan, &wire, asked()).await.unwrap_err();
    ask(&plan, &wire, asked()).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 1);
}
