//! Who judges a view: planguard's own model, or somebody else.

use std::{cell::RefCell, future::Future, pin::Pin};

use serde::{Deserialize, Serialize};

use super::{Model, View, evidence::evidence, features::Features};
use crate::exchange::{Verdict, Workload};

/// Judges what kind of work a request is. Called inside a poll: must not
/// block.
pub trait Classifier: Send + Sync + 'static {
    /// The kind of work that `view` shows.
    fn classify(&self, view: &View) -> Verdict;
}

/// The future of an [`AsyncClassifier`].
pub type Classifying = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// Judges with the help of a service of your own. Never let it call the plan
/// that it guards.
pub trait AsyncClassifier: Send + Sync + 'static {
    /// The kind of work that `view` shows. The request waits for it.
    fn classify(&self, view: View) -> Classifying;
}

/// How sure planguard's own model has to be before it says `non_coding`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sensitivity {
    /// Hardly any coding request is taken for other work.
    #[default]
    Careful,
    /// Most other work is found.
    Balanced,
    /// Nearly all of it, at the price of more mistakes.
    Strict,
}

/// planguard's own model: local, in microseconds.
#[derive(Clone, Debug)]
pub struct OwnModel {
    sensitivity: Sensitivity,
    model: &'static Model,
}

impl Default for OwnModel {
    fn default() -> Self {
        Self::new(Sensitivity::default())
    }
}

impl OwnModel {
    /// The built-in model at `sensitivity`.
    pub fn new(sensitivity: Sensitivity) -> Self {
        Self { sensitivity, model: Model::built_in() }
    }
}

/// Newest words of at most this many bytes may say too little.
const LITTLE: usize = 16;

thread_local! {
    /// Room for features, used again by every judgement of a thread.
    static FEATURES: RefCell<Features> = RefCell::default();
}

impl Classifier for OwnModel {
    fn classify(&self, view: &View) -> Verdict {
        FEATURES.with_borrow_mut(|features| {
            self.model.features(view, features);
            let estimate = self.model.estimate(features);
            if estimate.probability > 0.5 && says_too_little(view, features) {
                return Verdict::new(Workload::Unclear).score(0.5);
            }
            let workload = self.model.card().workload(estimate.probability, self.sensitivity);
            let evidence = evidence(self.model, view, estimate, features);
            Verdict::new(workload).score(estimate.probability).evidence(evidence)
        })
    }
}

/// "Go on" with nothing before it could be anything.
fn says_too_little(view: &View, features: &Features) -> bool {
    let alone = view.earlier.is_empty() && view.calls.is_empty() && view.system.is_empty();
    alone && features.seen.is_empty() && view.newest.len() <= LITTLE
}

impl super::Card {
    /// What a probability of non-coding means at `sensitivity`.
    pub fn workload(&self, probability: f32, sensitivity: Sensitivity) -> Workload {
        let [careful, balanced, strict] = self.non_coding;
        let above = match sensitivity {
            Sensitivity::Careful => careful,
            Sensitivity::Balanced => balanced,
            Sensitivity::Strict => strict,
        };
        if probability >= above {
            Workload::NonCoding
        } else if probability <= self.coding {
            Workload::Coding
        } else {
            Workload::Unclear
        }
    }
}
