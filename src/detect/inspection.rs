//! One response under inspection: head, pieces of the body, end. No I/O.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, Method, StatusCode};

use super::{
    document::{Document, Expect, Form},
    encoded::Encoded,
    found::{CodePrefix, Found, Says},
    head::{Look, look},
    json::{Head, Progress},
    sse::EventScanner,
};
use crate::{
    exchange::Uninspected,
    profile::{Claim, Evidence, Leaves, Place},
    signal::Signal,
};

/// How much of a body is held back before it is judged by what there is.
pub const MAX_HELD_BYTES: usize = 64 * 1024;
/// How long an error body is held back.
pub const ERROR_PATIENCE: Duration = Duration::from_secs(5);
/// How long the head of a success is held back until its kind is known.
pub const HEAD_PATIENCE: Duration = Duration::from_secs(2);

/// What a response's head says about the rest.
#[derive(Debug)]
#[non_exhaustive]
// It lives for one match: a box would cost more than the move.
#[allow(clippy::large_enum_variant)]
pub enum Opening {
    /// Nothing of it is inspected: HEAD and CONNECT, 1xx, 204, 205, 3xx, and
    /// successes that are neither JSON nor text nor an event stream.
    Pass,
    /// Its body cannot be read; the status alone was judged, with evidence
    /// that is not complete, so that no rule holds for want of a code.
    Unreadable(Uninspected, Option<Signal>),
    /// Its headers alone are a policy signal.
    Found(Signal),
    /// Its body is inspected.
    Inspect(Inspection),
}

/// One response whose body is read as it comes.
///
/// The caller feeds it what arrives. While [`patience`](Self::patience) is
/// some, nothing may be handed on; the verdict does not depend on how the body
/// is cut into pieces. At most one signal comes of it.
///
/// Memory: at most 64 KiB of scalars and 8 KiB of text for a body, 64 KiB of
/// one event for a stream, nothing between events; of a compressed body, what
/// its decoder keeps too.
pub struct Inspection {
    judge: Judge,
    state: State,
    /// What stands between the bytes and what they say.
    encoded: Option<Box<Encoded>>,
    /// How long the response may be held back, from its head on.
    patience: Option<Duration>,
    /// How much more may be read while it is held back.
    room: usize,
}

enum State {
    Whole(Document),
    Events(EventScanner),
    Over,
}

