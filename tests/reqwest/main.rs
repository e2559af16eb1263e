//! Real reqwest clients over real sockets.

mod bad_wire;
mod clients;
mod hardened;
mod kept;
mod traits;
