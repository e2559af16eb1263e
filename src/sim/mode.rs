//! How the provider behaves, as data.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{
    account::{Conduct, Restriction},
    answer::Answer,
    enforcement::{Ladder, Oscillation},
};

/// One behaviour of the provider.
///
/// A provider asks its modes in the order in which they were added; the first
/// one that has an answer gives it, and where none has, the request gets a
/// completion. An [`Answer`] is a mode that answers every request, so it comes
/// last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Mode {
    /// An explicit list of answers.
    Script(Script),
    /// Policy enforcement, up to the ban.
    Ladder(Ladder),
    /// The 1302 that a retry seems to cure.
    Oscillation(Oscillation),
    /// A limit on requests at once.
    Concurrency(Concurrency),
    /// A quota that runs out and resets.
    Quota(Quota),
}

macro_rules! into_mode {
    ($($name:ident),*) => {$(
        impl From<$name> for Mode {
            fn from(mode: $name) -> Self {
                Self::$name(mode)
            }
        }
    )*};
}

into_mode!(Script, Ladder, Oscillation, Concurrency, Quota);

impl From<Answer> for Mode {
    fn from(answer: Answer) -> Self {
        Self::Script(Script::new([]).then(answer))
    }
}

/// One request, as a mode sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Its number among the account's requests, from 1.
    pub(super) number: u64,
    /// Served requests of the account whose body has not ended, without it.
    pub(super) open: usize,
    pub(super) now: Instant,
    pub(super) wall: SystemTime,
}

/// What one mode remembers about one account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    /// Ladder, oscillation: whether the first signal was given.
    pub(super) fired: bool,
    /// Oscillation: when the retry passed.
    pub(super) passed_at: Option<Instant>,
    /// Quota: requests used, and when the wall comes down.
    used: u64,
    until: Option<SystemTime>,
}

impl Mode {
    pub(super) fn answer(
        &self,
        memory: &mut Memory,
        conduct: &mut Conduct,
        asked: Asked,
    ) -> Option<Answer> {
        match self {
            Self::Script(script) => script.answer(asked).cloned(),
            Self::Ladder(ladder) => ladder.answer(memory, conduct, asked),
            Self::Oscillation(oscillation) => oscillation.answer(memory, conduct, asked),
            Self::Concurrency(limit) => {
                (asked.open >= limit.limit).then(|| Answer::error(limit.code))
            }
            Self::Quota(quota) => quota.answer(memory, asked),
        }
    }
}

/// The answer to each request of an account, by its number.
///
/// ```
/// use planguard::sim::{Answer, Script};
///
/// // 1: 529, 2: a completion, 7: 1313, all others: the next mode decides.
/// let script = Script::new([Answer::overloaded(), Answer::completion()])
///     .at(7, Answer::error(1313));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    listed: BTreeMap<u64, Answer>,
    then: Option<Answer>,
}

impl Script {
    /// `answers` to the requests 1, 2, 3 and so on.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { listed: (1..).zip(answers).collect(), then: None }
    }

    /// `answer` to request number `number`, counted from 1.
    #[must_use]
    pub fn at(mut self, number: u64, answer: Answer) -> Self {
        self.listed.insert(number, answer);
        self
    }

    /// `answer` to every request that is not listed. Without it the next mode
    /// decides these.
    #[must_use]
    pub fn then(mut self, answer: Answer) -> Self {
        self.then = Some(answer);
        self
    }

    fn answer(&self, asked: Asked) -> Option<&Answer> {
        self.listed.get(&asked.number).or(self.then.as_ref())
    }
}

/// Refuses a request of an account that has `limit` served ones whose bodies
/// have not ended: 429 with `code`.
///
/// Z.AI says 1302 for "concurrent requests have reached the account's limit"
/// (docs.bigmodel.cn/cn/api/rate-limit); 1305 under ten parallel requests is
/// in openclaw/openclaw#98101. Neither is a violation.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency {
    limit: usize,
    code: u16,
}

impl Concurrency {
    /// At most `limit` at once, else `code`.
    pub const fn new(limit: usize, code: u16) -> Self {
        Self { limit, code }
    }
}

/// A quota: after so many served requests each one gets the wall, until it
/// comes down.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    after: u64,
    reset: Reset,
    code: u16,
}

#[derive(Clone, Copy, Debug)]
enum Reset {
    At(SystemTime),
    Every(Duration),
}

impl Quota {
    /// `after` requests pass, then 1308 until `moment` (of the provider's
    /// clock), from which on all pass.
    pub const fn until(after: u64, moment: SystemTime) -> Self {
        Self { after, reset: Reset::At(moment), code: 1308 }
    }

    /// `after` requests pass in each window of this length, then 1308. A
    /// window begins with the first request in it, as the vendor's five hours
    /// do.
    pub const fn each(window: Duration, after: u64) -> Self {
        Self { after, reset: Reset::Every(window), code: 1308 }
    }

    /// `code` in place of 1308: 1310 is the weekly wall.
    #[must_use]
    pub const fn code(mut self, code: u16) -> Self {
        self.code = code;
        self
    }

    fn answer(&self, memory: &mut Memory, asked: Asked) -> Option<Answer> {
        let until = match (self.reset, memory.until) {
            (Reset::At(moment), _) => whole_second(moment),
            (Reset::Every(_), Some(until)) if asked.wall < until => until,
            (Reset::Every(window), _) => {
                memory.used = 0;
                whole_second(asked.wall.checked_add(window).unwrap_or(asked.wall))
            }
        };
        memory.until = Some(until);
        if memory.used >= self.after && asked.wall < until {
            return Some(Answer::error(self.code).reset_at(until));
        }
        memory.used = memory.used.saturating_add(1);
        None
    }
}

/// The stamp on the wire has no fraction; a wall that outlives its own stamp
/// would turn an obedient client into an early one.
fn whole_second(moment: SystemTime) -> SystemTime {
    match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(age) => SystemTime::UNIX_EPOCH + Duration::from_secs(age.as_secs()),
        Err(_) => moment,
    }
}

/// What a banned account gets, whatever its modes say.
pub(super) fn banned(conduct: &Conduct) -> Option<Answer> {
    (conduct.restriction == Restriction::Banned).then(|| Answer::error(super::BANNED))
}
