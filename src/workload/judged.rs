//! What is known of a request once it was read.

use super::{Classifying, View};
use crate::{
    exchange::{Asked, Verdict, Workload},
    meter::Began,
};

/// What is known of a request once it was read.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Whether words of a person were found in it.
    pub(super) read: bool,
    /// When that was begun.
    pub(super) began: Began,
    model: Option<String>,
    system: Option<u64>,
}

/// A verdict, or one that takes its time.
pub(super) enum Judging {
    Done(Judged),
    Later(Classifying, Judged),
}

impl Judging {
    /// The same, which was begun then.
    pub(super) fn since(self, began: Began) -> Self {
        match self {
            Self::Done(judged) => Self::Done(Judged { began, ..judged }),
            Self::Later(verdict, judged) => Self::Later(verdict, Judged { began, ..judged }),
        }
    }
}

impl Judged {
    pub(super) fn unread() -> Self {
        let verdict = Verdict::new(Workload::Unclear);
        Self { verdict, read: false, began: Began::now(), model: None, system: None }
    }

    pub(super) fn without_words(view: &View) -> Self {
        let mut judged = Self::unread();
        judged.verdict.turn_start = view.turn_start;
        judged
    }

    pub(super) fn of(view: &View) -> Self {
        let model = view.model().map(str::to_owned);
        let mut judged = Self { read: true, model, system: view.system_mark(), ..Self::unread() };
        judged.verdict.turn_start = view.turn_start;
        judged
    }

    /// Takes over a classifier's verdict; where a turn begins is not its
    /// business.
    pub(super) fn take(&mut self, verdict: Verdict) {
        self.verdict = Verdict { turn_start: self.verdict.turn_start, ..verdict };
    }

    /// What the ledger may keep of it, if a strike follows.
    pub(super) fn asked(&self, declared: Option<Workload>, by_caller: Option<Asked>) -> Asked {
        let by_caller = by_caller.unwrap_or_default();
        let mut asked = match by_caller.told().verdict {
            Some(_) => by_caller,
            None => by_caller.verdict(self.verdict.workload),
        };
        if let Some(model) = &self.model {
            asked = asked.model(model);
        }
        if let Some(hash) = self.system {
            asked = asked.system_hash(hash);
        }
        if let Some(declared) = declared {
            asked = asked.declaration(declared);
        }
        self.verdict
            .evidence
            .iter()
            .fold(asked, |asked, line| asked.feature(&line.name, line.weight))
    }
}
