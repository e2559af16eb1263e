//! What is repeated, when, and what never is.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use planguard::{
    BoxError, PlanGuard,
    clock::TokioClock,
    ledger::MemoryLedger,
    profile::zai,
    refusal::Refused,
    retry::PlanRetry,
    sim::{Answer, Provider, Script},
};
use tokio::time::Instant;
use tower::{Service, ServiceBuilder, ServiceExt};

#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "reqwest")]
#[path = "../../examples/first_strike/in_process.rs"]
mod in_process;

const ANTHROPIC: &str = "https://api.z.ai/api/anthropic/v1/messages";
const URL: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";

/// 2026-11-17 21:46:40 UTC.
fn clock() -> TokioClock {
    TokioClock::starting_at(std::time::UNIX_EPOCH + Duration::from_secs(1_794_952_000))
}

fn provider(answers: impl IntoIterator<Item = Answer>) -> Provider {
    Provider::builder().latency(Duration::ZERO).mode(Script::new(answers)).build()
}

fn plan() -> PlanGuard {
    PlanGuard::builder(zai())
        .ledger(MemoryLedger::new())
        .clock(clock())
        .on_notice(|_| {})
        .build()
        .unwrap()
}

fn retry() -> PlanRetry {
    PlanRetry::new().clock(clock())
}

fn request(url: &str) -> Request<Full<Bytes>> {
    Request::post(url)
        .header("authorization", "Bearer a.secret")
        .header("user-agent", "planguard-tests/1")
        .body(Full::from(r#"{"model":"glm-5.2","messages":[]}"#))
        .unwrap()
}

/// The front that repeats: tower's retry, or reqwest-retry.
#[derive(Clone, Copy, Debug)]
enum Front {
    Tower,
    #[cfg(feature = "reqwest")]
    Reqwest,
}

const FRONTS: &[Front] = &[
    Front::Tower,
    #[cfg(feature = "reqwest")]
    Front::Reqwest,
];

/// What a caller of `url` hears, and how long it took.
async fn ask(
    front: Front,
    retry: PlanRetry,
    provider: &Provider,
    url: &str,
) -> (Result<StatusCode, BoxError>, Duration) {
    let began = Instant::now();
    let heard = match front {
        Front::Tower => {
            let stack = ServiceBuilder::new()
                .retry(retry)
                .layer(plan().layer())
                .service(provider.service());
            status(stack, request(url)).await
        }
        #[cfg(feature = "reqwest")]
        Front::Reqwest => client::ask(retry.middleware(), plan(), provider, request(url)).await,
    };
    (heard, began.elapsed())
}

async fn status<S, B>(service: S, request: Request<Full<Bytes>>) -> Result<StatusCode, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError>,
{
    Ok(service.oneshot(request).await?.status())
}

#[tokio::test(start_paused = true)]
async fn what_the_plan_has_stopped_is_asked_once() {
    // Policy, quota, bill, entitlement, credential, filter, request, unknown.
    for code in [1313, 1112, 1302, 1308, 1113, 1311, 1000, 1301, 1210, 1999] {
        for &front in FRONTS {
            let provider = provider(vec![Answer::error(code); 8]);
            let (heard, _) = ask(front, retry(), &provider, URL).await;
            assert_eq!(provider.total().total, 1, "{code} {front:?}");
            let halts = [1313, 1112, 1302, 1308, 1113].contains(&code);
            let refused = heard.as_ref().err().and_then(|e| Refused::find(e.as_ref()));
            assert_eq!(refused.is_some(), halts, "{code} {front:?}: {heard:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_overload_or_a_fault_has_stopped_is_asked_again_with_backoff() {
    for answer in [Answer::overloaded(), Answer::error(1305), Answer::error(1234), plain()] {
        for &front in FRONTS {
            let provider = provider([answer.clone(), answer.clone()]);
            let (heard, took) = ask(front, retry(), &provider, URL).await;
            assert_eq!((heard.unwrap().as_u16(), provider.total().total), (200, 3), "{front:?}");
            // At least half a second each; at most one, then two.
            assert!(took >= Duration::from_secs(1) && took <= Duration::from_secs(3), "{took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_three_repeats_the_answer_is_the_callers() {
    for &front in FRONTS {
        let provider = provider(vec![Answer::overloaded(); 9]);
        let (heard, _) = ask(front, retry(), &provider, URL).await;
        assert!(!heard.unwrap().is_success());
        assert_eq!(provider.total().total, 4, "{front:?}");
    }
}

/// A 429 that has no business code.
fn plain() -> Answer {
    Answer::raw(StatusCode::TOO_MANY_REQUESTS, r#"{"error":{"message":"slow down"}}"#)
}

#[tokio::test(start_paused = true)]
async fn the_moment_that_an_answer_names_is_kept() {
    // In seconds, and as a date: the same moment.
    for named in ["47", "Tue, 17 Nov 2026 21:47:27 GMT"] {
        // Overload is 529 on the Anthropic surface.
        for (url, answer) in
            [(URL, Answer::overloaded()), (ANTHROPIC, Answer::overloaded()), (URL, plain())]
        {
            for &front in FRONTS {
                let provider = provider([answer.clone().header("retry-after", named)]);
                let (heard, took) = ask(front, retry(), &provider, url).await;
                assert_eq!(heard.unwrap(), 200);
                assert!((46..=48).contains(&took.as_secs()), "{took:?} {named} {front:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_two_callers_wait_equally_long() {
    for (url, answer) in
        [(URL, Answer::overloaded()), (ANTHROPIC, Answer::overloaded()), (URL, plain())]
    {
        for &front in FRONTS {
            let mut waits = Vec::new();
            for _ in 0..8 {
                let provider = provider(vec![answer.clone(); 2]);
                waits.push(ask(front, retry(), &provider, url).await.1);
            }
            let shortest = waits.iter().min().unwrap();
            assert!(waits.iter().any(|wait| wait > shortest), "{front:?} {waits:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_moment_that_is_too_far_away_is_not_waited_for() {
    for &front in FRONTS {
        let provider = provider([Answer::overloaded().header("retry-after", "61")]);
        let (heard, took) = ask(front, retry(), &provider, URL).await;
        assert!(!heard.unwrap().is_success());
        assert_eq!((provider.total().total, took.as_secs()), (1, 0), "{front:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_nobody_claims_is_asked_once() {
    for &front in FRONTS {
        let provider = provider(vec![Answer::overloaded(); 4]);
        let url = "https://example.com/api/anthropic/v1/messages";
        let (heard, _) = ask(front, retry(), &provider, url).await;
        assert!(!heard.unwrap().is_success());
        assert_eq!(provider.total().total, 1, "{front:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_transport_is_the_callers() {
    for &front in FRONTS {
        let provider = provider(vec![Answer::reset(); 4]);
        let (heard, _) = ask(front, retry(), &provider, URL).await;
        heard.unwrap_err();
        assert_eq!(provider.total().total, 1, "{front:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_has_repeats_of_its_own() {
    let provider = provider(vec![Answer::overloaded(); 8]);
    let stack =
        ServiceBuilder::new().retry(retry()).layer(plan().layer()).service(provider.service());
    for _ in 0..2 {
        assert!(!status(stack.clone(), request(URL)).await.unwrap().is_success());
    }
    assert_eq!(provider.total().total, 8);
}
