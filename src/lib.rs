//! Keeps a program inside the terms of the LLM plan it uses.
//!
//! Subscription plans for coding (Z.AI's GLM Coding Plan is the first that
//! this crate knows) throttle an account that breaks their terms, and ban it
//! at the third violation. They say so in response bodies, where usual
//! middleware does not look, and stock retry layers turn one refused call
//! into four. planguard is a stack of [tower](https://docs.rs/tower) layers:
//!
//! | layer | question |
//! |---|---|
//! | [`detect`] | Does this response carry the provider's enforcement, a quota wall, an unpaid bill? |
//! | [`breaker`] | May anything leave for this account at all? |
//!
//! **After the first policy signal nothing more is sent for that account, the
//! user reads the provider's own words, and only a person can say "go on".**
//! One exception: a 1302 or 1303 that the account's own concurrency explains
//! may be tested once a day by a single coding request sent alone
//! ([`Posture::Strict`](breaker::Posture::Strict) removes it).
//!
//! planguard never changes a User-Agent or any content to get a request
//! through, rotates no keys, sends nothing of its own, asks no provider what a
//! request is, and never ends a confirmed policy halt by a timer.
//!
//! # Quick start
//!
//! The retry layer stands outside, so that it hears a refusal instead of
//! repeating a strike. Here the transport is a simulated provider that strikes
//! at once; with a real one, put your HTTP client there.
//!
//! ```
//! # #[cfg(feature = "sim")] {
//! use http::Request;
//! use planguard::{PlanGuard, ledger::MemoryLedger, refusal::Refused, sim::{Ladder, Provider}};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), planguard::BoxError> {
//! let provider = Provider::builder().mode(Ladder::at_request(1)).build();
//! let plan = PlanGuard::builder(planguard::profile::zai())
//!     // Leave this out in your program: halts are then kept in a file.
//!     .ledger(MemoryLedger::new())
//!     .build()?;
//! let service = ServiceBuilder::new()
//!     // .layer(your_retry_layer)
//!     .layer(plan.layer())
//!     .service(provider.service());
//!
//! let request = || {
//!     Request::post("https://api.z.ai/api/coding/paas/v4/chat/completions")
//!         .header("authorization", "Bearer an-id.a-secret")
//!         .header("user-agent", "my-agent/1.0")
//!         .body(r#"{"model":"glm-5.2","messages":[]}"#.to_owned())
//!         .unwrap()
//! };
//! let error = service.clone().oneshot(request()).await.unwrap_err();
//! let refused = Refused::find(error.as_ref()).expect("a refusal");
//! println!("{refused}");
//! assert!(refused.provider_message().unwrap().contains("Fair Usage Policy"));
//!
//! // Nothing leaves from here on, in no clone, task or thread.
//! service.clone().oneshot(request()).await.unwrap_err();
//! assert_eq!(provider.total().total, 1);
//!
//! // A person has read it, and says go on.
//! let halt = refused.halt().expect("a halt");
//! plan.acknowledge(halt, "Ada", "stopped the batch job, wrote to support").await?;
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! # Where to go
//!
//! - [`PlanGuard::builder`] has all settings; start with
//!   [`Posture::Report`](breaker::Posture::Report) if you are unsure.
//! - [`refusal`] is what a stopped call gets, and how it is told to a client.
//! - [`profile`] is a vendor's plan as data: endpoints, terms, rules.
//! - [`ledger`] is what must outlive the process. The command `planguard`
//!   (feature `cli`) shows it, and releases what is halted.
//! - [`export`] is all that is known of one strike, for an appeal.
//! - `metrics` (feature `metrics`) has what a recorder gets: requests,
//!   refusals, strikes, halts, verdicts, times.
//! - `sim` (feature `sim`) is a provider to test your own program against.
//!
//! # Spans and events
//!
//! | target | level | what |
//! |---|---|---|
//! | `planguard::call` | span, info | `call`: one admitted call, with `profile`, `account`, `class`, `disposition`, `verdict`, `halt_id` |
//! | `planguard::strike` | error, warn | one line a strike, ending in what releases it; late siblings, and an account that stands one before the limit |
//! | `planguard::breaker` | info, warn, error | holds, releases, waiting calls, layers in the wrong order |
//! | `planguard::ledger` | error | the ledger cannot be read or written |
//! | `planguard::pace` | warn | a provider may object to how an account is used, once an hour at most |
//! | `planguard::detect` | warn | responses that cannot be judged, redirects to another host |
//! | `planguard::refused` | debug, info | refused calls, and their number once a minute |
//! | `planguard::signal` | debug | signals that halt nothing |
//! | `planguard::notice` | info | what the vendor's terms say, once a ledger and week |
//!
//! No credential and no prompt is ever logged, counted, stored or shown. The
//! provider's own message is.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod account;
mod body;
// Only the fronts admit calls.
#[cfg_attr(not(feature = "tower"), allow(dead_code))]
pub mod breaker;
pub mod clock;
pub mod detect;
pub mod exchange;
pub mod export;
pub mod ledger;
#[cfg_attr(not(feature = "tower"), allow(dead_code))]
mod meter;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod profile;
mod quote;
pub mod refusal;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "retry")]
pub mod retry;
pub mod signal;
#[cfg(feature = "sim")]
pub mod sim;
mod stack;
mod sync;
// Only the fronts act on a verdict.
#[cfg_attr(not(feature = "tower"), allow(dead_code))]
pub mod workload;

#[cfg(feature = "tower")]
pub use stack::PlanLayer;
pub use stack::{BuildError, Builder, HaltError, PlanGuard, Snapshot};
#[cfg(feature = "reqwest")]
pub use stack::{GuardedClient, PlanMiddleware};

/// A boxed error, as tower uses it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

// The README's examples are tested as documentation.
#[cfg(all(doctest, feature = "sim", feature = "reqwest"))]
#[doc = include_str!("../README.md")]
struct ReadMe;
