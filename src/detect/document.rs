//! A whole body whose form shows only in its first bytes: JSON, a plain text,
//! or an event stream that is declared as something else.

use super::{
    found::{CodePrefix, Found, Says, code_prefix},
    json::{Head, Mode, Progress, Walker},
};
use crate::profile::Leaves;

/// How much of a text is kept.
const MAX_TEXT: usize = 8 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What a body turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Unknown,
    Json,
    Text,
    Events,
}

/// What a body is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// An error, in whatever form.
    Error,
    /// A success, unless it says otherwise.
    Body,
    /// An event stream, unless it begins as none can.
    Events,
}

#[derive(Clone)]
pub(super) struct Document {
    expect: Expect,
    form: Form,
    walker: Walker,
    /// The first bytes, as long as they may be wanted.
    text: Vec<u8>,
    keeps_text: bool,
    overflow: bool,
}

impl Document {
    pub(super) fn new(expect: Expect) -> Self {
        let mode = if expect == Expect::Error { Mode::Everything } else { Mode::Signals };
        let (text, walker) = (Vec::new(), Walker::new(mode));
        Self { expect, form: Form::Unknown, walker, text, keeps_text: true, overflow: false }
    }

    /// Reads on. If the body turns out to be an event stream, `chunk` was not
    /// read, and [`text`](Self::text) is what came before it.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Form {
        let before = self.text.len();
        if self.keeps_text {
            let room = MAX_TEXT.saturating_sub(before);
            let kept = chunk.get(..room).unwrap_or(chunk);
            self.overflow |= kept.len() < chunk.len();
            self.text.extend_from_slice(kept);
        }
        if self.form == Form::Unknown {
            self.form = self.sniff();
        }
        match self.form {
            Form::Unknown | Form::Json => {
                let taken = self.walker.feed(chunk);
                // Such a body is judged where it breaks. What stands behind that
                // belongs to the verdict only if it came in the same piece.
                let ends_here = self.form == Form::Json && self.expect != Expect::Error;
                if ends_here && self.walker.progress() == Progress::Broken {
                    self.text.truncate(before + taken);
                }
            }
            Form::Events => self.text.truncate(before),
            Form::Text => {}
        }
        self.form
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn walker(&self) -> &Walker {
        &self.walker
    }

    /// The kept bytes, without a byte order mark.
    pub(super) fn text(&self) -> &[u8] {
        self.text.strip_prefix(BOM).unwrap_or(&self.text)
    }

    pub(super) fn into_raw(self) -> Vec<u8> {
        self.text
    }

    /// Stops keeping the bytes: this is JSON and its head is decided.
    pub(super) fn forget_text(&mut self) {
        self.keeps_text = false;
        self.text = Vec::new();
    }

    /// Whether a text begins as one that has a code in front.
    pub(super) fn code_prefix(&self) -> CodePrefix {
        code_prefix(self.text())
    }

    /// Whether the answer is known to be an error, or may yet be one with
    /// good reason.
    pub(super) fn is_suspect(&self) -> bool {
        match self.form {
            _ if self.expect == Expect::Error => true,
            Form::Json => self.walker.head() == Head::Error,
            Form::Text => self.code_prefix() == CodePrefix::Yes,
            Form::Unknown | Form::Events => false,
        }
    }

    /// Says that no more comes: `ended` if the body is over, not if it was
    /// only not read further.
    pub(super) fn finish(&mut self) {
        self.walker.finish();
    }

    /// What there is to judge.
    pub(super) fn found<'a>(&'a self, none: &'a Leaves, ended: bool) -> Option<Found<'a>> {
        let expects_error = self.expect == Expect::Error;
        let text = (!self.text().trim_ascii().is_empty()).then(|| self.text());
        let found = match self.form {
            Form::Json => {
                let is_error = expects_error || self.walker.is_error();
                let broken = self.walker.progress() == Progress::Broken;
                Found {
                    says: if is_error { Says::Error } else { Says::Success },
                    leaves: self.walker.leaves(),
                    text: text.filter(|_| broken),
                    complete: self.walker.is_whole(),
                }
            }
            Form::Text | Form::Unknown if expects_error => {
                let complete = ended && !self.overflow;
                Found { says: Says::Error, leaves: none, text, complete }
            }
            Form::Text if self.is_suspect() => {
                let complete = ended && !self.overflow;
                Found { says: Says::Perhaps, leaves: none, text, complete }
            }
            Form::Text | Form::Unknown | Form::Events => return None,
        };
        Some(found)
    }

    fn sniff(&self) -> Form {
        let begin = self.text().trim_ascii_start();
        let events = [b"data:".as_slice(), b"event:"];
        match begin.split_first() {
            None if self.overflow => Form::Text,
            None => Form::Unknown,
            Some((b'{', _)) => Form::Json,
            // A list of objects, as Google's errors come; `[1305][…]` is none.
            Some((b'[', rest)) => match rest.trim_ascii_start().first() {
                None if self.overflow => Form::Text,
                None => Form::Unknown,
                Some(b'{') => Form::Json,
                Some(_) => Form::Text,
            },
            // Half a byte order mark.
            Some(_) if BOM.starts_with(begin) => Form::Unknown,
            Some(_) if self.expect == Expect::Events => Form::Events,
            Some(_) if events.iter().any(|field| begin.starts_with(field)) => Form::Events,
            Some(_) if events.iter().any(|field| field.starts_with(begin)) => Form::Unknown,
            Some(_) => Form::Text,
        }
    }
}
