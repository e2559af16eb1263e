//! What a value's own top level says about the answer: success or error.

use crate::profile::Scalar;

/// What the first decisive key of an object says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// No decisive key so far.
    #[default]
    Undecided,
    /// `choices`, `content`, `output`, `data` or `object`, or no object at all.
    Success,
    /// An error that is not null, `"type":"error"`, `"success":false`, or a
    /// code that does not mean success.
    Error,
}

/// What a key of the top level is to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Top {
    #[default]
    Other,
    Error,
    Type,
    Code,
    Success,
    Object,
    Choices,
    Payload,
    Response,
}

impl Top {
    fn of(key: &str) -> Self {
        match key {
            "error" => Self::Error,
            "type" => Self::Type,
            "code" | "error_code" => Self::Code,
            "success" => Self::Success,
            "object" => Self::Object,
            "choices" => Self::Choices,
            "content" | "output" | "data" => Self::Payload,
            "response" => Self::Response,
            _ => Self::Other,
        }
    }
}

/// The running account of one value's top level.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    head: Head,
    top: Top,
    /// Inside `/response`, at its `error`.
    response_error_key: bool,
    error: bool,
    response_error: bool,
    flat_code: bool,
    choices: bool,
    /// A `type` that is a string other than `error`.
    typed: bool,
    /// That type begins with `response.`.
    response_event: bool,
}

impl Facts {
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Whether the value says of itself that it is an error.
    ///
    /// A flat code is one only without `choices` and without a `type`: a
    /// Responses event has a `code` that is the code interpreter's source.
    pub(super) fn is_error(&self) -> bool {
        self.error
            || (self.flat_code && !self.choices && !self.typed)
            || (self.response_error && self.response_event)
    }

    /// The root is no object: nothing in it speaks.
    pub(super) fn no_object(&mut self) {
        self.decide(Head::Success);
    }

    /// `key` was read in the `depth`-th container, which is an object.
    pub(super) fn key(&mut self, depth: usize, key: &str) {
        match depth {
            1 => self.top = Top::of(key),
            2 => {
                self.response_error_key = self.top == Top::Response && key == "error";
                self.inside(depth);
            }
            _ => {}
        }
    }

    /// Something stands inside the `depth`-th container: an `error` that is
    /// an empty object is none.
    pub(super) fn inside(&mut self, depth: usize) {
        if depth == 2 && self.top == Top::Error {
            self.set_error();
        }
    }

    /// A container, string or number begins in the `depth`-th container.
    pub(super) fn begins(&mut self, depth: usize, container: bool) {
        if depth == 1 {
            match self.top {
                Top::Choices => {
                    self.choices = true;
                    self.decide(Head::Success);
                }
                Top::Payload => self.decide(Head::Success),
                Top::Response => self.response_error_key = false,
                _ => {}
            }
        } else if depth == 2 && self.response_error_key && container {
            self.response_error = true;
        }
    }

    /// A captured scalar ends in the `depth`-th container.
    pub(super) fn scalar(&mut self, depth: usize, value: &Scalar) {
        if depth == 2 && self.response_error_key && is_something(value) {
            self.response_error = true;
        }
        if depth != 1 {
            return;
        }
        match (self.top, value) {
            (Top::Error, value) if is_something(value) => self.set_error(),
            (Top::Type, Scalar::String(name)) if name == "error" => self.set_error(),
            (Top::Type, Scalar::String(name)) => {
                self.typed = true;
                self.response_event = name.starts_with("response.");
            }
            (Top::Code, Scalar::String(_) | Scalar::Number(_)) if !means_success(value) => {
                self.flat_code |= self.head != Head::Success;
                self.decide(Head::Error);
            }
            (Top::Success, Scalar::Bool(false)) => self.set_error(),
            // vLLM names its errors this way.
            (Top::Object, Scalar::String(name)) if name == "error" => self.set_error(),
            (Top::Object, Scalar::String(_)) => self.decide(Head::Success),
            _ => {}
        }
    }

    fn set_error(&mut self) {
        self.error = true;
        self.decide(Head::Error);
    }

    fn decide(&mut self, head: Head) {
        if self.head == Head::Undecided {
            self.head = head;
        }
    }
}

fn is_something(value: &Scalar) -> bool {
    match value {
        Scalar::String(text) => !text.is_empty(),
        Scalar::Number(digits) => digits != "0",
        Scalar::Bool(flag) => *flag,
        Scalar::Null => false,
    }
}

/// The codes that monitor envelopes and gateways give to a success.
fn means_success(code: &Scalar) -> bool {
    code.text().is_some_and(|text| {
        matches!(text, "" | "0" | "200")
            || text.eq_ignore_ascii_case("success")
            || text.eq_ignore_ascii_case("ok")
    })
}
