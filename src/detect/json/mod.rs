//! An incremental JSON walker: no recursion, no tree, any chunking.
//!
//! It reads a value byte by byte as it arrives and keeps only what rules can
//! look at. Strings that nobody wants are crossed by a search for their closing
//! quote.
//!
//! It is lenient where that harms nothing: raw control characters and unknown
//! escapes in strings, numbers such as `01`, and invalid UTF-8 (which becomes
//! U+FFFD) are accepted, so that a value is *broken* only where its structure
//! is.

mod facts;
mod path;
mod text;

pub use facts::Head;

use self::{
    facts::Facts,
    path::{DEPTH, Path, Want},
    text::Text,
};
use crate::{
    profile::{Leaves, Scalar},
    quote::closing_quote,
};

/// How many scalars are kept of one value.
const MAX_LEAVES: usize = 256;
/// How much of one string is kept.
const MAX_TEXT: usize = 8 * 1024;
/// How much of a key or number is kept.
const MAX_TOKEN: usize = 256;
/// How much all kept scalars may hold together, pointers included.
const MAX_TOTAL: usize = 64 * 1024;
/// Open containers whose kind is remembered; further ones are only counted.
const MAX_KINDS: usize = 64;

/// What of a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every scalar: for the body of an error.
    Everything,
    /// What can matter in a success or a stream event: the top level's own
    /// scalars, `/error/**`, `/response/error/**`, finish and stop reasons.
    /// A top level that turns out to be an error has everything kept that
    /// follows.
    Signals,
}

/// How far a walk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing but space so far.
    Empty,
    /// Inside the value.
    Within,
    /// The top-level value is closed; what follows is ignored.
    Complete,
    /// This is no JSON.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// After `{`: a key or the end.
    FirstKey,
    /// After `,` in an object.
    NextKey,
    Colon,
    /// After `:`, or `,` in an array.
    Value,
    /// After `[`: a value or the end.
    FirstElement,
    /// After a value: `,` or the end of its container.
    After,
    /// Inside a string that is kept.
    Kept(Part),
    /// Inside a string that is not, after an odd number of backslashes or not.
    Skipped(Part, bool),
    Number,
    Literal,
    /// Below the remembered containers: strings and brackets are counted.
    Deep,
    Complete,
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Key,
    Value,
}

/// Walks one JSON value, fed in pieces.
///
/// Memory is bounded whatever comes: at most 256 scalars, 8 KiB of each
/// string, 64 KiB of pointers and scalars together; pointers of at most
/// eight tokens. What is over a bound is walked but not kept, and
/// [`is_whole`](Self::is_whole) is false from then on.
///
/// ```
/// use planguard::detect::json::{Mode, Progress, Walker};
///
/// let mut walker = Walker::new(Mode::Everything);
/// walker.feed(br#"{"error":{"co"#);
/// walker.feed(br#"de":"1302"}}"#);
/// assert_eq!(walker.progress(), Progress::Complete);
/// assert_eq!(walker.leaves().get("/error/code").unwrap().text(), Some("1302"));
/// ```
#[derive(Clone, Debug)]
pub struct Walker {
    mode: Mode,
    state: State,
    /// Open containers.
    depth: usize,
    /// Bit `n`: the container at depth `n + 1` is an object.
    kinds: u64,
    /// Open containers below the remembered ones.
    deep: u64,
    path: Path,
    /// What is wanted of the value under way.
    slot: Want,
    text: Text,
    leaves: Leaves,
    room: usize,
    cut: bool,
    facts: Facts,
}

