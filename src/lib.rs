//! Keeps a program inside the terms of the LLM plan it uses.

pub mod account;
mod body;
pub mod clock;
pub mod detect;
pub mod exchange;
pub mod profile;
pub mod signal;
