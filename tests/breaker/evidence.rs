//! Evidence stays within its bounds, whatever is sent and said.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Full};
use planguard::{
    BoxError, PlanGuard,
    account::Account,
    exchange::{Exchange, Report},
    export::Document,
    ledger::{Evidence, FileLedger, KeptEvidence, Ledger, MemoryLedger},
    profile::zai,
    refusal::Refused,
    signal::{Class, Reset, ResetSource, Signal},
};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{PLAN, Play, Transport, request, said};

fn evidence(record: &planguard::ledger::Record) -> &Evidence {
    let [KeptEvidence { evidence, .. }] = &record.evidence[..] else {
        panic!("one strike: {record:?}")
    };
    evidence
}

/// One call, which a detector of one's own answers with `signal`.
async fn struck_by(plan: &PlanGuard, signal: Signal) -> Refused {
    let service = service_fn(move |request: http::Request<Full<Bytes>>| {
        let exchange = request.extensions().get::<Exchange>().unwrap().clone();
        exchange.take();
        exchange.report(Report { signal: signal.clone(), body: Bytes::new() });
        std::future::ready(Ok::<_, BoxError>(Response::new(Full::<Bytes>::default())))
    });
    let answer = plan.breaker_layer().layer(service).oneshot(request(PLAN, "an-id.a-secret")).await;
    match answer {
        Ok(_) => panic!("the strike was let through"),
        Err(error) => Refused::find(error.as_ref()).expect("a refusal").clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn ten_megabytes_of_words_are_cut_at_their_bound() {
    // Three bytes a character, so that the bound falls within one.
    let long = "账".repeat(10 * 1024 * 1024 / 3);
    let mut signal = said(Class::PolicyViolation);
    signal.message = long.clone();
    signal.code = Some(long.clone());
    signal.request_id = Some(long.clone());
    let ledger = MemoryLedger::new();
    let plan = PlanGuard::builder(zai()).ledger(ledger.clone()).build().unwrap();
    struck_by(&plan, signal).await;
    let record = ledger.open(&Account::from_credential("zai", b"an-id")).await.unwrap().record;
    let kept = &evidence(&record).signal;
    assert_eq!(kept.message, long[..8 * 1024 - 2]);
    assert_eq!(kept.code.as_deref(), Some(&long[..255]));
    assert_eq!(kept.request_id.as_deref(), Some(&long[..255]));
    let json = serde_json::to_string(&record).unwrap();
    assert!(json.len() < 24 * 1024, "{} bytes", json.len());
}

#[tokio::test]
async fn a_reset_before_1970_does_not_keep_a_halt_out_of_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = FileLedger::open(folder.path().join("ledger.jsonl")).unwrap();
    let mut signal = said(Class::PolicyViolation);
    signal.reset = Some(Reset::new(UNIX_EPOCH - Duration::from_secs(1), ResetSource::Body));
    let plan = PlanGuard::builder(zai()).ledger(ledger.clone()).build().unwrap();
    let refused = struck_by(&plan, signal).await;
    let accounts = ledger.list().await.unwrap();
    let document = Document::find(&accounts, refused.halt().unwrap()).expect("it is written");
    assert!(document.to_json().contains("the provider's own words"));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_clients_and_hosts_stays_within_the_bounds() {
    const FLOOD: u32 = 5_000;
    let ledger = MemoryLedger::new();
    let plan = PlanGuard::builder(zai()).ledger(ledger.clone()).build().unwrap();
    let transport = Transport::new(|n| match n {
        FLOOD => Play::Says(Class::PolicyViolation),
        _ => Play::Good,
    });
    for n in 1..=FLOOD {
        let mut asked = request(&format!("{PLAN}/{n}?n={n}"), "an-id.a-secret");
        let agent = format!("client-{n}/{}", "\u{e9}x".repeat(1_000));
        let agent = http::HeaderValue::from_bytes(agent.as_bytes()).unwrap();
        asked.headers_mut().insert("user-agent", agent);
        asked.headers_mut().insert("host", format!("host-{n}.example").parse().unwrap());
        match plan.breaker_layer().layer(transport.clone()).oneshot(asked).await {
            Ok(response) => drop(response.into_body().collect().await),
            Err(_) => assert_eq!(n, FLOOD),
        }
    }
    let record = ledger.open(&Account::from_credential("zai", b"an-id")).await.unwrap().record;
    let kept = evidence(&record);
    let agent = kept.user_agent.as_deref().unwrap();
    assert!(agent.starts_with(&format!("client-{FLOOD}/")), "the striking one's: {agent}");
    assert_eq!(kept.pace.as_ref().unwrap().clients, 16);
    let place = kept.place.as_ref().unwrap();
    assert_eq!((place.host.as_str(), place.path_prefix.as_str()), ("api.z.ai", "/api/coding"));
    let json = serde_json::to_string(&record).unwrap();
    assert!(json.len() < 4 * 1024, "{} bytes", json.len());
    for foreign in ["example", "n=", "client-1/"] {
        assert!(!json.contains(foreign), "{foreign} is in {json}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_of_any_name_is_told_in_both_documents() {
    for name in ["a b", "```\n# Forged", "\u{1b}[2J\u{202e}", "名前/with/slashes", "<b>"] {
        let ledger = MemoryLedger::new();
        let plan = PlanGuard::builder(zai()).account(name).ledger(ledger.clone()).build().unwrap();
        let halt = struck_by(&plan, said(Class::PolicyViolation)).await.halt().unwrap().to_owned();
        plan.acknowledge(&halt, name, &format!("{name}\0")).await.unwrap();
        let document = Document::find(&ledger.list().await.unwrap(), &halt).unwrap();
        let json: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
        assert_eq!(json["account"], format!("zai/{name}"));
        assert_eq!(json["releases"][0]["note"], format!("{name}\0"));
        let page = document.to_markdown();
        assert!(!page.contains(['\u{1b}', '\u{202e}', '\0']), "{page}");
        assert_eq!(
            page.lines().filter(|line| line.starts_with("# ")).count(),
            1 + usize::from(name.contains('#'))
        );
    }
}
