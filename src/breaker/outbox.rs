//! What one account's standing knows and its ledger has not heard yet.
//!
//! Lives beside the standing, behind the same lock: an entry is owed from
//! the moment in which it changed the standing, in that order, and nothing
//! comes between the ledger's contradiction and what is said to it again.

use std::collections::VecDeque;

use super::standing::{Outcome, Standing, Struck, Trial, Writes};
use crate::{
    clock::Millis,
    ledger::{Entry, Fact, Opened, Person},
};

/// How many entries are owed before mere observations are dropped.
const OBSERVATIONS: usize = 256;

/// The entries on their way to the ledger, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    owed: VecDeque<Owed>,
    said: u64,
}

/// One entry, against the epoch that its author saw.
#[derive(Clone, Debug)]
struct Owed {
    epoch: u64,
    entry: Entry,
    /// What it came of, and its number. None for what time alone brings
    /// about, which is found out again.
    said: Option<(u64, Said)>,
}

/// What has to be said again when the account has moved on without it.
#[derive(Clone, Debug)]
pub enum Said {
    /// A signal.
    Signal(Box<Struck>),
    /// A person's halt.
    Halt {
        /// The id that it got.
        id: String,
        /// Who, and why.
        by: Person,
    },
    /// The end of a trial.
    Trial(Trial, Outcome),
}

impl Outbox {
    /// Owes `writes`, of which the last one came of `said`. Answers with the
    /// number under which that is over one day.
    pub fn owe(&mut self, writes: &[(u64, Entry)], said: Option<Said>) -> Option<u64> {
        let (last, before) = writes.split_last()?;
        self.owed.extend(before.iter().map(|(epoch, entry)| Owed::new(*epoch, entry, None)));
        let said = said.map(|said| {
            self.said += 1;
            (self.said, said)
        });
        let number = said.as_ref().map(|(number, _)| *number);
        self.owed.push_back(Owed::new(last.0, &last.1, said));
        number
    }

    /// Whether one more observation may be owed.
    pub fn has_room(&self) -> bool {
        self.owed.len() < OBSERVATIONS
    }

    /// Whether the ledger has heard everything.
    pub fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// The entry to write next, and the epoch that it is written against.
    pub fn next(&self) -> Option<(u64, Entry)> {
        self.owed.front().map(|owed| (owed.epoch, owed.entry.clone()))
    }

    /// Takes in what the ledger says, beside what it has not heard.
    pub fn read(&self, standing: &mut Standing, opened: &Opened) {
        if self.owed.is_empty() {
            standing.adopt(opened);
        } else {
            standing.merge(opened);
        }
    }

    /// The ledger has the next entry. Answers with the number that is over.
    pub fn recorded(&mut self, standing: &mut Standing, opened: &Opened) -> Option<u64> {
        let owed = self.owed.pop_front();
        self.read(standing, opened);
        owed?.said.map(|(number, _)| number)
    }

    /// The account had moved on, to `opened`: that counts, and what the
    /// ledger has not heard is said again, against it. What is owed by then
    /// is in `writes` too. Answers with the numbers that are over.
    pub fn overruled(
        &mut self,
        standing: &mut Standing,
        opened: &Opened,
        now: Millis,
        writes: &mut Writes,
    ) -> Vec<u64> {
        let owed = std::mem::take(&mut self.owed);
        let heard = standing.record().revision.saturating_sub(owed.len() as u64);
        let before = standing.record().clone();
        standing.overrule(opened);
        if opened.record.revision < heard {
            // The ledger knew more once: what it lost is still halted here.
            let unheard = |id: &str| {
                owed.iter().any(|o| matches!(&o.entry.fact, Fact::Halted { halt } if halt.id == id))
            };
            for mut halt in before.halts.iter().filter(|halt| !unheard(&halt.id)).cloned() {
                let from = writes.len();
                halt.evidence = before.evidence_of(&halt.id).cloned().collect();
                standing.restate(halt, now, writes);
                self.owe(&writes[from..], None);
            }
        }
        let mut over = Vec::new();
        let said = owed.into_iter().enumerate().filter_map(|(at, owed)| Some((at, owed.said?)));
        for (at, (number, said)) in said {
            let from = writes.len();
            match &said {
                // Only the first one was contradicted. The ledger may have
                // lent that trial since.
                Said::Trial(trial, Outcome::NeverSent) if at > 0 => {
                    standing.give_back(trial, now, writes);
                }
                said => said.again(standing, now, writes),
            }
            match writes[from..].split_last() {
                None => over.push(number),
                Some((last, before)) => {
                    self.owed.extend(before.iter().map(|(e, entry)| Owed::new(*e, entry, None)));
                    self.owed.push_back(Owed::new(last.0, &last.1, Some((number, said))));
                }
            }
        }
        over
    }
}

impl Owed {
    fn new(epoch: u64, entry: &Entry, said: Option<(u64, Said)>) -> Self {
        Self { epoch, entry: entry.clone(), said }
    }
}

impl Said {
    fn again(&self, standing: &mut Standing, now: Millis, writes: &mut Writes) {
        match self {
            // The entry may be in the ledger although its answer was lost.
            Self::Signal(struck) if standing.record().knows(&struck.id) => {}
            Self::Halt { id, .. } if standing.record().knows(id) => {}
            Self::Signal(struck) => {
                standing.signal(struck, now, writes);
            }
            Self::Halt { id, by } => {
                standing.halt_by(id, by.clone(), now, writes);
            }
            Self::Trial(trial, outcome) => standing.trial_ended(trial, *outcome, now, writes),
        }
    }
}

#[cfg(test)]
impl Outbox {
    /// All that is owed, for tests that look at every detail.
    pub(crate) fn owed(&self) -> impl Iterator<Item = (u64, &Entry, Option<&Said>)> {
        self.owed.iter().map(|o| (o.epoch, &o.entry, o.said.as_ref().map(|(_, said)| said)))
    }
}
