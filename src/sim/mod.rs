//! A provider that behaves as reported, to test your own program against.
//!
//! It speaks Z.AI's surfaces and refuses as Z.AI's users report it: policy
//! enforcement that climbs to a ban, throttles that a retry seems to cure,
//! quota walls with their UTC+8 stamps, errors inside a stream and inside a
//! 200. It knows nothing of what guards an account, only HTTP; and it alone
//! counts what arrived, so a test asks *it* how often a client really called.
//!
//! | path | speaks |
//! |---|---|
//! | `/api/coding/paas/v4/chat/completions` | OpenAI Chat Completions |
//! | `/api/paas/v4/chat/completions` | the same, metered |
//! | `/api/anthropic/v1/messages` | Anthropic Messages |
//! | `/api/v1/responses` | OpenAI Responses |
//!
//! Any host does. A body with `"stream": true` gets server-sent events in the
//! path's dialect. The account is the part before the dot of the key in
//! `Authorization: Bearer id.secret` or `x-api-key` (at most 128 bytes of it).
//! Use made-up keys: ids are shown, and a key without a dot is all id.
//!
//! # In process
//!
//! [`Provider::service`] is a tower service on tokio's clock: with a paused
//! one, a day passes in no time.
//!
//! ```
//! use http::{Request, StatusCode};
//! use planguard::sim::{Ladder, Provider};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), planguard::sim::Error> {
//! // The second request breaks the terms; whoever goes on is banned.
//! let provider = Provider::builder().mode(Ladder::at_request(2)).build();
//! let mut statuses = Vec::new();
//! for _ in 0..5 {
//!     let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
//!         .header("authorization", "Bearer tester.secret")
//!         .body(r#"{"model":"glm-5.2","messages":[]}"#.to_owned())
//!         .unwrap();
//!     let response = provider.service().oneshot(request).await?;
//!     statuses.push(response.status());
//! }
//! assert_eq!(statuses[0], StatusCode::OK);
//! assert_eq!(statuses[1..], [StatusCode::TOO_MANY_REQUESTS; 4]);
//!
//! // A client that reads the first signal stops here. This one did not.
//! let tally = provider.tally("tester");
//! assert_eq!((tally.before_first_signal, tally.after_first_signal), (2, 3));
//! assert!(tally.banned);
//! # Ok(())
//! # }
//! ```
//!
//! # On loopback
//!
//! [`Provider::serve`] listens on 127.0.0.1, HTTP/1 and HTTP/2 without TLS, for
//! programs in any language:
//!
//! ```
//! use planguard::sim::{Answer, Provider, Script};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let provider = Provider::builder()
//!     .mode(Script::new([Answer::completion(), Answer::mid_stream(3, 1313)]))
//!     .build();
//! let server = provider.serve().await?;
//! println!("point your program at {}", server.url("/api/coding/paas/v4"));
//! # Ok(())
//! # }
//! ```
//!
//! # Behaviour
//!
//! A provider has [modes](Mode), data that compose: the first one with an
//! answer gives it, and where none has, the request gets a completion.
//!
//! | to have | add |
//! |---|---|
//! | answers one by one | [`Script`] |
//! | throttled, suspended, banned at the third violation | [`Ladder`] |
//! | a 1302 that passes on retry and comes back | [`Oscillation`] |
//! | a limit on requests at once | [`Concurrency`] |
//! | a quota wall that resets | [`Quota`] |
//! | nothing to charge, each time | [`Answer::error`]`(1113)` |
//! | overload, 429 or 529 | [`Answer::overloaded`] |
//! | an error inside a stream | [`Answer::mid_stream`] |
//! | an error inside a 200 | [`Answer::ok_with_error`], [`Answer::ok_with_plain_error`] |
//! | a redirect | [`Answer::redirect`] |
//! | a late end, a late head | [`Answer::slow_end`], [`Answer::latency`] |
//! | a bad server | [`Answer::close_early`], [`Answer::reset`], [`Answer::endless`], [`Answer::garbage`] |
//!
//! # Checking a ledger of your own
//!
//! [`conformance`] puts any [`Ledger`](crate::ledger::Ledger) to the promises
//! that halts rest on.
//!
//! # Counting
//!
//! [`Provider::tally`] counts for one account, [`Provider::total`] for all.
//! What arrives between a signal's decision and the moment it is sent was
//! already under way. To draw the line where *your* program recognised the
//! signal, take a [`Provider::mark`] there and count
//! [`Provider::arrivals_since`] it.
//!
//! # What it does not know
//!
//! Nobody outside the vendor knows what a violation is to it, nor how its
//! enforcement counts. [`Ladder`] and [`Oscillation`] are readings of its
//! published terms and of users' reports, each cited; they are made to be
//! severe, not to predict.

mod account;
mod admission;
mod answer;
mod arrival;
mod body;
mod builder;
mod code;
pub mod conformance;
mod dialect;
mod enforcement;
mod error;
mod mode;
mod provider;
mod reply;
mod server;
mod service;
mod stream;

pub use account::{Restriction, Tally};
pub use answer::Answer;
pub use arrival::{Arrival, Mark};
pub use body::Body;
pub use builder::{Builder, Metered};
pub use enforcement::{Ladder, Oscillation};
pub use error::Error;
pub use mode::{Concurrency, Mode, Quota, Script};
pub use provider::Provider;
pub use server::{ServeOptions, Server};
pub use service::{ResponseFuture, Service};

use std::time::Duration;

/// The code of a suspended account: "locked, please contact customer service
/// to unlock".
const SUSPENDED: u16 = 1112;

/// The code of a banned account: "irregular activities".
const BANNED: u16 = 1121;

/// The plan's shorter window.
const FIVE_HOURS: Duration = Duration::from_secs(5 * 60 * 60);
