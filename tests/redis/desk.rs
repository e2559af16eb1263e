//! Machines that share a server, and what is on each of them.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use planguard::{
    PlanGuard,
    account::Account,
    breaker::{LedgerTrouble, Posture},
    ledger::{Acknowledgement, Entry, Fact, Ledger, Person, Record, RedisLedger, redis::Builder},
    profile::zai,
    refusal::{Reason, Refused},
    sim::{Answer, Ladder, Provider},
};
use tempfile::TempDir;
use tower::{Layer as _, ServiceExt as _};

/// A machine: its disk.
pub struct Machine {
    disk: TempDir,
}

impl Machine {
    pub fn new() -> Self {
        Self { disk: tempfile::tempdir().unwrap() }
    }

    pub fn shadow(&self) -> PathBuf {
        self.disk.path().join("shadow.jsonl")
    }

    pub fn builder(&self, url: &str) -> Builder {
        RedisLedger::builder(url).shadow(self.shadow())
    }

    /// A program on it starts.
    pub async fn ledger(&self, url: &str) -> RedisLedger {
        self.builder(url).connect().await.unwrap()
    }

    pub async fn guard(&self, url: &str) -> PlanGuard {
        guard(self.ledger(url).await, LedgerTrouble::Refuse)
    }
}

/// A program on a machine of which nothing else matters.
pub async fn ledger(url: &str) -> RedisLedger {
    RedisLedger::builder(url).without_shadow().connect().await.unwrap()
}

/// A guard over `ledger`. Strict, so that every signal waits for a person.
pub fn guard(ledger: impl Ledger, trouble: LedgerTrouble) -> PlanGuard {
    let builder = PlanGuard::builder(zai()).posture(Posture::Strict).ledger(ledger);
    builder.on_ledger_trouble(trouble).build().unwrap()
}

/// A provider that finds fault with the second request and all later ones.
pub fn provider() -> Provider {
    Provider::builder().mode(Ladder::at_request(2)).latency(Duration::ZERO).build()
}

/// One that finds no fault.
pub fn kind_provider() -> Provider {
    Provider::builder().mode(Answer::completion()).latency(Duration::ZERO).build()
}

/// One request of the account `id`, its answer read to the end.
pub async fn ask(plan: &PlanGuard, provider: &Provider, id: &str) -> Result<StatusCode, Refused> {
    let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
        .header("authorization", format!("Bearer {id}.secret"))
        .header("user-agent", "planguard-tests/1")
        .body(Full::<Bytes>::from(r#"{"model":"glm-5.2","messages":[]}"#))
        .unwrap();
    match plan.layer().layer(provider.service()).oneshot(request).await {
        Ok(response) => {
            let (head, body) = Response::into_parts(response);
            body.collect().await.unwrap();
            Ok(head.status)
        }
        Err(error) => Err(Refused::find(error.as_ref()).expect("a refusal").clone()),
    }
}

/// Two requests, of which the second strikes. Answers with the halt's id.
pub async fn strike(plan: &PlanGuard, provider: &Provider, id: &str) -> String {
    ask(plan, provider, id).await.unwrap();
    ask(plan, provider, id).await.unwrap_err().halt().unwrap().to_owned()
}

pub fn reason(answer: Result<StatusCode, Refused>) -> Reason {
    answer.expect_err("a refusal").reason()
}

pub fn account(name: &str) -> Account {
    Account::named("zai", name)
}

pub fn person() -> Person {
    Person::new("Ada", "mended it")
}

pub fn word() -> Acknowledgement {
    Acknowledgement::new(person(), 9).last_chance()
}

/// A halt that waits for a person.
pub fn halt(id: &str) -> Entry {
    halted(id, "latch", serde_json::json!({"is": "latched"}))
}

/// One that may be tested.
pub fn due(id: &str) -> Entry {
    halted(id, "probation", serde_json::json!({"is": "cooling", "until": 1}))
}

fn halted(id: &str, kind: &str, phase: serde_json::Value) -> Entry {
    let halt = serde_json::json!({
        "id": id, "kind": kind, "reach": "plan", "endpoint": 0, "strike": "confirmed",
        "since": 1, "epoch": 0, "hits": 1, "phase": phase, "pause_ms": 0, "longest_ms": 0
    });
    Entry::new(1, Fact::Halted { halt: Box::new(serde_json::from_value(halt).unwrap()) })
}

pub async fn record_of(ledger: &impl Ledger, name: &str) -> Record {
    ledger.open(&account(name)).await.unwrap().record
}

/// Records `entry` against the epoch as it is.
pub async fn write(ledger: &impl Ledger, name: &str, entry: Entry) -> Record {
    let epoch = record_of(ledger, name).await.epoch;
    ledger.record(&account(name), epoch, entry).await.unwrap().record
}
