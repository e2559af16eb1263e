//! One simulated day of one stack in one scenario.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use planguard::{
    PlanGuard,
    breaker::{Event, Events, Posture, What},
    clock::TokioClock,
    ledger::{Ended, Ledger, Phase},
    profile::zai,
    refusal::Refused,
    sim::Provider,
};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};
use tower::{Service, ServiceExt};

use crate::{
    restarts,
    scenario::Scenario,
    stacks::{Client, Stack, in_turn},
};

const ACCOUNT: &str = "first-strike";
const URL: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
const LATENCY: Duration = Duration::from_millis(200);

/// One cell of the table.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub stack: Stack,
    pub scenario: Scenario,
    pub callers: u32,
}

/// What the provider counted.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub stack: &'static str,
    pub scenario: &'static str,
    pub callers: u32,
    pub posture: Option<&'static str>,
    /// All that arrived.
    pub upstream_hits: u64,
    /// Had arrived when the first signal was complete, and was not answered.
    pub hits_already_in_flight: u64,
    /// Arrived after it, before any passed trial had reopened the account.
    pub hits_after_first_signal: u64,
    /// Arrived while a passed trial had the account reopened.
    pub hits_after_passed_trial: u64,
    pub trials: u64,
    pub strikes: u32,
    pub banned: bool,
    /// Whether the last failure that a caller saw held the provider's words.
    pub user_saw_message: bool,
}

/// What the callers noticed.
#[derive(Default)]
struct Noticed {
    in_flight: Option<u64>,
    saw_message: bool,
}

impl Case {
    pub fn run(self, day: Duration) -> Row {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(self.play(day))
    }

    async fn play(self, day: Duration) -> Row {
        let start = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let began = Instant::now();
        let provider = Provider::builder()
            .mode(self.scenario.mode())
            .latency(LATENCY)
            .starting_at(start)
            .build();
        let posture = if self.stack.is_strict() { Posture::Strict } else { Posture::Probation };
        let clock = TokioClock::starting_at(start);
        let guard = move |ledger: Arc<dyn Ledger>| {
            let builder = PlanGuard::builder(zai()).ledger(ledger).posture(posture).clock(clock);
            builder.build().expect("a guard")
        };
        let (client, said): (_, Box<dyn FnOnce() -> Vec<Event>>) = if self.stack.restarts() {
            let (client, said) = restarts::each_call(&provider, guard);
            (client, Box::new(move || said.all()))
        } else {
            let plans: Vec<_> = self.stack.ledgers().into_iter().map(guard).collect();
            let mut events: Vec<_> = plans.iter().map(PlanGuard::events).collect();
            let clients = plans.iter().map(|plan| self.stack.client(&provider, plan)).collect();
            (in_turn(clients), Box::new(move || events.iter_mut().flat_map(all).collect()))
        };
        let noticed = Arc::new(Mutex::new(Noticed::default()));
        let callers: Vec<_> = (0..self.callers)
            .map(|_| {
                tokio::spawn(caller(
                    self.scenario,
                    client.clone(),
                    provider.clone(),
                    noticed.clone(),
                    day,
                ))
            })
            .collect();
        for caller in callers {
            caller.await.expect("a caller that does not panic");
        }
        let tally = provider.tally(ACCOUNT);
        let (trials, open) = reopened(said());
        let reopened = |at: Instant| {
            let at = start + (at - began);
            open.iter().any(|(from, to)| *from <= at && at <= *to)
        };
        let first = provider.first_signal_at(ACCOUNT);
        let arrivals = if open.is_empty() { Vec::new() } else { provider.arrivals() };
        let after_trial =
            arrivals.iter().filter(|a| reopened(a.at) && Some(a.at) > first).count() as u64;
        let noticed = noticed.lock();
        Row {
            stack: self.stack.name,
            scenario: self.scenario.name(),
            callers: self.callers,
            posture: self.stack.posture(),
            upstream_hits: tally.total,
            hits_already_in_flight: noticed.in_flight.unwrap_or(0),
            hits_after_first_signal: tally.after_first_signal - after_trial,
            hits_after_passed_trial: after_trial,
            trials,
            strikes: tally.strikes,
            banned: tally.banned,
            user_saw_message: noticed.saw_message,
        }
    }
}

fn all(events: &mut Events) -> impl Iterator<Item = Event> {
    std::iter::from_fn(|| events.try_next())
}

/// How many trials there were, and when the account was reopened by one.
fn reopened(mut said: Vec<Event>) -> (u64, Vec<(SystemTime, SystemTime)>) {
    let (mut trials, mut open, mut since) = (0, Vec::new(), None);
    said.sort_by_key(|event| event.at);
    for event in said {
        match event.what {
            What::Moved { phase: Phase::Trial { .. }, .. } => trials += 1,
            What::Moved { phase: Phase::Watching { .. }, .. }
            | What::Released { how: Some(Ended::Passed), .. } => {
                since.get_or_insert(event.at);
            }
            What::Halted { .. } | What::Relapsed { .. } => {
                open.extend(since.take().map(|since| (since, event.at)));
            }
            _ => {}
        }
    }
    let end_of_time = SystemTime::now() + Duration::from_secs(100 * 365 * 24 * 60 * 60);
    open.extend(since.map(|since| (since, end_of_time)));
    (trials, open)
}

/// Asks once a second, and reads what comes.
async fn caller(
    scenario: Scenario,
    mut client: Client,
    provider: Provider,
    noticed: Arc<Mutex<Noticed>>,
    day: Duration,
) {
    let evening = Instant::now() + day;
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while seconds.tick().await < evening {
        let request = Request::post(URL)
            .header("authorization", format!("Bearer {ACCOUNT}.secret"))
            .header("user-agent", "first-strike/1")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from_static(scenario.request().as_bytes())))
            .expect("a valid request");
        let failure = ask(&mut client, request).await;
        let mut noticed = noticed.lock();
        if let (None, Some(first)) = (noticed.in_flight, provider.first_signal_at(ACCOUNT)) {
            noticed.in_flight = Some(under_way(&provider, first));
        }
        if let Some(saw_message) = failure {
            noticed.saw_message = saw_message;
        }
    }
}

/// None for a good answer; else whether the provider's words were in it.
async fn ask(client: &mut Client, request: Request<Full<Bytes>>) -> Option<bool> {
    const WORDS: [&str; 6] = [
        "Fair Usage Policy",
        "locked",
        "Insufficient balance",
        "Rate limit reached",
        "irregular",
        "High concurrency",
    ];
    let said = |text: &str| WORDS.iter().any(|words| text.contains(words));
    let answered = match client.ready().await {
        Ok(client) => client.call(request).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(response) => {
            let good = response.status().is_success();
            let body = response.into_body().collect().await.ok()?.to_bytes();
            let text = String::from_utf8_lossy(&body);
            (!good || text.contains("\"error\"")).then(|| said(&text))
        }
        Err(error) => {
            let words = Refused::find(error.as_ref()).and_then(Refused::provider_message);
            Some(words.is_some_and(said) || said(&error.to_string()))
        }
    }
}

/// What had arrived by `signal` and was not answered before it, without the
/// call that got it.
fn under_way(provider: &Provider, signal: Instant) -> u64 {
    let arrivals = provider.arrivals();
    let struck = arrivals.iter().find(|arrival| arrival.code.is_some());
    let waiting = |at: Instant| at <= signal && at + LATENCY >= signal;
    let others = arrivals.iter().filter(|arrival| {
        waiting(arrival.at) && struck.is_none_or(|struck| struck.seq != arrival.seq)
    });
    others.count() as u64
}
