//! The whole stack against the simulated provider: the contracts, on real
//! wire bodies. The provider alone says how often it was called.
//!
//! What is in `cases` is promised for every front, and run for each of them.

mod auto_traits;
mod capture;
mod fronts;
#[cfg(feature = "axum")]
mod gateway;
#[path = "../support/ledger.rs"]
mod ledger;
mod order;
mod streams;
mod wire;
#[cfg(feature = "workload")]
mod work;
