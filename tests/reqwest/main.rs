//! Real reqwest clients over real sockets.

mod attempts;
mod bad_http2;
mod bad_wire;
mod bodies;
mod clients;
#[cfg(feature = "decompression")]
#[path = "../support/compress.rs"]
mod compress;
#[cfg(feature = "decompression")]
mod encoded;
mod hardened;
mod kept;
mod slow;
mod traits;
