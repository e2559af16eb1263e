//! The non-coding guard: is this request the kind of work that the plan was
//! sold for?

#[cfg(feature = "tower")]
mod body;
mod classifier;
mod evidence;
mod features;
#[cfg(feature = "tower")]
mod future;
mod guard;
mod json;
#[cfg(feature = "tower")]
mod layer;
mod metered;
#[cfg(feature = "reqwest")]
mod middleware;
mod model;
mod policy;
#[cfg(feature = "tower")]
mod service;
mod tally;
mod view;

#[cfg(feature = "tower")]
pub use self::{
    body::WorkloadBody, future::ResponseFuture, layer::WorkloadLayer, service::WorkloadService,
};
#[cfg(feature = "tower")]
pub use crate::body::{ReadAhead, ReplayBody, RequestBody, read_ahead};
pub use crate::exchange::Taken;
pub use classifier::{AsyncClassifier, Classifier, Classifying, OwnModel, Sensitivity};
pub use features::{DENSE, Features, HASHED};
pub use guard::Outgoing;
pub use metered::Metered;
#[cfg(feature = "reqwest")]
pub use middleware::WorkloadMiddleware;
pub use model::{Card, Estimate, Model, ModelError};
pub use policy::{Action, Policy};
pub use tally::WorkloadTally;
pub use view::{Limits, Shape, View};

pub(crate) use guard::{Guard, Host};
