//! The ledger on a real Redis, which each test starts for itself. Without a
//! `redis-server` on the PATH they say so and pass, unless
//! `PLANGUARD_REQUIRE_REDIS` is 1.

mod cluster;
mod conformance;
#[path = "../support/crowd.rs"]
mod crowd;
mod desk;
mod guarded;
mod loss;
#[path = "../support/process.rs"]
mod process;
mod processes;
mod proxy;
mod server;
mod shared;
mod tls;
mod trouble;
