//! What profiles promise.

mod adapter;
mod builtin;
mod conditions;
mod credentials;
mod endpoints;
mod loading;
mod properties;
mod resets;
mod rules;
mod zai;
