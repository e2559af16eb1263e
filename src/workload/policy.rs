//! What is done about a verdict.

use std::{fmt, sync::Arc};

use super::{AsyncClassifier, Classifier, Limits, Metered, Sensitivity};

/// What is done about a request to a plan endpoint.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// It passes and is counted.
    Pass,
    /// It passes, with a line in the log and an event.
    Report,
    /// It passes, and the response has a header `x-planguard-workload`: the
    /// kind of work that it was taken for.
    Warn,
    /// It is refused before anything leaves, if a person's turn begins with
    /// it.
    Block,
    /// It goes elsewhere; what could be either does not while the account is
    /// halted, as far as this process knows.
    Reroute(Metered),
}

impl Action {
    /// The name as it stands in logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Report => "report",
            Self::Warn => "warn",
            Self::Block => "block",
            Self::Reroute(_) => "reroute",
        }
    }
}

/// Who judges.
#[derive(Clone)]
pub(crate) enum Judge {
    /// planguard's own model.
    Own(Sensitivity),
    Other(Arc<dyn Classifier>),
    Later(Arc<dyn AsyncClassifier>),
    /// Nobody: only declarations count.
    Nobody,
}

/// Settings of the non-coding guard.
///
/// The default: planguard's own model, careful; non-coding turns are blocked,
/// unclear ones pass; declarations count.
#[derive(Clone)]
#[must_use]
pub struct Policy {
    pub(crate) judge: Judge,
    pub(crate) non_coding: Action,
    pub(crate) unclear: Action,
    pub(crate) trust_header: bool,
    pub(crate) limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            judge: match cfg!(feature = "workload") {
                true => Judge::Own(Sensitivity::default()),
                false => Judge::Nobody,
            },
            non_coding: Action::Block,
            unclear: Action::Pass,
            trust_header: true,
            limits: Limits::default(),
        }
    }
}

impl Policy {
    /// The default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing is judged; only what callers declare counts.
    pub fn declarations_only() -> Self {
        Self { judge: Judge::Nobody, ..Self::default() }
    }

    /// Where requests may be sent instead.
    pub(crate) fn metered(&self) -> impl Iterator<Item = &Metered> {
        [&self.non_coding, &self.unclear].into_iter().filter_map(|action| match action {
            Action::Reroute(metered) => Some(metered),
            _ => None,
        })
    }

    /// What is done about non-coding requests. Default: [`Action::Block`].
    pub fn non_coding(mut self, action: Action) -> Self {
        self.non_coding = action;
        self
    }

    /// What is done about requests that could be either, or cannot be read.
    /// Default: [`Action::Pass`].
    pub fn unclear(mut self, action: Action) -> Self {
        self.unclear = action;
        self
    }

    /// How sure planguard's own model has to be. Replaces another classifier.
    #[cfg(feature = "workload")]
    pub fn sensitivity(mut self, sensitivity: Sensitivity) -> Self {
        self.judge = Judge::Own(sensitivity);
        self
    }

    /// Lets `classifier` judge instead of planguard's own model.
    pub fn classifier(mut self, classifier: impl Classifier) -> Self {
        self.judge = Judge::Other(Arc::new(classifier));
        self
    }

    /// The same, for one that asks a service. Each request to a plan endpoint
    /// waits for it. It must not be the plan that is guarded.
    pub fn async_classifier(mut self, classifier: impl AsyncClassifier) -> Self {
        self.judge = Judge::Later(Arc::new(classifier));
        self
    }

    /// Whether the header `x-planguard-workload` counts as a declaration.
    /// Default: yes. It is removed before anything is sent either way; what
    /// is in a request's extensions always counts.
    pub fn trust_declarations(mut self, trust: bool) -> Self {
        self.trust_header = trust;
        self
    }

    /// How much of a request is read at all.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("non_coding", &self.non_coding)
            .field("unclear", &self.unclear)
            .field("trust_header", &self.trust_header)
            .finish_non_exhaustive()
    }
}
