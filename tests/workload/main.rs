//! The non-coding guard alone: what it makes of bodies, and its own fronts.

mod alone;
mod answers;
mod bodies;
#[path = "../support/compress.rs"]
mod compress;
mod encoded;
mod endless;
#[cfg(feature = "reqwest")]
mod middleware;
mod scripted;
mod threads;
mod upstream;
mod values;
