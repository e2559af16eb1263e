use std::time::Duration;

use http::StatusCode;
use planguard::{
    PlanGuard,
    breaker::{Posture, StruckResponse, What},
    clock::TokioClock,
    exchange::Workload,
    ledger::{HaltKind, MemoryLedger},
    profile::zai,
    refusal::{Reason, Refused},
    signal::Class,
};
use tower::{Layer, ServiceExt};

use crate::support::{METERED, PLAN, Play, Transport, ask, request, send};

fn plan() -> planguard::Builder {
    PlanGuard::builder(zai())
        .ledger(MemoryLedger::new())
        .clock(TokioClock::starting_at(std::time::UNIX_EPOCH + Duration::from_secs(1_780_000_000)))
}

#[tokio::test(start_paused = true)]
async fn after_the_first_strike_nothing_is_sent() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    let first = ask(&plan, &transport).await.unwrap_err();
    assert_eq!(first.reason(), Reason::AccountHalted);
    assert_eq!(first.provider_status(), Some(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(first.provider_body().map(|body| &body[..]), Some(&b"{\"error\":{}}"[..]));
    assert_eq!(first.provider_message(), Some("the provider's own words"));
    for _ in 0..20 {
        tokio::time::advance(Duration::from_secs(3_600 * 24)).await;
        let again = ask(&plan, &transport).await.unwrap_err();
        assert_eq!(again.halt(), first.halt());
        assert_eq!(again.provider_body(), None);
    }
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_a_person_with_a_name_and_a_note_says_go_on() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|n| match n {
        1 => Play::Says(Class::PolicyViolation),
        _ => Play::Good,
    });
    let refused = ask(&plan, &transport).await.unwrap_err();
    let halt = refused.halt().unwrap().to_owned();
    assert!(plan.acknowledge(&halt, " ", "read it").await.is_err());
    assert!(plan.acknowledge(&halt, "Ada", "").await.is_err());
    let unknown = plan.acknowledge("h-nothing", "Ada", "read it").await.unwrap_err();
    assert!(unknown.to_string().contains(&halt), "{unknown}");
    ask(&plan, &transport).await.unwrap_err();
    plan.acknowledge(&halt, "Ada", "read it, stopped the batch job").await.unwrap();
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1);
}

#[tokio::test(start_paused = true)]
async fn every_clone_shares_the_halt_and_every_account_has_its_own() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    ask(&plan, &transport).await.unwrap_err();
    ask(&plan.clone(), &transport).await.unwrap_err();
    let refreshed = plan.breaker_layer().layer(transport.clone());
    refreshed.oneshot(request(PLAN, "an-id.another-secret")).await.unwrap_err();
    assert_eq!(transport.hits(), 1, "a refreshed secret keeps the halt");
    let other = plan.breaker_layer().layer(transport.clone());
    other.oneshot(request(PLAN, "other-id.a-secret")).await.unwrap_err();
    assert_eq!(transport.hits(), 2, "another account is not halted by it");
}

#[tokio::test(start_paused = true)]
async fn a_plan_halt_leaves_the_metered_endpoint_open() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|n| match n {
        1 => Play::Says(Class::PolicyViolation),
        _ => Play::Good,
    });
    ask(&plan, &transport).await.unwrap_err();
    assert!(send(&plan, &transport, METERED).await.is_ok());
    let locked = Transport::new(|_| Play::Says(Class::AccountLocked));
    assert!(send(&plan, &locked, METERED).await.is_err());
    send(&plan, &transport, METERED).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn the_struck_response_can_be_handed_on() {
    let plan = plan().struck_response(StruckResponse::Pass).build().unwrap();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    ask(&plan, &transport).await.unwrap_err();
    assert_eq!(transport.hits(), 1);
}

