//! `/metrics`: planguard's own figures (`planguard::metrics` lists them) and a
//! few of the gateway's.
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `gateway_requests_total` | counter | `format`, `status` |
//! | `gateway_head_seconds` | histogram | `format`: from a request to the head of its answer |
//! | `gateway_broken_total` | counter | `format`, `by`: answers that did not come to their end |
//! | `gateway_open_halts` | gauge | `profile`, `kind`: in the ledger, at this moment |
//! | `gateway_tasks` | gauge | tasks of the runtime |

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use planguard::{ledger::HaltKind, profile::Surface};

use crate::{config::ConfigError, proxy::Gateway, status::is_due};

const UPKEEP: Duration = Duration::from_secs(5);
/// In seconds: from what planguard takes to what a model takes.
const BUCKETS: [f64; 14] =
    [1e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1.0, 5.0, 30.0];

/// The recorder of this process: there can be one only.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to count. Before the guard is built, so that its series are there
/// from the start.
pub fn begin() -> Result<(), ConfigError> {
    if RECORDER.get().is_some() {
        return Ok(());
    }
    let wrong = |error| ConfigError::new(format!("nothing can be counted: {error}"));
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .map_err(wrong)?
        .build_recorder();
    if RECORDER.set(recorder.handle()).is_ok() {
        metrics::set_global_recorder(recorder)
            .map_err(|_| ConfigError::new("somebody else counts in this process"))?;
        planguard::metrics::describe();
        describe_counter!("gateway_requests_total", Unit::Count, "Answers, by format and status.");
        describe_counter!("gateway_broken_total", Unit::Count, "Answers without an end.");
        describe_histogram!("gateway_head_seconds", Unit::Seconds, "Time to an answer's head.");
        describe_gauge!("gateway_open_halts", Unit::Count, "Open halts in the ledger.");
        describe_gauge!("gateway_tasks", Unit::Count, "Tasks of the runtime.");
    }
    Ok(())
}

/// Keeps what was counted small, as long as the gateway runs.
pub async fn keep() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        if let Some(recorder) = RECORDER.get() {
            recorder.run_upkeep();
        }
    }
}

/// One answer has its head.
pub fn answered(surface: Surface, status: StatusCode, began: Instant) {
    let format = surface.as_str();
    let status = status.as_str().to_owned();
    counter!("gateway_requests_total", "format" => format, "status" => status).increment(1);
    histogram!("gateway_head_seconds", "format" => format).record(began.elapsed().as_secs_f64());
}

/// One answer did not come to its end, for a reason in words.
pub fn broke(surface: Surface, why: &'static str) {
    let by = if why.contains("client") { "client" } else { "upstream" };
    counter!("gateway_broken_total", "format" => surface.as_str(), "by" => by).increment(1);
}

pub async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    gauge!("gateway_tasks")
        .set(tokio::runtime::Handle::current().metrics().num_alive_tasks() as f64);
    if let Ok(recorded) = gateway.plan.ledger().await {
        for profile in gateway.upstreams.iter().map(|upstream| upstream.profile.id()) {
            for kind in [HaltKind::Latch, HaltKind::Probation, HaltKind::Hold] {
                let of = recorded.iter().filter(|(account, _)| account.profile() == profile);
                let open = of
                    .flat_map(|(_, record)| &record.halts)
                    .filter(|halt| halt.kind == kind && !is_due(halt));
                gauge!("gateway_open_halts", "profile" => profile.to_owned(), "kind" => kind.as_str())
                    .set(open.count() as f64);
            }
        }
    }
    let text = RECORDER.get().map(PrometheusHandle::render).unwrap_or_default();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
