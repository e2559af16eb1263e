//! The breaker's front, with a hand-made detector inside: what the service,
//! its future and its body promise.

#[path = "../stack/capture.rs"]
mod capture;
mod evidence;
#[path = "../support/ledger.rs"]
mod ledger;
mod ledgers;
mod limit;
mod pace;
mod promises;
mod support;
