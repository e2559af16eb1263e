//! The non-coding guard: is this request the kind of work that the plan was
//! sold for?

mod features;
mod json;
mod model;
mod view;

pub use features::{DENSE, Features, HASHED};
pub use model::{Estimate, Model, ModelError, Quantised};
pub use view::{Limits, Shape, View};
