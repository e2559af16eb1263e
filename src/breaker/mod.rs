//! May anything leave for this account at all?
//!
//! The breaker admits requests, hears of signals, and keeps each account's
//! standing. It halts on the first strike and never ends a latch by itself.
//!
//! | standing | calls that may be out | leaves it |
//! |---|---|---|
//! | open | [`Limits::unanswered`] unanswered ones; the rest waits | a signal |
//! | latched | none | a person acknowledges |
//! | held | none, then one test where the row says so | its time, a passed test, a person |
//! | cooling | none for 60 s | one trial, of a caller that is not `non_coding` |
//! | on trial | one, until its body ends | passed: watched; a policy signal: latched; else cooling again, doubled to at most 15 min |
//! | watched | one, until its body ends | 60 s and one more pass: open; a policy signal: latched |
//!
//! A call *passes* with a 2xx whose body was read to its end, or a stream to
//! its closing event (`[DONE]`, `message_stop`, `response.completed`), without
//! a signal.
//!
//! Cooling, trial and watch are a *probation*: only for a throttle that the
//! account's own load explains (two or more calls out, or more than ten
//! admitted within 60 s), and once in 24 hours. The dispositions of the
//! [classes](crate::signal::Class) are in [`Disposition::of`].
//!
//! # Alone
//!
//! A [`BreakerLayer`] without a [`DetectLayer`](crate::detect::DetectLayer)
//! inside it still refuses what the ledger or a person has halted, and still
//! bounds how many calls are unanswered at once. It cannot see a strike by
//! itself: somebody below has to [take](crate::exchange::Exchange::take) the
//! [`Exchange`](crate::exchange::Exchange) from the request's extensions and
//! [report](crate::exchange::Exchange::report) signals to it. If nobody takes
//! it, the first plan response is an error in the log and an event, and from
//! the second one on the account is refused as `misconfigured`: silently
//! doing nothing would be the worst failure.

mod announce;
#[cfg(feature = "tower")]
mod answering;
#[cfg(planguard_bench)]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "tower")]
mod body;
mod call;
mod cell;
mod clients;
#[cfg(feature = "tower")]
mod closing;
mod config;
mod core;
mod count;
mod disposition;
mod event;
mod evidence;
#[cfg(feature = "tower")]
mod follow;
#[cfg(feature = "tower")]
mod future;
mod gate;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "reqwest")]
mod middleware;
mod outbox;
mod pace;
mod refuse;
#[cfg(feature = "tower")]
mod service;
mod sink;
mod standing;
#[cfg(feature = "tower")]
mod write_wait;

#[cfg(feature = "tower")]
pub use crate::refusal::{Answer, Refusing, Throw};
#[cfg(feature = "tower")]
pub use body::BreakerBody;
pub use config::{LedgerTrouble, StruckResponse, Unclaimed};
pub use disposition::{Action, Disposition, Dispositions, Posture, TooLax};
pub use event::{Event, Events, What};
#[cfg(feature = "tower")]
pub use future::ResponseFuture;
#[cfg(feature = "tower")]
pub use layer::BreakerLayer;
#[cfg(feature = "reqwest")]
pub use middleware::BreakerMiddleware;
#[cfg(feature = "tower")]
pub use service::Breaker;
pub use standing::Limits;

pub(crate) use self::{cell::Cell, config::Shared, core::Core, count::count_none, event::Bus};