impl Inspection {
    /// Looks at the head of the response to a `method` request at `claim`.
    /// Clones `headers` if the body is inspected.
    pub fn begin(
        claim: &Claim,
        method: &Method,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Opening {
        Self::at(look(method, status, headers), claim, status, headers, now)
    }

    /// The same once it is known where to look.
    pub(super) fn at(
        look: Look,
        claim: &Claim,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Opening {
        let Look::At(expect, encoding) = look else { return Opening::Pass };
        let mut judge = Judge::new(claim, status, headers);
        let encoded = match encoding.map(Encoded::new).transpose() {
            Ok(encoded) => encoded.map(Box::new),
            Err(why) => {
                let signal = if judge.failed { judge.failure(now) } else { None };
                return Opening::Unreadable(why, signal);
            }
        };
        if !judge.failed && judge.claim.profile().reads_success_heads() {
            if let Some(signal) = judge.head(now) {
                return Opening::Found(signal);
            }
        }
        Opening::Inspect(Self::new(judge, expect, encoded))
    }

    /// A success that is neither compressed nor called an event stream, and
    /// whose head says nothing.
    #[cfg(feature = "tower")]
    pub(super) fn of_success(claim: &Claim, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::new(Judge::new(claim, status, headers), Expect::Body, None)
    }

    fn new(judge: Judge, expect: Expect, encoded: Option<Box<Encoded>>) -> Self {
        Self {
            judge,
            state: State::Whole(Document::new(expect)),
            encoded,
            patience: match expect {
                Expect::Error => Some(ERROR_PATIENCE),
                Expect::Body => Some(HEAD_PATIENCE),
                Expect::Events => None,
            },
            room: MAX_HELD_BYTES,
        }
    }

    /// Holds an event stream too, at most for `patience`, until its first
    /// event has been judged.
    #[must_use]
    pub fn hold_first_event(mut self, patience: Duration) -> Self {
        self.patience = self.patience.or(Some(patience));
        self
    }

    /// How long, counted from the head, the response may be held back;
    /// `None` once it may be handed on.
    pub fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// Whether there is nothing more to find.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Why the body cannot be read further, if so: it is compressed, and not
    /// as it should be. What was read until then has been judged.
    pub fn stopped(&self) -> Option<&Uninspected> {
        self.encoded.as_ref()?.stopped()
    }

    /// What a compressed body says, as far as it was read while the response
    /// was held back; none of one that is not compressed.
    #[cfg(feature = "tower")]
    pub(super) fn decoded(&self) -> Option<&[u8]> {
        Some(self.encoded.as_ref()?.beginning())
    }

    /// Reads on. With the 64th KiB that is read while the response is held
    /// back it is [released](Self::release), wherever `chunk` ends.
    pub fn feed(&mut self, chunk: &[u8], now: SystemTime) -> Option<Signal> {
        self.feed_at(chunk, || now)
    }

    /// The same with a clock, which is read only where there is something to
    /// judge.
    pub(super) fn feed_at(
        &mut self,
        chunk: &[u8],
        now: impl FnOnce() -> SystemTime,
    ) -> Option<Signal> {
        if self.encoded.is_some() {
            return self.feed_encoded(chunk, now());
        }
        self.feed_plain(chunk, now)
    }

    fn feed_encoded(&mut self, chunk: &[u8], now: SystemTime) -> Option<Signal> {
        if self.is_over() {
            return None;
        }
        let mut encoded = self.encoded.take()?;
        let mut signal = None;
        encoded.decode(chunk, self.patience.is_some(), |piece| {
            signal = self.feed_plain(piece, || now);
            signal.is_none() && !self.is_over()
        });
        if encoded.stopped().is_some() {
            signal = signal.or_else(|| self.end(false, now));
        }
        if self.patience.is_none() && signal.is_none() {
            encoded.forget();
        }
        self.encoded = Some(encoded);
        signal
    }

    fn feed_plain(&mut self, chunk: &[u8], now: impl FnOnce() -> SystemTime) -> Option<Signal> {
        // The way of nearly every frame, and the reason that it is cheap.
        if let State::Events(scanner) = &mut self.state {
            let profile = self.judge.claim.profile();
            if !self.judge.failed
                && (scanner.skip_one(chunk, |event| profile.may_matter_or_go_on(event))
                    || scanner.skip(chunk, |events| profile.may_matter(events)))
            {
                return None;
            }
        }
        self.feed_on(chunk, now())
    }

    /// Out of line, since hardly any frame comes this far.
    #[inline(never)]
    fn feed_on(&mut self, chunk: &[u8], now: SystemTime) -> Option<Signal> {
        if self.patience.is_none() {
            return self.read(chunk, now);
        }
        let (held, rest) = chunk.split_at(chunk.len().min(self.room));
        self.room -= held.len();
        if let Some(signal) = self.read(held, now) {
            return Some(signal);
        }
        if self.room == 0 && self.patience.is_some() {
            if let Some(signal) = self.release(now) {
                return Some(signal);
            }
        }
        self.read(rest, now)
    }

    fn read(&mut self, chunk: &[u8], now: SystemTime) -> Option<Signal> {
        if chunk.is_empty() {
            return None;
        }
        match &mut self.state {
            State::Over => None,
            State::Events(_) => self.scan(chunk, now),
            State::Whole(document) => match document.feed(chunk) {
                Form::Unknown => None,
                Form::Json => self.weigh_json(now),
                Form::Text => self.weigh_text(),
                Form::Events => {
                    let events = State::Events(EventScanner::new());
                    if let State::Whole(document) = std::mem::replace(&mut self.state, events) {
                        let before = document.into_raw();
                        if let Some(signal) = self.scan(&before, now) {
                            return Some(signal);
                        }
                    }
                    self.scan(chunk, now)
                }
            },
        }
    }

    /// The body is over.
    pub fn finish(&mut self, now: SystemTime) -> Option<Signal> {
        self.end(true, now)
    }

    /// The body will not be read further, though it may not be over: it
    /// failed, or nobody wants it. Judges what was read.
    pub fn abandon(&mut self, now: SystemTime) -> Option<Signal> {
        self.end(false, now)
    }

    /// The response can be held back no longer. An error is judged by what
    /// there is; it is read on as it flows if no rule matches that, as
    /// anything else is.
    pub fn release(&mut self, now: SystemTime) -> Option<Signal> {
        let held = self.patience.take().is_some();
        let signal = match &self.state {
            State::Whole(document) if held && document.is_suspect() => {
                let mut so_far = document.clone();
                so_far.finish();
                let none = Leaves::default();
                so_far.found(&none, false).and_then(|found| self.judge.judge(found, now))
            }
            State::Events(scanner) if self.judge.failed => {
                let mut so_far = scanner.clone();
                let signal = so_far.finish(&mut |found| self.judge.judge(found, now));
                signal.or_else(|| self.judge.failure(now))
            }
            _ => None,
        }?;
        if signal.rule.is_some() {
            self.over();
            return Some(signal);
        }
        self.judge.pending.get_or_insert(signal);
        None
    }

    fn weigh_json(&mut self, now: SystemTime) -> Option<Signal> {
        let State::Whole(document) = &mut self.state else { return None };
        let walker = document.walker();
        match walker.progress() {
            Progress::Complete => self.end(false, now),
            // What cannot be parsed may still be an error in words.
            Progress::Broken if self.judge.failed => None,
            Progress::Broken => self.end(false, now),
            Progress::Empty | Progress::Within if self.judge.failed => None,
            Progress::Empty | Progress::Within => {
                match walker.head() {
                    Head::Success => {
                        self.patience = None;
                        document.forget_text();
                    }
                    Head::Error if self.patience.is_some() => self.patience = Some(ERROR_PATIENCE),
                    Head::Error | Head::Undecided => {}
                }
                None
            }
        }
    }

    fn weigh_text(&mut self) -> Option<Signal> {
        let State::Whole(document) = &self.state else { return None };
        if !self.judge.failed && document.code_prefix() == CodePrefix::No {
            self.over();
        }
        None
    }

    fn scan(&mut self, chunk: &[u8], now: SystemTime) -> Option<Signal> {
        let State::Events(scanner) = &mut self.state else { return None };
        let (profile, failed) = (self.judge.claim.profile().clone(), self.judge.failed);
        let may_matter = |events: &[u8]| failed || profile.may_matter(events);
        let signal = scanner.feed(chunk, may_matter, &mut |found| self.judge.judge(found, now));
        if signal.is_some() {
            self.over();
        } else if !failed && scanner.has_seen_event() {
            self.patience = None;
        }
        signal
    }

    fn end(&mut self, ended: bool, now: SystemTime) -> Option<Signal> {
        let none = Leaves::default();
        let state = std::mem::replace(&mut self.state, State::Over);
        self.patience = None;
        let signal = match state {
            State::Over => return None,
            State::Whole(mut document) => {
                document.finish();
                let found = document.found(&none, ended);
                found.and_then(|found| self.judge.judge(found, now))
            }
            State::Events(mut scanner) => {
                let signal = scanner.finish(&mut |found| self.judge.judge(found, now));
                if signal.is_none() && self.judge.failed { self.judge.failure(now) } else { signal }
            }
        };
        signal.or_else(|| self.judge.pending.take())
    }

    fn over(&mut self) {
        self.state = State::Over;
        self.patience = None;
    }
}

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match &self.state {
            State::Whole(document) => Some(document.form()),
            State::Events(_) => Some(Form::Events),
            State::Over => None,
        };
        f.debug_struct("Inspection")
            .field("claim", &self.judge.claim)
            .field("status", &self.judge.status)
            .field("form", &form)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Asks the profile, and weighs what it says.
struct Judge {
    claim: Claim,
    status: StatusCode,
    headers: HeaderMap,
    failed: bool,
    /// A signal that a graver one may still replace: at most one is reported
    /// of a response, and a filtered choice must not hide a strike behind it.
    pending: Option<Signal>,
}

impl Judge {
    fn new(claim: &Claim, status: StatusCode, headers: &HeaderMap) -> Self {
        let (claim, headers) = (claim.clone(), headers.clone());
        Self { claim, status, headers, failed: status.as_u16() >= 400, pending: None }
    }

    fn judge(&mut self, found: Found<'_>, now: SystemTime) -> Option<Signal> {
        let success = found.says == Says::Success && !self.failed;
        let place = if success { Place::Success } else { Place::Error };
        if place == Place::Success && found.leaves.is_empty() {
            return None;
        }
        self.ask(found, place, now)
    }

    /// Judges a failure by its status and headers alone.
    fn failure(&mut self, now: SystemTime) -> Option<Signal> {
        let leaves = &Leaves::default();
        let found = Found { says: Says::Error, leaves, text: None, complete: false };
        self.judge(found, now)
    }

    /// Judges a success by its headers alone.
    fn head(&mut self, now: SystemTime) -> Option<Signal> {
        let leaves = &Leaves::default();
        let found = Found { says: Says::Success, leaves, text: None, complete: false };
        self.ask(found, Place::Success, now)
    }

    fn ask(&mut self, found: Found<'_>, place: Place, now: SystemTime) -> Option<Signal> {
        let text = found.text.map(String::from_utf8_lossy);
        let signal = self.claim.profile().judge(
            &self.claim,
            &Evidence {
                place,
                status: self.status,
                headers: &self.headers,
                leaves: found.leaves,
                text: text.as_deref(),
                complete: found.complete,
                now,
            },
        )?;
        let unknown = signal.rule.is_none();
        if found.says == Says::Perhaps && unknown && !self.failed {
            return None;
        }
        let waits = match found.says {
            Says::Success => !signal.class.is_policy(),
            _ => unknown && !found.complete,
        };
        if waits && !self.failed {
            self.pending.get_or_insert(signal);
            return None;
        }
        Some(signal)
    }
}
