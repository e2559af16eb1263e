//! What a vendor's plan is: endpoints, terms, rules.

mod endpoint;
mod evidence;

pub use endpoint::{Billing, Claim, Endpoint, Registry, Surface};
pub use evidence::{Evidence, Leaves, Place, Scalar};

use std::sync::Arc;

use crate::signal::Signal;

/// One vendor's plan, as data. Clones share.
#[derive(Clone, Debug)]
pub struct Profile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    endpoints: Vec<Endpoint>,
}

impl Profile {
    /// The profile's id, as in `zai`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where the plan lives.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.0.endpoints
    }

    /// Judges one answer: the first rule that matches makes the signal.
    pub fn judge(&self, _claim: &Claim, _evidence: &Evidence<'_>) -> Option<Signal> {
        None
    }
}
