//! When two worlds are the same: times count from this moment, epochs from
//! the ledger's, and what nothing is decided by does not count.

use std::hash::{Hash, Hasher};

use super::{HOUR, MINUTE, world::World};
use crate::{
    breaker::{
        outbox::Said,
        standing::{Millis, Role, Standing},
    },
    clock::to_millis,
    ledger::{Fact, Halt, Phase, Record},
};

/// A fast hash; a collision would only hide one state of many.
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed.rotate_left(29) ^ mixed;
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

struct Key<'a> {
    world: &'a World,
    hasher: Mix,
    /// Names in the order in which they are met.
    names: Vec<&'a str>,
}

impl World {
    pub(super) fn key(&self) -> u64 {
        let mut key = Key { world: self, hasher: Mix(0), names: Vec::new() };
        key.record(&self.ledger);
        for holder in &self.holders {
            key.standing(&holder.standing);
            key.num(holder.violated.into());
            for out in &holder.calls {
                let pass = &out.pass;
                (pass.ask, pass.answered).hash(&mut key.hasher);
                key.epoch(pass.ticket.epoch);
                key.ago(out.since, HOUR);
                match &pass.role {
                    Role::Plain => key.num(0),
                    Role::Watched => {
                        let mine = holder.standing.watched == Some(pass.ticket.serial);
                        key.num(1 + u64::from(mine));
                    }
                    Role::Trial(trial) => {
                        key.name(&trial.halt);
                        key.name(&trial.holder);
                    }
                }
            }
            key.num(77);
            for (epoch, entry, said) in holder.outbox.owed() {
                key.epoch(epoch);
                key.fact(&entry.fact);
                key.ago(entry.at, HOUR);
                match said {
                    None => key.num(0),
                    Some(Said::Halt { id, .. }) => key.name(id),
                    Some(Said::Trial(trial, outcome)) => {
                        outcome.hash(&mut key.hasher);
                        key.name(&trial.holder);
                    }
                    Some(Said::Signal(struck)) => {
                        key.name(&struck.id);
                        key.epoch(struck.ticket.epoch);
                        (struck.plan, struck.signal.class).hash(&mut key.hasher);
                        let reset = struck.signal.reset;
                        key.until(reset.map_or(0, |reset| to_millis(reset.at)));
                    }
                }
            }
        }
        key.hasher.finish()
    }
}

impl<'a> Key<'a> {
    fn num(&mut self, number: u64) {
        number.hash(&mut self.hasher);
    }

    fn epoch(&mut self, epoch: u64) {
        self.num(epoch.wrapping_sub(self.world.ledger.epoch));
    }

    fn ago(&mut self, at: Millis, most: Millis) {
        self.num(self.world.now.saturating_sub(at).min(most));
    }

    fn until(&mut self, at: Millis) {
        self.num(at.saturating_sub(self.world.now));
    }

    fn name(&mut self, name: &'a str) {
        let place = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.num(place as u64);
    }

    fn standing(&mut self, standing: &'a Standing) {
        let mine = standing.record();
        self.num(mine.revision.wrapping_sub(self.world.ledger.revision));
        self.record(mine);
        self.num(standing.watched.is_some().into());
        self.name(standing.watched_passed.as_deref().unwrap_or(""));
        self.ago(standing.unknown_at.unwrap_or(0), 10 * MINUTE + 1);
    }

    fn record(&mut self, record: &'a Record) {
        self.epoch(record.epoch);
        for halt in &record.halts {
            self.halt(halt);
        }
        self.num(99);
        for over in &record.released {
            // After this time nothing asks for it but by its name.
            self.ago(over.at, 10 * MINUTE);
            self.name(&over.id);
            self.epoch(over.epoch);
            (over.kind, over.reach, over.endpoint, over.class).hash(&mut self.hasher);
        }
        record.reduced_slots.hash(&mut self.hasher);
        self.ago(record.probation_began.unwrap_or(0), 24 * HOUR);
    }

    fn halt(&mut self, halt: &'a Halt) {
        self.name(&halt.id);
        self.epoch(halt.epoch);
        (halt.kind, halt.reach, halt.endpoint, halt.strike).hash(&mut self.hasher);
        (halt.class(), halt.pause_ms, halt.dead_leases, halt.in_flight).hash(&mut self.hasher);
        self.phase(&halt.phase);
    }

    fn phase(&mut self, phase: &'a Phase) {
        match phase {
            Phase::Latched => self.num(1),
            Phase::Held { until, test } => {
                self.num(2 + u64::from(*test));
                self.until(*until);
            }
            Phase::Cooling { until } => {
                self.num(4);
                self.until(*until);
            }
            Phase::Trial { holder, until } => {
                self.name(holder);
                self.until(*until);
            }
            Phase::Watching { since } => {
                self.num(5);
                self.ago(*since, MINUTE);
            }
        }
    }

    fn fact(&mut self, fact: &'a Fact) {
        std::mem::discriminant(fact).hash(&mut self.hasher);
        match fact {
            Fact::Halted { halt } | Fact::Raised { halt } => self.halt(halt),
            Fact::Moved { halt, phase, .. } => {
                self.name(halt);
                self.phase(phase);
            }
            Fact::GivenBack { halt, holder } => {
                self.name(halt);
                self.name(holder);
            }
            Fact::Hit { halt } | Fact::Acknowledged { halt, .. } => self.name(halt),
            Fact::Ended { halt, how } => {
                self.name(halt);
                how.hash(&mut self.hasher);
            }
            Fact::Observed { .. } | Fact::NoticeShown => {}
        }
    }
}
