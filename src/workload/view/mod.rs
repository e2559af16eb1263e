//! From a request's body to what matters of it: the person's newest words, and
//! what they stand in.

mod alone;
mod client;
mod echo;
mod parts;
mod person;
mod request;
mod strip;
mod system;
#[cfg(test)]
mod tests;
mod window;

pub use request::Shape;

use super::json::plainly;

use self::{
    alone::stands_alone,
    client::{CONTEXT_TURNS, FRESH_START, RESUMED, is_completion, is_own_call, is_result},
    parts::{all_texts, arguments, result},
    person::Echoes,
    request::{Request, Role, Turn},
    window::{Window, cut, head, tail},
};

/// How much of a text is looked at: its beginning and its end.
const NEWEST: Window = Window { head: 700, tail: 300 };
const EARLIER: Window = Window { head: 500, tail: 200 };
const ANSWER: Window = Window { head: 300, tail: 150 };
const CALL: Window = Window { head: 160, tail: 40 };
const RESULT: Window = Window { head: 300, tail: 300 };
/// How many earlier turns, calls and answers are looked at.
const EARLIER_TURNS: usize = 3;
const CALLS: usize = 4;
const ANSWERS: usize = 2;
/// The longest name of a model.
const MODEL: Window = Window { head: 128, tail: 0 };

/// What is read of a body at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest body that is looked at, in bytes.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 4 * 1024 * 1024 }
    }
}

/// What matters of a request, each text cut to its beginning and end.
///
/// Holds words of the prompt: it has no `Debug` that shows them, and nothing
/// in planguard keeps it for longer than one judgement.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The newest words of the person, freed of what the client puts around
    /// them.
    pub newest: String,
    /// What the person said before, newest first, back to words that stand
    /// alone; if none do, the last one is the first turn of all.
    pub earlier: Vec<String>,
    /// What the model answered since then, newest first.
    pub answers: Vec<String>,
    /// What tools were called with since then, without their names, newest
    /// first.
    pub calls: Vec<String>,
    /// What the last tool gave back.
    pub result: String,
    /// The system's text, if it is short and no tools are offered; without a
    /// line that only says which client this is.
    pub system: String,
    /// Whether the request begins a person's turn: it answers no tool's
    /// result, and is no call of the client's own.
    pub turn_start: bool,
    /// Whether it is a call of the client's own: a title, a summary.
    pub own_call: bool,
    shape: Option<Shape>,
    model: Option<String>,
    system_mark: Option<u64>,
}

impl View {
    /// Reads `body`. None if it is too long, no JSON, of no known shape, or
    /// holds no words of a person.
    pub fn read(body: &[u8], limits: Limits) -> Option<Self> {
        Self::read_any(body, limits).filter(Self::has_words)
    }

    /// Whether it holds words of a person, without which there is nothing to
    /// judge.
    pub(super) fn has_words(&self) -> bool {
        !self.newest.is_empty()
    }

    /// Reads `body`, even if no words of a person are found in it: those of a
    /// long turn are too far back.
    pub(super) fn read_any(body: &[u8], limits: Limits) -> Option<Self> {
        if body.len() > limits.body_bytes {
            return None;
        }
        let request = Request::read(body)?;
        let mut view = Self { shape: Some(request.shape()), ..Self::default() };
        view.model = request.model.map(|model| cut(model, MODEL));
        view.read_turns(&request);
        view.system_mark = system::mark(&request);
        // What stands beside tools is a frame.
        let system = if request.tools { String::new() } else { system::window(&request) };
        view.own_call = is_own_call(&system)
            || is_own_call(head(&view.newest, 600))
            || is_own_call(tail(&view.newest, 300));
        if system::is_short(&request) {
            view.system = system::without_identity(system);
        }
        view.turn_start &= !view.own_call;
        Some(view)
    }

    /// The wire format.
    pub fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// The model that is asked for.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The same for the same system text in this process, from its beginning
    /// and its length. None without one.
    pub fn system_mark(&self) -> Option<u64> {
        self.system_mark
    }

    /// The same with other newest words.
    pub(super) fn with_newest(&self, newest: String) -> Self {
        Self { newest, ..self.clone() }
    }

