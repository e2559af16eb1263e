//! Bodies that were looked into: frames that were read early and are handed
//! on as they came, event streams cut into their events, and what a compressed
//! body says.

#[cfg(feature = "tower")]
mod ahead;
#[cfg(feature = "tower")]
mod answered;
#[cfg(feature = "tower")]
mod cutter;
#[cfg_attr(not(feature = "decompression"), path = "sealed.rs")]
mod decode;
#[cfg(feature = "tower")]
mod remaining;
#[cfg(feature = "tower")]
mod replay;

#[cfg(feature = "tower")]
pub use ahead::{ReadAhead, ReplayBody, RequestBody, read_ahead};
#[cfg(feature = "tower")]
pub use answered::AnsweredBody;
#[cfg(feature = "tower")]
pub(crate) use cutter::{Cutter, Piece};
pub(crate) use decode::Decoder;
#[cfg(feature = "tower")]
pub(crate) use remaining::Remaining;
#[cfg(feature = "tower")]
pub(crate) use replay::{Kept, Next, Source, longer};
