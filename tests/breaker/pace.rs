//! Who uses an account as a provider may object to is told, and not stopped.

use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use planguard::{
    PlanGuard,
    breaker::{Events, What},
    clock::ManualClock,
    ledger::{Concern, MemoryLedger},
    profile::zai,
};
use tower::{Layer, ServiceExt};

use crate::{
    capture::{Lines, capture},
    support::{METERED, PLAN, Play, Transport, request},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const NOTHING: [Vec<Concern>; 0] = [];

struct Desk {
    clock: ManualClock,
    plan: PlanGuard,
    transport: Transport,
    events: Events,
}

impl Desk {
    fn new() -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let clock = ManualClock::new(start);
        let plan = PlanGuard::builder(zai()).ledger(MemoryLedger::new()).clock(clock.clone());
        let plan = plan.build().unwrap();
        let (transport, events) = (Transport::new(|_| Play::Good), plan.events());
        Self { clock, plan, transport, events }
    }

    async fn call(&self, url: &str, agent: &str) {
        let mut asked = request(url, "an-id.a-secret");
        asked.headers_mut().insert("user-agent", agent.parse().unwrap());
        let service = self.plan.breaker_layer().layer(self.transport.clone());
        let answer = service.oneshot(asked).await.expect("nobody is stopped");
        let _ = answer.into_body().collect().await;
    }

    /// So many calls in each of so many minutes.
    async fn calls(&self, minutes: u32, each: u32) {
        for _ in 0..minutes {
            for _ in 0..each {
                self.call(PLAN, "a-tool/1").await;
            }
            self.clock.advance(MINUTE);
        }
    }

    /// The concerns of each event so far.
    fn told(&mut self) -> Vec<Vec<Concern>> {
        let mut told = Vec::new();
        while let Some(event) = self.events.try_next() {
            if let What::Pace { concerns, pace } = event.what {
                assert_eq!(pace.concerns(), concerns);
                told.push(concerns);
            }
        }
        told
    }
}

fn warned(lines: &Lines) -> usize {
    lines.with(&["WARN", "planguard::pace", "may object"]).len()
}

#[tokio::test(start_paused = true)]
async fn a_high_frequency_is_told_once_an_hour_and_stops_nobody() {
    let (lines, _capturing) = capture();
    let mut desk = Desk::new();
    desk.calls(30, 60).await;
    assert_eq!(desk.told(), NOTHING, "600 within ten minutes are not yet many");
    desk.calls(30, 61).await;
    assert_eq!(desk.told(), [[Concern::HighFrequency]]);
    desk.calls(60, 61).await;
    assert_eq!(desk.told(), [[Concern::HighFrequency]], "once more within the second hour");
    assert_eq!(warned(&lines), 2);
    assert_eq!(desk.transport.hits(), 30 * 60 + 90 * 61);
}

#[tokio::test(start_paused = true)]
async fn use_round_the_clock_is_told() {
    let mut desk = Desk::new();
    for hour in 1..=30 {
        desk.call(PLAN, "a-tool/1").await;
        // The look is at the call, before it counts.
        let expected = if hour > 22 { vec![vec![Concern::RoundTheClock]] } else { Vec::new() };
        assert_eq!(desk.told(), expected, "hour {hour}");
        desk.clock.advance(HOUR);
    }
}

#[tokio::test(start_paused = true)]
async fn many_clients_are_told_and_few_are_not() {
    let mut desk = Desk::new();
    for round in 0..3 {
        for agent in ["a-tool/1", "b-tool/1", "c-tool/1"] {
            desk.call(PLAN, agent).await;
        }
        desk.clock.advance(MINUTE);
        assert_eq!(desk.told(), NOTHING, "round {round}");
    }
    desk.call(PLAN, "d-tool/1").await;
    assert_eq!(desk.told(), [[Concern::ManyClients]]);
}

#[tokio::test(start_paused = true)]
async fn what_the_balance_pays_is_nobody_s_concern() {
    let mut desk = Desk::new();
    for _ in 0..15 {
        for n in 0..100 {
            desk.call(METERED, &format!("tool-{}/1", n % 2)).await;
        }
        desk.clock.advance(MINUTE);
    }
    assert_eq!(desk.told(), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_or_a_year_ahead_neither_hides_nor_invents_a_concern() {
    let mut desk = Desk::new();
    let start = planguard::clock::Clock::now(&desk.clock);
    desk.calls(12, 61).await;
    assert_eq!(desk.told(), [[Concern::HighFrequency]]);
    desk.clock.set(start + YEAR);
    desk.calls(2, 10).await;
    assert_eq!(desk.told(), NOTHING, "a year later it is past");
    desk.clock.set(start - YEAR);
    desk.calls(12, 61).await;
    assert_eq!(desk.told(), [[Concern::HighFrequency]], "set back, it is told all the same");
}
