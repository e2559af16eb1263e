//! The data of one event: a JSON value, a plain text, or the wreck of two
//! frames that a server wrote into one another.

use crate::{
    detect::{
        found::{CodePrefix, Found, Says, code_prefix},
        json::{Mode, Progress, Walker},
    },
    profile::Leaves,
    signal::Signal,
};

/// How much of an event is kept, to look for a second frame in it.
const MAX_KEPT: usize = 64 * 1024;
/// How much of a plain text is kept.
const MAX_TEXT: usize = 8 * 1024;
/// How many second frames are looked for within one event.
const MAX_RESYNCS: u8 = 8;
/// What a second frame begins with.
const FIELD: &[u8] = b"data:";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No data so far.
    Empty,
    Json,
    Text,
    /// Behind a value: looking for a second frame, having seen so many bytes
    /// of `data:`.
    Seek(u8),
    /// Right behind an inner `data:`.
    Inner,
    /// Nothing more is looked for.
    Spent,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    state: State,
    /// Its name is `error`.
    pub(super) named_error: bool,
    walker: Walker,
    /// The bytes of the value under way, lines joined by `\n`.
    kept: Vec<u8>,
    overflow: bool,
    resyncs: u8,
}

impl Event {
    pub(super) fn new() -> Self {
        Self {
            state: State::Empty,
            named_error: false,
            walker: Walker::new(Mode::Signals),
            kept: Vec::new(),
            overflow: false,
            resyncs: 0,
        }
    }

    /// Whether nothing of it has come.
    pub(super) fn is_empty(&self) -> bool {
        self.state == State::Empty && !self.named_error
    }

    /// Whether any data has come.
    pub(super) fn has_data(&self) -> bool {
        self.state != State::Empty
    }

    /// Whether a value of it was read to its end.
    pub(super) fn has_value(&self) -> bool {
        matches!(self.state, State::Seek(_) | State::Inner | State::Spent)
    }

    /// More of its data. Each value is judged when it is complete, which may
    /// be long before the event's end.
    pub(super) fn data<J>(&mut self, data: &[u8], judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = self.step(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if let Some(signal) = self.settle(judge) {
                return Some(signal);
            }
            // A broken value is read again from its second byte, since the
            // frame that broke it may begin anywhere within.
            if matches!(self.state, State::Seek(_)) {
                let again = std::mem::take(&mut self.kept);
                if let Some(signal) = self.read_again(&again, judge) {
                    return Some(signal);
                }
            }
        }
        None
    }

    /// The event is over. A value that was cut off is judged as far as it came.
    pub(super) fn end<J>(&mut self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let signal = match self.state {
            State::Json => {
                self.walker.finish();
                self.judge_walker(judge)
            }
            State::Text => self.judge_text(judge),
            _ => None,
        };
        *self = Self::new();
        signal
    }

    fn step(&mut self, rest: &[u8]) -> usize {
        let Some(&byte) = rest.first() else { return 0 };
        match self.state {
            State::Empty | State::Inner if byte == b'{' => {
                self.state = State::Json;
                0
            }
            State::Empty | State::Inner if byte.is_ascii_whitespace() => 1,
            State::Empty => {
                self.state = State::Text;
                0
            }
            State::Inner => {
                self.state = State::Seek(0);
                0
            }
            State::Json => {
                let taken = self.walker.feed(rest);
                self.keep(rest.get(..taken).unwrap_or_default(), MAX_KEPT);
                taken
            }
            State::Text => {
                self.keep(rest, MAX_TEXT);
                rest.len()
            }
            State::Seek(seen) => {
                self.state = match byte {
                    b'\n' => State::Inner,
                    b'd' => State::Seek(1),
                    _ if FIELD.get(usize::from(seen)) == Some(&byte) => {
                        if usize::from(seen) + 1 == FIELD.len() {
                            State::Inner
                        } else {
                            State::Seek(seen + 1)
                        }
                    }
                    _ => State::Seek(0),
                };
                1
            }
            State::Spent => rest.len(),
        }
    }

    fn keep(&mut self, bytes: &[u8], limit: usize) {
        let room = limit.saturating_sub(self.kept.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.overflow |= kept.len() < bytes.len();
        self.kept.extend_from_slice(kept);
    }

    /// Judges a value that has just been completed, or broken.
    fn settle<J>(&mut self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let progress = self.walker.progress();
        if self.state != State::Json || matches!(progress, Progress::Empty | Progress::Within) {
            return None;
        }
        let signal = self.judge_walker(judge);
        if progress == Progress::Complete {
            self.kept = Vec::new();
        }
        let lost = self.overflow && progress == Progress::Broken;
        self.resyncs = self.resyncs.saturating_add(1);
        self.state = if lost || self.resyncs > MAX_RESYNCS { State::Spent } else { State::Seek(0) };
        if self.state == State::Spent {
            self.kept = Vec::new();
        }
        self.overflow = false;
        self.walker = Walker::new(Mode::Signals);
        signal
    }

    fn read_again<J>(&mut self, again: &[u8], judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let mut at = 1;
        while let Some(rest) = again.get(at..).filter(|rest| !rest.is_empty()) {
            at += self.step(rest);
            if let Some(signal) = self.settle(judge) {
                return Some(signal);
            }
            if matches!(self.state, State::Seek(_)) {
                // What is kept, if anything, are the last bytes before `at`.
                let but_the_first = self.kept.get(1..).unwrap_or_default();
                at = at.saturating_sub(but_the_first.len());
                self.kept.clear();
            }
        }
        None
    }

    fn judge_walker<J>(&self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let error = self.named_error || self.walker.is_error();
        let complete = self.walker.is_whole();
        // Of a wreck that says nothing of an error nothing can be believed.
        if !error && self.walker.progress() != Progress::Complete {
            return None;
        }
        let says = if error { Says::Error } else { Says::Success };
        judge(Found { says, leaves: self.walker.leaves(), text: None, complete })
    }

    fn judge_text<J>(&self, judge: &mut J) -> Option<Signal>
    where
        J: FnMut(Found<'_>) -> Option<Signal>,
    {
        let says = match code_prefix(&self.kept) {
            _ if self.named_error => Says::Error,
            CodePrefix::Yes => Says::Perhaps,
            CodePrefix::No | CodePrefix::Maybe => return None,
        };
        let (leaves, text) = (&Leaves::default(), Some(&*self.kept));
        judge(Found { says, leaves, text, complete: !self.overflow })
    }
}
