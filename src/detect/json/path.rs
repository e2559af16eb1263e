//! Where in a value the walker is, and whether anybody wants what is there.

use std::fmt::Write;

/// How many tokens a captured pointer may have.
pub(super) const DEPTH: usize = 8;

/// What is captured at, or below, one place of the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Want {
    /// Every scalar.
    #[default]
    All,
    /// The root of an answer that may be a success.
    Root,
    /// `/choices`.
    Choices,
    /// One of them.
    Choice,
    /// `/delta`.
    Delta,
    /// `/response`, as Responses events have it.
    Response,
    /// A scalar that stands here, nothing inside a container.
    Scalar,
    /// Nothing.
    Nothing,
}

impl Want {
    /// What is wanted at `key` of an object, or in any element of an array
    /// (`None`), of which this is wanted.
    fn of(self, key: Option<&str>) -> Self {
        match (self, key) {
            (Self::All, _) => Self::All,
            (Self::Root, Some("error" | "contentFilter" | "content_filter")) => Self::All,
            (Self::Root, Some("incomplete_details" | "base_resp")) => Self::All,
            (Self::Root, Some("choices")) => Self::Choices,
            (Self::Root, Some("delta")) => Self::Delta,
            (Self::Root, Some("response")) => Self::Response,
            (Self::Root, Some("content" | "output" | "data")) => Self::Nothing,
            (Self::Root, Some(_)) => Self::Scalar,
            (Self::Choices, None) => Self::Choice,
            (Self::Choice, Some("finish_reason")) => Self::Scalar,
            (Self::Delta, Some("stop_reason")) => Self::Scalar,
            (Self::Response, Some("error" | "incomplete_details")) => Self::All,
            (Self::Response, Some("id" | "status")) => Self::Scalar,
            _ => Self::Nothing,
        }
    }

    /// Whether a scalar at this place is captured.
    pub(super) fn captures_scalar(self) -> bool {
        matches!(self, Self::All | Self::Scalar)
    }
}

/// The JSON pointer of the value under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    pointer: String,
    levels: [Level; DEPTH],
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Length of the container's own pointer.
    start: usize,
    /// Next element's number, in an array.
    index: u32,
    want: Want,
}

impl Path {
    /// A container was opened at the pointer of this moment; it is the
    /// `depth`-th one, counted from 1.
    pub(super) fn open(&mut self, depth: usize, want: Want) {
        let start = self.pointer.len();
        if let Some(level) = depth.checked_sub(1).and_then(|at| self.levels.get_mut(at)) {
            *level = Level { start, index: 0, want };
        }
    }

    /// What is wanted of the container at `depth`.
    pub(super) fn want(&self, depth: usize) -> Want {
        depth.checked_sub(1).and_then(|at| self.levels.get(at)).map_or(Want::Nothing, |l| l.want)
    }

    /// From here on everything inside the root is wanted.
    pub(super) fn want_all(&mut self) {
        self.levels[0].want = Want::All;
    }

    /// Moves to `key` of the container at `depth`.
    pub(super) fn key(&mut self, depth: usize, key: &str) -> Want {
        let Some(level) = depth.checked_sub(1).and_then(|at| self.levels.get(at)) else {
            return Want::Nothing;
        };
        let want = level.want.of(Some(key));
        if want != Want::Nothing {
            self.pointer.truncate(level.start);
            self.pointer.push('/');
            for c in key.chars() {
                match c {
                    '~' => self.pointer.push_str("~0"),
                    '/' => self.pointer.push_str("~1"),
                    other => self.pointer.push(other),
                }
            }
        }
        want
    }

    /// Moves to the next element of the container at `depth`.
    pub(super) fn element(&mut self, depth: usize) -> Want {
        let Some(level) = depth.checked_sub(1).and_then(|at| self.levels.get_mut(at)) else {
            return Want::Nothing;
        };
        let want = level.want.of(None);
        let index = level.index;
        level.index = index.saturating_add(1);
        if want != Want::Nothing {
            self.pointer.truncate(level.start);
            // Writing to a String does not fail.
            let _ = write!(self.pointer, "/{index}");
        }
        want
    }

    /// The pointer of the value under way.
    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }
}
