//! What a server that has lost data is told again. Pure.

use crate::ledger::{Halt, Record, Strikes, evidence, record::RELEASED_KEPT};

/// Whether `there`, which the server answers, is older than `here`, which it
/// answered once. With the same revision and another history, it was begun
/// anew and has come as far by chance.
pub(super) fn is_lost(there: &Record, here: &Record) -> bool {
    there.revision < here.revision || (there.revision == here.revision && there != here)
}

/// `there`, with what it has lost of `here`.
///
/// What either of them knows as released stays released. Its revision is
/// above both, so that whoever has seen either takes it over.
pub(super) fn restored(there: &Record, here: &Record) -> Record {
    let over = |id: &str| there.released.iter().chain(&here.released).any(|over| over.id == id);
    let mut record = there.clone();
    record.revision = there.revision.max(here.revision).saturating_add(1);
    record.epoch = there.epoch.max(here.epoch).saturating_add(1);
    // Of a halt that both have open the graver word counts, else the later.
    let graver = |halt: &Halt| match there.halt(&halt.id) {
        Some(other) if (other.kind, other.reach) > (halt.kind, halt.reach) => other.clone(),
        _ => halt.clone(),
    };
    let missed = there.halts.iter().filter(|halt| here.halt(&halt.id).is_none()).cloned();
    record.halts = here.halts.iter().map(graver).chain(missed).collect();
    record.halts.retain(|halt| !over(&halt.id));
    record.strikes = strikes(there, here);
    record.evidence = evidence::joined(&here.evidence, &there.evidence);
    let known: Vec<_> = there.released.iter().map(|over| over.id.clone()).collect();
    let lost = here.released.iter().filter(|over| !known.contains(&over.id));
    record.released.extend(lost.cloned());
    record.released.sort_by_key(|over| over.at);
    let forgotten = record.released.len().saturating_sub(RELEASED_KEPT);
    record.released.drain(..forgotten);
    record.probation_began = there.probation_began.max(here.probation_began);
    record.notice_shown = there.notice_shown.max(here.notice_shown);
    record.reduced_slots = match (there.reduced_slots, here.reduced_slots) {
        (Some(there), Some(here)) => Some(there.min(here)),
        (there, here) => there.or(here),
    };
    record
}

/// Those of `here`, and the marks of halts that began without it.
fn strikes(there: &Record, here: &Record) -> Strikes {
    let mut since = Record { strikes: here.strikes, ..Record::default() };
    for halt in there.halts.iter().filter(|halt| !here.knows(&halt.id)) {
        since.strikes.add(halt.strike);
    }
    Strikes {
        confirmed: since.strikes.confirmed.max(there.strikes.confirmed),
        suspected: since.strikes.suspected.max(there.strikes.suspected),
    }
}

#[cfg(test)]
mod tests;