#[tokio::test(start_paused = true)]
async fn report_stops_nothing_and_says_what_it_would_have_done() {
    let ledger = MemoryLedger::new();
    let reporting = plan().posture(Posture::Report).ledger(ledger.clone()).build().unwrap();
    let mut events = reporting.events();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    for _ in 0..3 {
        assert_eq!(ask(&reporting, &transport).await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(transport.hits(), 3);
    let would = std::iter::from_fn(|| events.try_next())
        .filter(|event| matches!(event.what, What::WouldHaveHalted { disposition: "latch", .. }));
    assert_eq!(would.count(), 3);
    let guarded = plan().ledger(ledger).build().unwrap();
    let good = Transport::new(|_| Play::Good);
    assert_eq!(ask(&guarded, &good).await.unwrap(), StatusCode::OK, "its records halt nobody");
}

#[tokio::test(start_paused = true)]
async fn four_calls_go_out_and_the_rest_wait_and_hear_of_the_halt() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation));
    let calls = (0..100).map(|_| ask(&plan, &transport));
    let refused = futures_util::future::join_all(calls).await;
    assert!(refused.iter().all(Result::is_err));
    assert_eq!(transport.hits(), 4);
    let record = &plan.snapshot()[0].record;
    assert_eq!((record.strikes.confirmed, record.halts[0].hits), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_probation_is_one_trial_then_a_watch_then_open() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|n| match n {
        1..=2 => Play::Says(Class::PolicyThrottle),
        _ => Play::Good,
    });
    let (a, b) = tokio::join!(ask(&plan, &transport), ask(&plan, &transport));
    let (a, b) = (a.unwrap_err(), b.unwrap_err());
    assert_eq!(a.halt(), b.halt());
    assert_eq!(plan.snapshot()[0].record.halts[0].kind, HaltKind::Probation);
    ask(&plan, &transport).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(61)).await;

    let mut other = request(PLAN, "an-id.a-secret");
    other.extensions_mut().insert(Workload::NonCoding);
    let other = plan.breaker_layer().layer(transport.clone()).oneshot(other).await;
    assert!(Refused::find(other.unwrap_err().as_ref()).is_some());
    assert_eq!(transport.hits(), 2, "other work never carries the trial");

    let trial = ask(&plan, &transport);
    let beside = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        ask(&plan, &transport).await
    };
    let (trial, beside) = tokio::join!(trial, beside);
    assert_eq!(trial.unwrap(), StatusCode::OK);
    beside.unwrap_err();
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
    let record = &plan.snapshot()[0].record;
    assert!(record.halts.is_empty());
    assert_eq!((record.strikes.confirmed, record.strikes.suspected), (0, 1));
    assert_eq!(record.reduced_slots, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_trial_whose_caller_goes_away_cools_again() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|n| match n {
        1..=2 => Play::Says(Class::PolicyThrottle),
        3 => Play::Hangs,
        _ => Play::Good,
    });
    let _ = tokio::join!(ask(&plan, &transport), ask(&plan, &transport));
    tokio::time::advance(Duration::from_secs(61)).await;
    let trial = tokio::time::timeout(Duration::from_secs(5), ask(&plan, &transport)).await;
    assert!(trial.is_err());
    assert_eq!(transport.hits(), 3);
    tokio::time::advance(Duration::from_secs(119)).await;
    ask(&plan, &transport).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_detector_took_is_a_configuration_error() {
    let plan = plan().build().unwrap();
    let mut events = plan.events();
    let transport = Transport::new(|_| Play::Good).without_detector();
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
    assert!(
        std::iter::from_fn(|| events.try_next()).any(|e| matches!(e.what, What::Misconfigured))
    );
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
    let refused = ask(&plan, &transport).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::Misconfigured);
    assert_eq!(transport.hits(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_transports_own_error_comes_through_unchanged() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Breaks);
    let error = send(&plan, &transport, PLAN).await.unwrap_err();
    assert!(error.downcast_ref::<crate::support::Broke>().is_some());
    for _ in 0..10 {
        send(&plan, &transport, PLAN).await.unwrap_err();
    }
    assert_eq!(transport.hits(), 11, "a broken connection takes no slot for ever");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_no_profile_claims_is_left_alone() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Says(Class::PolicyViolation)).without_detector();
    for _ in 0..5 {
        let answer = send(&plan, &transport, "https://api.z.ai.example.com/api/anthropic").await;
        assert_eq!(answer.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(plan.snapshot().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_person_can_halt_an_account_by_hand() {
    let plan = plan().build().unwrap();
    let transport = Transport::new(|_| Play::Good);
    let account = plan.account_of(&zai(), "an-id.a-secret");
    let halt = plan.halt(&account, "Ada", "moving to another plan").await.unwrap();
    let refused = ask(&plan, &transport).await.unwrap_err();
    assert_eq!(refused.halt(), Some(halt.id.as_str()));
    assert!(refused.to_string().contains("Ada"), "{refused}");
    plan.acknowledge(&halt.id, "Ada", "moved").await.unwrap();
    assert_eq!(ask(&plan, &transport).await.unwrap(), StatusCode::OK);
}
