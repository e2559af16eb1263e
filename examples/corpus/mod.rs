//! What `train` and `evaluate` share: labelled requests on disk, and the cut
//! between two sides of them.

mod curve;
mod label;
mod lines;

pub use self::{curve::Sides, label::Label, lines::read};
