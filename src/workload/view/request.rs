//! From a body to its turns: who says what, as it stands.

use std::collections::VecDeque;

use super::{
    super::json::{self, Cursor, as_string},
    parts::Holds,
};

/// How many turns are remembered; of a longer request the last ones.
const TURNS: usize = 1_024;
/// How many of the first ones are remembered too.
const FIRST: usize = 4;
/// How many texts of the system are remembered.
const SYSTEM: usize = 16;

/// The wire format of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// OpenAI Chat Completions.
    OpenAiChat,
    /// OpenAI Responses.
    OpenAiResponses,
    /// Anthropic Messages.
    AnthropicMessages,
}

impl Shape {
    /// The name as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::OpenAiResponses => "openai_responses",
            Self::AnthropicMessages => "anthropic_messages",
        }
    }
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
    System,
    /// What a tool was called with.
    Call,
    /// What it gave back.
    Result,
}

/// One turn; its values as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'a> {
    pub(super) role: Role,
    /// A string, or an array of parts.
    pub(super) content: &'a [u8],
    pub(super) holds: Holds,
    /// An array of calls (Chat Completions).
    pub(super) calls: &'a [u8],
}

/// What of a request is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) model: Option<&'a [u8]>,
    pub(super) system: Vec<&'a [u8]>,
    /// How many bytes all of the system's texts have.
    pub(super) system_bytes: usize,
    pub(super) turns: VecDeque<Turn<'a>>,
    /// The first turns of a user, if they are no longer among the turns.
    pub(super) first: Vec<Turn<'a>>,
    /// Whether any tool is offered.
    pub(super) tools: bool,
    pub(super) anthropic: bool,
    pub(super) responses: bool,
    known: bool,
}

impl<'a> Request<'a> {
    /// None if it is no JSON object that holds turns.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut request = Self::default();
        let mut cursor = Cursor::new(body);
        cursor.object(|key, cursor| request.field(key, cursor))?;
        (cursor.is_over() && request.known).then_some(request)
    }

    fn field(&mut self, key: &[u8], cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            b"messages" | b"input" => {
                self.turns.clear();
                self.known = true;
                self.responses = key == b"input";
                match cursor.peek()? {
                    b'[' => cursor.array(|cursor| self.turn(cursor)),
                    _ => {
                        let (content, holds) = Holds::cross(cursor)?;
                        self.known = content.first() == Some(&b'"');
                        self.push(Turn { role: Role::User, content, holds, calls: b"" });
                        Some(())
                    }
                }
            }
            b"system" | b"instructions" => {
                let text = cursor.value()?;
                self.anthropic |= key == b"system";
                self.system(text);
                Some(())
            }
            b"model" => {
                self.model = as_string(cursor.value()?);
                Some(())
            }
            b"tools" | b"functions" => {
                let tools = cursor.value()?;
                self.tools = Cursor::new(tools.get(1..).unwrap_or_default()).peek() == Some(b'{');
                Some(())
            }
            b"anthropic_version" | b"thinking" | b"top_k" => {
                self.anthropic |= key == b"anthropic_version";
                cursor.value().map(|_| ())
            }
            _ => cursor.value().map(|_| ()),
        }
    }

    fn system(&mut self, text: &'a [u8]) {
        self.system_bytes += text.len();
        if self.system.len() < SYSTEM {
            self.system.push(text);
        }
    }

    fn turn(&mut self, cursor: &mut Cursor<'a>) -> Option<()> {
        if cursor.peek()? != b'{' {
            return cursor.value().map(|_| ());
        }
        let (mut role, mut kind): (&[u8], &[u8]) = (b"", b"");
        let (mut content, mut calls, mut other): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
        let mut holds = Holds::default();
        cursor.object(|key, cursor| {
            let place = match key {
                b"content" => {
                    (content, holds) = Holds::cross(cursor)?;
                    return Some(());
                }
                b"role" => &mut role,
                b"type" => &mut kind,
                b"tool_calls" => &mut calls,
                b"arguments" | b"output" | b"action" | b"input" => &mut other,
                _ => return cursor.value().map(|_| ()),
            };
            *place = cursor.value()?;
            Some(())
        })?;
        let name = |raw| json::name(as_string(raw).unwrap_or_default());
        let role = match (&*name(role), &*name(kind)) {
            (b"user", _) => Role::User,
            (b"assistant" | b"model", _) => Role::Assistant,
            (b"system" | b"developer", _) => Role::System,
            (b"tool" | b"function", _) => Role::Result,
            (_, kind) if kind.ends_with(b"_output") => Role::Result,
            (_, kind) if kind.ends_with(b"_call") => Role::Call,
            _ => return Some(()),
        };
        match role {
            Role::System => self.system(content),
            Role::Call | Role::Result if content.is_empty() => {
                self.push(Turn { role, content: other, holds, calls: b"" });
            }
            _ => self.push(Turn { role, content, holds, calls }),
        }
        Some(())
    }

    fn push(&mut self, turn: Turn<'a>) {
        if self.turns.len() == TURNS {
            let oldest = self.turns.pop_front();
            let words = oldest.filter(|turn| turn.role == Role::User && turn.holds.words);
            self.first.extend(words.filter(|_| self.first.len() < FIRST));
        }
        self.turns.push_back(turn);
    }

    pub(super) fn shape(&self) -> Shape {
        match (self.responses, self.anthropic) {
            (true, _) => Shape::OpenAiResponses,
            (_, true) => Shape::AnthropicMessages,
            _ => Shape::OpenAiChat,
        }
    }
}