impl Walker {
    /// A walk that has read nothing.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            state: State::Start,
            depth: 0,
            kinds: 0,
            deep: 0,
            path: Path::default(),
            slot: match mode {
                Mode::Everything => Want::All,
                Mode::Signals => Want::Root,
            },
            text: Text::default(),
            leaves: Leaves::default(),
            room: MAX_TOTAL,
            cut: false,
            facts: Facts::default(),
        }
    }

    /// Reads on, and says how many bytes it took: all of them, or those up to
    /// the end of the value, or those before the byte that broke it.
    ///
    /// A string that nobody wants costs one to two instructions a byte.
    pub fn feed(&mut self, chunk: &[u8]) -> usize {
        let mut rest = chunk;
        while let Some(&byte) = rest.first() {
            let taken = match self.state {
                State::Complete | State::Broken => break,
                State::Kept(part) => self.kept(part, rest),
                State::Skipped(part, odd) => self.skipped(part, odd, rest),
                State::Number => self.number(rest),
                State::Literal => self.literal(rest),
                State::Deep => self.deep(byte),
                _ => self.structure(byte),
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        chunk.len() - rest.len()
    }

    /// Says that no more comes. A string that was cut off is kept as far as
    /// it came, unless it is all digits: half a code is a wrong code.
    pub fn finish(&mut self) {
        match self.state {
            State::Kept(Part::Value) => {
                self.cut = true;
                let digits = |b: &u8| b.is_ascii_digit() || b.is_ascii_whitespace();
                if !self.text.bytes().iter().all(digits) {
                    let text = self.text.to_text();
                    self.keep(Scalar::String(text));
                }
                self.state = State::Broken;
            }
            State::Number if self.depth == 0 => self.end_number(),
            _ => {}
        }
    }

    /// How far the walk has come.
    pub fn progress(&self) -> Progress {
        match self.state {
            State::Start => Progress::Empty,
            State::Complete => Progress::Complete,
            State::Broken => Progress::Broken,
            _ => Progress::Within,
        }
    }

    /// What was kept.
    pub fn leaves(&self) -> &Leaves {
        &self.leaves
    }

    /// Whether the value is complete and nothing wanted passed a bound.
    pub fn is_whole(&self) -> bool {
        self.state == State::Complete && !self.cut
    }

    /// What the first decisive key says.
    pub fn head(&self) -> Head {
        self.facts.head()
    }

    /// Whether the value, as far as it was read, says at its own top level
    /// that it is an error. Nothing that is nested deeper, and nothing that a
    /// string quotes, makes it one.
    pub fn is_error(&self) -> bool {
        self.facts.is_error()
    }

    fn structure(&mut self, byte: u8) -> usize {
        if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            return 1;
        }
        let in_object = self.in_object();
        match (self.state, byte) {
            // A byte order mark.
            (State::Start, 0xEF | 0xBB | 0xBF) => {}
            (State::FirstKey | State::NextKey, b'"') => self.begin_string(Part::Key),
            (State::FirstKey, b'}') | (State::FirstElement, b']') => self.close(),
            (State::Colon, b':') => self.state = State::Value,
            (State::After, b',') if in_object => self.state = State::NextKey,
            (State::After, b',') => self.state = State::Value,
            (State::After, b'}') if in_object => self.close(),
            (State::After, b']') if !in_object => self.close(),
            (State::Start | State::Value | State::FirstElement, _) => return self.value(byte),
            _ => return self.broken(),
        }
        1
    }

    /// A value begins with `byte`.
    fn value(&mut self, byte: u8) -> usize {
        let kind = match byte {
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => byte,
            _ => return self.broken(),
        };
        if self.depth == 0 {
            if kind != b'{' {
                self.facts.no_object();
            }
        } else if !self.in_object() {
            self.slot = self.path.element(self.depth);
            self.facts.inside(self.depth);
        }
        if !matches!(kind, b't' | b'f' | b'n') {
            self.facts.begins(self.depth, matches!(kind, b'{' | b'['));
        }
        match kind {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'"' => self.begin_string(Part::Value),
            b't' | b'f' | b'n' => {
                self.text.start(MAX_TOKEN);
                self.state = State::Literal;
                return 0;
            }
            _ => {
                self.text.start(MAX_TOKEN);
                self.state = State::Number;
                return 0;
            }
        }
        1
    }

    fn open(&mut self, object: bool) {
        if self.depth >= MAX_KINDS {
            self.deep = 1;
            self.state = State::Deep;
            return;
        }
        let bit = 1u64 << self.depth;
        self.kinds = if object { self.kinds | bit } else { self.kinds & !bit };
        self.depth += 1;
        self.cut |= self.depth > DEPTH && self.slot == Want::All;
        let want = if self.slot == Want::Scalar { Want::Nothing } else { self.slot };
        self.path.open(self.depth, want);
        self.state = if object { State::FirstKey } else { State::FirstElement };
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = if self.depth == 0 { State::Complete } else { State::After };
    }

    fn broken(&mut self) -> usize {
        self.state = State::Broken;
        0
    }

    fn in_object(&self) -> bool {
        self.depth.checked_sub(1).is_some_and(|at| self.kinds & (1u64 << at) != 0)
    }

    fn begin_string(&mut self, part: Part) {
        let (wanted, limit) = match part {
            // The top level's keys speak even where nothing is kept.
            Part::Key => (self.path.want(self.depth) != Want::Nothing, MAX_TOKEN),
            Part::Value => (self.slot.captures_scalar(), MAX_TEXT),
        };
        if wanted {
            self.text.start(limit);
            self.state = State::Kept(part);
        } else {
            self.state = State::Skipped(part, false);
        }
    }

    fn kept(&mut self, part: Part, rest: &[u8]) -> usize {
        let (taken, ended) = self.text.feed(rest);
        if ended {
            self.end_kept(part);
        }
        taken
    }

    fn end_kept(&mut self, part: Part) {
        let text = self.text.to_text();
        if part == Part::Key {
            self.state = State::Colon;
            if self.text.is_cut() {
                self.cut = true;
                self.slot = Want::Nothing;
            } else {
                self.slot = self.path.key(self.depth, &text);
            }
            self.facts.key(self.depth, &text);
            self.widen();
        } else {
            self.cut |= self.text.is_cut();
            self.keep(Scalar::String(text));
            self.end_value();
        }
    }

    fn skipped(&mut self, part: Part, odd: bool, rest: &[u8]) -> usize {
        let taken = match closing_quote(rest, odd) {
            Ok(taken) => taken,
            Err(odd) => {
                self.state = State::Skipped(part, odd);
                return rest.len();
            }
        };
        match (self.deep > 0, part) {
            (true, _) => self.state = State::Deep,
            (false, Part::Key) => {
                self.slot = Want::Nothing;
                self.state = State::Colon;
            }
            (false, Part::Value) => self.end_value(),
        }
        taken
    }

    fn number(&mut self, rest: &[u8]) -> usize {
        let digit = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let n = rest.iter().position(|b| !digit(b)).unwrap_or(rest.len());
        if self.slot.captures_scalar() {
            self.text.push(rest.get(..n).unwrap_or_default());
        }
        if n < rest.len() {
            self.end_number();
        }
        n
    }

    fn end_number(&mut self) {
        if self.slot.captures_scalar() {
            if self.text.is_cut() {
                self.cut = true;
            } else {
                let digits = self.text.to_text();
                self.keep(Scalar::Number(digits));
            }
        }
        self.end_value();
    }

    /// `true`, `false` or `null`. Ends with its last letter, not with what
    /// follows, so that a top-level one is complete at once.
    fn literal(&mut self, rest: &[u8]) -> usize {
        for (n, &byte) in rest.iter().enumerate() {
            let have = self.text.bytes();
            let word: &[u8] = match have.first().unwrap_or(&byte) {
                b't' => b"true",
                b'f' => b"false",
                _ => b"null",
            };
            if word.get(have.len()) != Some(&byte) {
                self.state = State::Broken;
                return n;
            }
            let whole = have.len() + 1 == word.len();
            self.text.push(&[byte]);
            if whole {
                if self.slot.captures_scalar() {
                    self.keep(match word {
                        b"true" => Scalar::Bool(true),
                        b"false" => Scalar::Bool(false),
                        _ => Scalar::Null,
                    });
                }
                self.end_value();
                return n + 1;
            }
        }
        rest.len()
    }

    fn deep(&mut self, byte: u8) -> usize {
        match byte {
            b'"' => self.state = State::Skipped(Part::Value, false),
            b'{' | b'[' => self.deep = self.deep.saturating_add(1),
            b'}' | b']' => {
                self.deep = self.deep.saturating_sub(1);
                if self.deep == 0 {
                    self.end_value();
                }
            }
            _ => {}
        }
        1
    }

    fn keep(&mut self, value: Scalar) {
        self.facts.scalar(self.depth, &value);
        self.widen();
        let pointer = self.path.pointer();
        let size = pointer.len() + value.text().map_or(0, str::len);
        if self.leaves.len() >= MAX_LEAVES || size > self.room {
            self.cut = true;
            return;
        }
        self.room -= size;
        self.leaves.push(pointer.to_owned(), value);
    }

    /// An error is kept whole from where it is known to be one.
    fn widen(&mut self) {
        if self.mode == Mode::Signals && self.facts.head() == Head::Error {
            self.path.want_all();
        }
    }
}
