//! What planguard tells the [`metrics`](https://docs.rs/metrics) facade
//! (feature `metrics`). This page is the reference.
//!
//! The recorder is the program's own: install one, call [`describe`], then
//! build the guard. planguard opens no port and sends nothing; without a
//! recorder nothing is kept.
//!
//! | metric | type | labels | what |
//! |---|---|---|---|
//! | `planguard_requests_total` | counter | `profile`, `outcome` | requests to a profile's endpoints that came to the breaker: `sent`, or `refused`. One whose caller left while it waited is neither |
//! | `planguard_refusals_total` | counter | `profile`, `reason` | requests that were refused and not sent, by any layer: the codes of [`Reason`]. For `unclaimed_host` the profile is empty |
//! | `planguard_signals_total` | counter | `profile`, `class` | what answers said: the names of [`Class`]. One an answer at most |
//! | `planguard_strikes_total` | counter | `profile`, `strike` | marks against the provider's limit: `suspected`, `confirmed`. A suspected one that is confirmed is in both |
//! | `planguard_halts_total` | counter | `profile`, `kind` | halts that began here, by a signal or a person: `latch`, `probation`, `hold`. One that became graver is in both |
//! | `planguard_releases_total` | counter | `profile`, `by` | halts that ended here: by `time`, by a passed `test` or trial, by a `person` ([`PlanGuard::acknowledge`]) |
//! | `planguard_uninspected_total` | counter | `profile`, `why` | answers that could not be judged by all of their body: `compressed`, `corrupt`, `oversized` ([`Uninspected`]) |
//! | `planguard_ledger_errors_total` | counter | `profile`, `op` | `read`: a request could not be checked against the ledger. `write`: an entry could not be written, and will be tried again; or an answer waited 2 s for it in vain |
//! | `planguard_workload_requests_total` | counter | `profile`, `verdict`, `action` | requests that the non-coding guard judged. `verdict` is its estimate: `coding`, `non_coding`, `unclear`. `action` is what was done: `passed`, `within_turn`, `reported`, `warned`, `blocked`, `rerouted` ([`WorkloadTally`]) |
//! | `planguard_inspection_seconds` | histogram | `profile` | the time spent on reading one answer, all of its frames together; of each answer whose body is read, when that is over |
//! | `planguard_workload_seconds` | histogram | `profile` | the time in which one request was read and judged, from its whole body to its verdict; an [`AsyncClassifier`]'s own time is in it |
//!
//! # What they count
//!
//! What this process does and hears, as the [events](crate::breaker::What) do:
//! of several that share a ledger each counts its own part (two that are
//! struck at the same moment count a strike each; the ledger keeps one). What
//! the command `planguard` halts or releases is counted by none of them.
//! The call that struck was `sent`; that its caller gets a refusal too is in
//! no counter.
//!
//! Strikes and halts of a guard's profiles stand at zero from
//! [`build`](crate::Builder::build) on, if the recorder is there by then:
//! Prometheus' `increase` does not see a series that begins with a one.
//!
//! ```promql
//! increase(planguard_strikes_total[10m]) > 0
//! ```
//!
//! No metric says how many halts are open. Time and other processes end them
//! too, and a process hears of that with its next request, so that such a
//! gauge would show halts that are long over.
//! [`PlanGuard::ledger`] and `planguard list` say what is open.
//!
//! # Labels
//!
//! `profile` is a [profile's id](crate::profile::Profile::id), every other
//! label is one of the words above: at most 61 series a profile, whatever is
//! sent and whoever sends it. No account, credential, model, host, User-Agent
//! or text is ever in one.
//!
//! # What it costs
//!
//! A counter or two a request, two readings of the machine's clock a frame,
//! and one value in a histogram for each body, on the thread of the call: the
//! recorder must not block. Before its own share that is about 1,100
//! instructions for a whole call and 150 for each frame of a stream. Exporters
//! want buckets: those from a microsecond to ten milliseconds fit both
//! histograms.
//!
//! # Example
//!
//! ```
//! use metrics_util::debugging::DebuggingRecorder;
//! use planguard::{PlanGuard, ledger::MemoryLedger};
//!
//! # fn main() -> Result<(), planguard::BoxError> {
//! // In a program: `PrometheusBuilder::new().install()?` or its like.
//! let recorder = DebuggingRecorder::new();
//! let snapshotter = recorder.snapshotter();
//! let plan = metrics::with_local_recorder(&recorder, || {
//!     planguard::metrics::describe();
//!     PlanGuard::builder(planguard::profile::zai()).ledger(MemoryLedger::new()).build()
//! })?;
//! let strikes = |name: &str| name == "planguard_strikes_total";
//! let seen = snapshotter.snapshot().into_vec();
//! assert!(seen.iter().any(|(key, ..)| strikes(key.key().name())));
//! # drop(plan);
//! # Ok(())
//! # }
//! ```
//!
//! [`AsyncClassifier`]: crate::workload::AsyncClassifier
//! [`Class`]: crate::signal::Class
//! [`PlanGuard::acknowledge`]: crate::PlanGuard::acknowledge
//! [`PlanGuard::ledger`]: crate::PlanGuard::ledger
//! [`Reason`]: crate::refusal::Reason
//! [`Uninspected`]: crate::exchange::Uninspected
//! [`WorkloadTally`]: crate::workload::WorkloadTally

use ::metrics::{Unit, describe_counter, describe_histogram};

use crate::meter;

const COUNTERS: [(&str, &str); 9] = [
    (meter::REQUESTS, "Requests that came to the breaker, by outcome."),
    (meter::REFUSALS, "Requests that were refused and not sent, by reason."),
    (meter::SIGNALS, "What the provider's answers said, by class."),
    (meter::STRIKES, "Marks against the provider's limit, suspected or confirmed."),
    (meter::HALTS, "Halts that began, by kind."),
    (meter::RELEASES, "Halts that ended, by what ended them."),
    (meter::UNINSPECTED, "Answers that could not be judged by all of their body, by cause."),
    (meter::LEDGER_ERRORS, "Failed reads and writes of the ledger."),
    (meter::WORKLOAD_REQUESTS, "Requests judged by the non-coding guard, by verdict and action."),
];

const HISTOGRAMS: [(&str, &str); 2] = [
    (meter::INSPECTION_SECONDS, "Time spent on reading one answer."),
    (meter::WORKLOAD_SECONDS, "Time in which one request was read and judged."),
];

/// Gives name, unit and meaning of every metric to the recorder that is
/// installed. Once is enough; again is harmless.
pub fn describe() {
    for (name, about) in COUNTERS {
        describe_counter!(name, Unit::Count, about);
    }
    for (name, about) in HISTOGRAMS {
        describe_histogram!(name, Unit::Seconds, about);
    }
}
