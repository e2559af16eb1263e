//! The whole stack against the simulated provider: the contracts, on real
//! wire bodies. The provider alone says how often it was called.

mod auto_traits;
mod capture;
mod dropped;
mod errors;
mod first_signal;
mod flood;
mod frames;
mod gateway;
mod hosts;
mod ledger;
mod logs;
mod notice;
mod order;
mod secrets;
mod settings;
mod silence;
mod slow_ledger;
mod wire;
