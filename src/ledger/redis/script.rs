//! What runs inside the server, in one step each, and what it answers.
//!
//! The scripts compare, set and count; they do not read the JSON, since Lua's
//! numbers are too short for it. Each may be sent again after an answer that
//! got lost: it knows its own stamp.

use redis::{Cmd, Value};

use super::{RedisTrouble, SCHEMA, keys::AccountKeys};
use crate::ledger::{Opened, Record};

/// The account as it is.
const READ: &str = "\
local function read()
  return {redis.call('HMGET', KEYS[1], 'schema', 'stamp', 'late', 'record'), redis.call('HGETALL', KEYS[2])}
end
";

/// Sets the record if its stamp is still the one that was read, and takes the
/// hits that are in it by then from those that were counted beside it. Where a
/// count of late hits is named, it has to be the same too.
const SAVE: &str = "\
local stamp = redis.call('HGET', KEYS[1], 'stamp') or ''
local late = redis.call('HGET', KEYS[1], 'late') or '0'
if stamp ~= ARGV[3] then
  if stamp ~= ARGV[1] or (ARGV[5] ~= '' and late ~= ARGV[5]) then return read() end
  redis.call('HSET', KEYS[1], 'schema', ARGV[2], 'stamp', ARGV[3], 'record', ARGV[4])
  for i = 6, #ARGV, 2 do
    if redis.call('HINCRBY', KEYS[2], ARGV[i], -tonumber(ARGV[i + 1])) <= 0 then
      redis.call('HDEL', KEYS[2], ARGV[i])
    end
  end
end
return {late, redis.call('HGETALL', KEYS[2])}
";

/// Counts an answer that belongs to a halt, whoever else writes meanwhile.
const HIT: &str = "\
local schema = redis.call('HGET', KEYS[1], 'schema')
if (not schema or schema == ARGV[1]) and redis.call('HGET', KEYS[1], 'last') ~= ARGV[2] then
  redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
  redis.call('HINCRBY', KEYS[1], 'late', 1)
  redis.call('HSET', KEYS[1], 'schema', ARGV[1], 'last', ARGV[2])
end
return read()
";

/// One account, as the server has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// What marks this writing of the record; empty if there is none.
    stamp: String,
    /// The same and the late hits, in one number; 0 if there is nothing.
    pub(super) version: u64,
    /// Late hits included.
    pub(super) record: Record,
    late: Vec<(String, u64)>,
    /// How many late hits there were ever.
    count: u64,
}

impl Kept {
    /// `record` as it was written under `stamp`, with what was counted since.
    fn new(
        keys: &AccountKeys,
        stamp: String,
        count: u64,
        mut record: Record,
        late: &Value,
    ) -> Result<Self, RedisTrouble> {
        let late: Vec<(String, u64)> = redis::from_redis_value_ref(late)
            .map_err(|_| corrupt(&keys.hits, "counts of late answers"))?;
        late.iter().for_each(|(halt, hits)| count_in(&mut record, halt, *hits));
        let written = if stamp.is_empty() { 0 } else { number(keys, Some(&stamp))? };
        Ok(Self { version: written.wrapping_add(count), stamp, record, late, count })
    }

    pub(super) fn opened(self) -> Opened {
        Opened::new(self.record, self.version)
    }
}

/// What became of an attempt to set a record.
pub(super) enum Saved {
    /// It is set.
    Yes(Kept),
    /// Others were faster: so it stands.
    No(Kept),
}

pub(super) fn read(keys: &AccountKeys) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(format!("{READ}return read()")).arg(2).arg(&keys.record).arg(&keys.hits);
    command
}

/// Whether late answers may be counted between a reading and a writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// They may: they stay counted beside the record.
    Counted,
    /// The account has to be as it was read, or it is not known what it has
    /// lost.
    Nothing,
}

