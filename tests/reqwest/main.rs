//! Real reqwest clients over real sockets.

mod bad_wire;
mod clients;
#[cfg(feature = "decompression")]
#[path = "../support/compress.rs"]
mod compress;
#[cfg(feature = "decompression")]
mod encoded;
mod hardened;
mod kept;
mod traits;
