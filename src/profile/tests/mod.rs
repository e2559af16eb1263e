//! What profiles promise.

mod adapter;
mod conditions;
mod endpoints;
mod loading;
mod properties;
mod resets;
mod rules;
mod zai;