    fn read_turns(&mut self, request: &Request<'_>) {
        // Whether anything of the session came after the person's newest words.
        let mut answered = false;
        let mut persons = 0;
        // Whether what stands before belongs to something else.
        let mut ends_here = false;
        let mut echoes = Echoes::default();
        // How many answers belong to turns that were seen, going backwards.
        let mut answers_before = 0;
        for turn in request.turns.iter().rev().chain(request.first.iter().rev()) {
            match turn.role {
                Role::System => {}
                Role::Call => {
                    self.call(turn);
                    answered = true;
                }
                Role::Result => {
                    self.tool_result(turn);
                    answered = true;
                }
                Role::Assistant => {
                    let calls = self.assistant(turn);
                    // Words alone, after a person's, are the beginning of the
                    // answer that the caller wants.
                    answered |= calls;
                }
                Role::User => {
                    if turn.holds.result {
                        self.tool_result(turn);
                        answered = true;
                    }
                    let window = if persons == 0 { NEWEST } else { EARLIER };
                    let content = if turn.holds.words { turn.content } else { b"" };
                    let content = &plainly(content);
                    let mut words = person::words(content, window);
                    if words.starts_with(FRESH_START) {
                        self.answers.truncate(answers_before);
                        ends_here = true;
                        break;
                    }
                    let answers = std::mem::replace(&mut answers_before, self.answers.len());
                    if is_context(&words) {
                        // What the client has the model say to it is no answer.
                        self.answers.truncate(answers);
                        answers_before = self.answers.len();
                    }
                    if words.is_empty() || is_context(&words) {
                        continue;
                    }
                    if is_result(&words) || words.starts_with(RESUMED) {
                        let said = Some(person::said(content, window))
                            .filter(|said| !said.is_empty() && !is_result(said));
                        let ended = is_completion(&words) && said.is_some();
                        answered |= persons == 0 && !ended;
                        if self.result.is_empty() && is_result(&words) {
                            self.result = words;
                        }
                        let Some(said) = said else { continue };
                        words = said;
                    } else if persons == 0 {
                        words = echoes.without(content, window, request).unwrap_or(words);
                    }
                    if persons == 0 {
                        self.newest = words;
                        self.turn_start = !answered;
                    } else {
                        ends_here = stands_alone(&words);
                        self.earlier.push(words);
                    }
                    persons += 1;
                    if ends_here || persons > EARLIER_TURNS {
                        break;
                    }
                }
            }
        }
        if persons == 0 {
            self.turn_start = !answered;
        }
        if persons > EARLIER_TURNS && !ends_here {
            self.first_turn(request);
        }
    }

    fn first_turn(&mut self, request: &Request<'_>) {
        let users = request.first.iter().chain(request.turns.iter().take(8));
        let words = users
            .filter(|turn| turn.role == Role::User && turn.holds.words)
            .map(|turn| person::words(&plainly(turn.content), EARLIER))
            .find(|words| !words.is_empty() && !is_context(words));
        if let Some(words) = words.filter(|words| !self.earlier.contains(words)) {
            self.earlier.push(words);
        }
    }

    fn call(&mut self, turn: &Turn<'_>) {
        self.calls.extend(arguments(turn.content, CALL, CALLS.saturating_sub(self.calls.len())));
    }

    fn tool_result(&mut self, turn: &Turn<'_>) {
        if self.result.is_empty() {
            self.result = result(turn.content, RESULT);
        }
    }

    /// Whether there are calls in it.
    fn assistant(&mut self, turn: &Turn<'_>) -> bool {
        if self.answers.len() < ANSWERS {
            let words = all_texts(turn.content, ANSWER);
            if !words.is_empty() {
                self.answers.push(words);
            }
        }
        let before = self.calls.len();
        // What is a string there, even one that holds JSON, is said.
        for calls in [turn.calls, turn.content].into_iter().filter(|calls| calls.starts_with(b"["))
        {
            self.calls.extend(arguments(calls, CALL, CALLS.saturating_sub(self.calls.len())));
        }
        self.calls.len() > before
    }
}

/// Whether a client wrote it in the user's role.
fn is_context(words: &str) -> bool {
    CONTEXT_TURNS.iter().any(|turn| words.starts_with(turn))
}

/// Where in `body` the model's name stands, quotes included, and the name.
pub(super) fn model_of(body: &[u8]) -> Option<(std::ops::Range<usize>, String)> {
    let model = Request::read(body)?.model?;
    // It is a piece of the body.
    let from = (model.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    let range = from.checked_sub(1)?..from + model.len() + 1;
    Some((range, cut(model, MODEL)))
}
