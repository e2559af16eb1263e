//! Keeps a program inside the terms of the LLM plan it uses.

pub mod account;
mod body;
pub mod breaker;
pub mod clock;
pub mod detect;
pub mod exchange;
pub mod ledger;
pub mod profile;
pub mod refusal;
pub mod signal;
#[cfg(feature = "sim")]
pub mod sim;
mod stack;
mod sync;

#[cfg(feature = "tower")]
pub use stack::PlanLayer;
pub use stack::{BuildError, Builder, HaltError, PlanGuard, Snapshot};

/// A boxed error, as tower uses it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