/// Sets `json` where `from` was read. Answered by [`saved`].
pub(super) fn save(keys: &AccountKeys, from: &Kept, beside: Beside, stamp: u64, json: &str) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(format!("{READ}{SAVE}")).arg(2).arg(&keys.record).arg(&keys.hits);
    command.arg(&from.stamp).arg(SCHEMA).arg(stamp).arg(json);
    match beside {
        Beside::Counted => command.arg(""),
        Beside::Nothing => command.arg(from.count),
    };
    for (halt, hits) in &from.late {
        command.arg(halt).arg(*hits);
    }
    command
}

/// Counts one hit. `once` tells it from every other.
pub(super) fn hit(keys: &AccountKeys, halt: &str, once: u64) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(format!("{READ}{HIT}")).arg(2).arg(&keys.record).arg(&keys.hits);
    command.arg(SCHEMA).arg(once).arg(halt);
    command
}

/// The parts of a version alone: enough to see whether anything changed.
pub(super) fn look(keys: &AccountKeys) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(&keys.record).arg("stamp").arg("late");
    command
}

/// What [`look`] answers: the version; 0 if there is nothing.
pub(super) fn version(
    keys: &AccountKeys,
    (stamp, count): (Option<String>, Option<String>),
) -> Result<u64, RedisTrouble> {
    Ok(number(keys, stamp.as_deref())?.wrapping_add(number(keys, count.as_deref())?))
}

fn number(keys: &AccountKeys, text: Option<&str>) -> Result<u64, RedisTrouble> {
    let corrupt = |_| corrupt(&keys.record, "a stamp or a count");
    text.map_or(Ok(0), |text| text.parse().map_err(corrupt))
}

/// What [`read`] and [`hit`] answer.
pub(super) fn kept(keys: &AccountKeys, answer: &Value) -> Result<Kept, RedisTrouble> {
    let foreign = || corrupt(&keys.record, "the fields of an account");
    let [fields, late] = list(answer).ok_or_else(foreign)? else { return Err(foreign()) };
    let [schema, stamp, count, json] = list(fields).ok_or_else(foreign)? else {
        return Err(foreign());
    };
    let text = |value: &Value| -> Result<Option<String>, RedisTrouble> {
        redis::from_redis_value_ref(value).map_err(|_| foreign())
    };
    if let Some(found) = text(schema)?.filter(|found| *found != SCHEMA.to_string()) {
        return Err(RedisTrouble::Schema { key: keys.record.clone(), found });
    }
    let (stamp, count) = (text(stamp)?, number(keys, text(count)?.as_deref())?);
    let record: Record = match text(json)? {
        None if stamp.is_some() => return Err(foreign()),
        None => Record::default(),
        Some(json) => serde_json::from_str(&json).map_err(|why| RedisTrouble::Corrupt {
            key: keys.record.clone(),
            why: why.to_string(),
        })?,
    };
    Kept::new(keys, stamp.unwrap_or_default(), count, record, late)
}

/// What [`save`] answers, if it was sent with `stamp` and `record`.
pub(super) fn saved(
    keys: &AccountKeys,
    stamp: u64,
    record: Record,
    answer: &Value,
) -> Result<Saved, RedisTrouble> {
    match list(answer) {
        Some([Value::BulkString(count), late]) => {
            let count = number(keys, std::str::from_utf8(count).ok())?;
            Kept::new(keys, stamp.to_string(), count, record, late).map(Saved::Yes)
        }
        _ => kept(keys, answer).map(Saved::No),
    }
}

/// The same as folding that many [`Fact::Hit`](crate::ledger::Fact::Hit)s, at
/// once: a number in a database may be any.
fn count_in(record: &mut Record, halt: &str, hits: u64) {
    record.revision = record.revision.saturating_add(hits);
    let hits = u32::try_from(hits).unwrap_or(u32::MAX);
    if let Some(open) = record.halts.iter_mut().find(|open| open.id == halt) {
        open.hits = open.hits.saturating_add(hits);
    } else if let Some(over) = record.released.iter_mut().find(|over| over.id == halt) {
        over.hits = over.hits.saturating_add(hits);
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn corrupt(key: &str, what: &str) -> RedisTrouble {
    RedisTrouble::Corrupt { key: key.to_owned(), why: format!("it does not hold {what}") }
}
