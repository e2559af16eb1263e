//! Bodies that were looked into: frames that were read early and are handed
//! on as they came.

#[cfg(feature = "tower")]
mod replay;

#[cfg(feature = "tower")]
pub(crate) use replay::{Kept, Next, Source};
