//! The rows of the table: a hot path of planguard, its budget, its peers.

use crate::cases::{self, Case};

/// One hot path.
pub struct Row {
    pub name: &'static str,
    /// What is counted, per what.
    pub about: &'static str,
    pub case: &'static Case,
    /// The most instructions; none for a figure that is only shown.
    pub budget: Option<f64>,
    /// The most allocations; none if they are not counted.
    pub allocations: Option<f64>,
    /// The instructions beyond which the run fails: the budget where it is
    /// met; where it is not yet, what was reached and 5 %, so that the figure
    /// only comes down.
    pub ceiling: Option<f64>,
    pub peers: &'static [&'static Case],
}

/// The speed budgets, in the order in which a call meets them.
pub fn all() -> Vec<Row> {
    vec![
        Row {
            name: "gate",
            about: "one look at an account's standing, and its release",
            case: &cases::breaker::GATE,
            budget: Some(150.0),
            allocations: Some(0.0),
            ceiling: Some(150.0),
            peers: &[
                &cases::peers::FAILSAFE_CONSECUTIVE,
                &cases::peers::FAILSAFE,
                &cases::peers::RECLOSER,
                &cases::peers::TOWER_RESILIENCE,
            ],
        },
        Row {
            name: "claim",
            about: "the profile of a request found, where there is one",
            case: &cases::claim::ALONE,
            budget: None,
            allocations: Some(0.0),
            ceiling: None,
            peers: &[],
        },
        Row {
            name: "claim-10",
            about: "the same among 10 profiles on one host",
            case: &cases::claim::TEN,
            budget: None,
            allocations: Some(0.0),
            ceiling: Some(450.0),
            peers: &[],
        },
        // The same ceiling: it does not grow with the profiles.
        Row {
            name: "claim-1000",
            about: "the same among 1,000 of them",
            case: &cases::claim::THOUSAND,
            budget: None,
            allocations: Some(0.0),
            ceiling: Some(450.0),
            peers: &[],
        },
        Row {
            name: "admission",
            about: "profile match, credential, account, gate, release",
            case: &cases::breaker::ADMISSION,
            budget: Some(800.0),
            allocations: Some(0.0),
            ceiling: Some(1_450.0),
            peers: &[],
        },
        Row {
            name: "hand-off",
            about: "the exchange made and put into a request's extensions",
            case: &cases::breaker::HAND_OFF,
            budget: Some(1_000.0),
            allocations: Some(4.0),
            ceiling: Some(1_000.0),
            peers: &[&cases::peers::EXTENSIONS],
        },
        Row {
            name: "detection",
            about: "the same for a response's detection",
            case: &cases::breaker::DETECTION,
            budget: None,
            allocations: Some(4.0),
            ceiling: None,
            peers: &[],
        },
        Row {
            name: "breaker-layer",
            about: "a whole call through BreakerLayer, an empty answer",
            case: &cases::breaker::LAYER,
            budget: None,
            allocations: Some(4.0),
            ceiling: None,
            peers: &[],
        },
        Row {
            name: "sse-frame",
            about: "detect, an event of 240 bytes with nothing in it",
            case: &cases::detect::EVENTS,
            budget: Some(600.0),
            allocations: Some(0.0),
            ceiling: Some(600.0),
            peers: &[&cases::detect::SSE_STREAM, &cases::detect::EVENTSOURCE_STREAM],
        },
        Row {
            name: "json-byte",
            about: "detect, a byte of a success document of 300 KB",
            case: &cases::detect::DOCUMENT,
            budget: Some(2.0),
            allocations: None,
            ceiling: Some(2.0),
            peers: &[&cases::detect::SERDE_JSON],
        },
        Row {
            name: "reqwest-front",
            about: "a whole call through PlanGuard::middleware(), a short JSON success",
            case: &cases::client::WHOLE,
            budget: Some(4_000.0),
            allocations: None,
            ceiling: Some(9_050.0),
            peers: &[
                &cases::client::ONE,
                &cases::client::THREE,
                &cases::client::CONVERSION,
                &cases::client::RETRY,
            ],
        },
        // 100 and 500 µs, at one instruction in a third of a nanosecond.
        Row {
            name: "workload-4k",
            about: "a request of 4 KB read and judged, evidence included",
            case: &cases::workload::SHORT,
            budget: Some(300_000.0),
            allocations: None,
            ceiling: Some(590_000.0),
            peers: &[],
        },
        Row {
            name: "workload-300k",
            about: "an agent's request of 300 KB read and judged",
            case: &cases::workload::LONG,
            budget: Some(1_500_000.0),
            allocations: None,
            ceiling: Some(1_500_000.0),
            peers: &[],
        },
        Row {
            name: "build",
            about: "the built-in profile read, and a guard built of it; 5 ms, at one a nanosecond",
            case: &cases::client::BUILD,
            budget: Some(5_000_000.0),
            allocations: None,
            ceiling: Some(5_000_000.0),
            peers: &[],
        },
    ]
}
