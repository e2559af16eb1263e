//! The operator's command, as scripts and people run it: the real binary, on
//! ledgers that a guard or these tests wrote.

mod account;
mod acknowledge;
mod desk;
mod doctor;
mod export;
mod guarded;
mod hostile;
mod list;
#[cfg(unix)]
mod stranger;
#[cfg(unix)]
mod terminal;
mod trouble;
#[cfg(unix)]
mod typed;
mod usage;
mod watch;

#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
#[path = "../redis/server.rs"]
#[allow(dead_code, reason = "the shared ledger's own tests use all of it")]
mod server;
