//! What the provider answers to one request, as data.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION};

/// One answer of the provider. It does not know the surface: the same answer
/// becomes OpenAI, Responses or Anthropic bytes, and a stream or one JSON
/// body, as the request asks.
///
/// As a [`Mode`](super::Mode) it is the answer to every request.
///
/// ```
/// use planguard::sim::Answer;
/// use std::time::Duration;
///
/// let wall = Answer::error(1308).header("retry-after", "997");
/// let slow = Answer::completion().text("done").slow_end(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) content: Content,
    pub(super) status: Option<StatusCode>,
    pub(super) headers: HeaderMap,
    pub(super) latency: Option<Duration>,
    pub(super) pace: Option<Duration>,
    pub(super) ending: Ending,
}

/// What stands in the body.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Completion { text: Option<String>, finish: Option<String> },
    Error { fault: Fault, form: Form },
    Raw { body: Bytes, code: Option<u16> },
    Endless,
    Reset,
}

/// One business error.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) code: u16,
    pub(super) message: Option<String>,
    pub(super) reset_at: Option<SystemTime>,
}

/// How a business error is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With an error status.
    Status,
    /// As an event of a stream that began well.
    MidStream { after_deltas: usize },
    /// As a JSON body with status 200.
    OkJson,
    /// As `[code][text][request id]` in plain text with status 200.
    OkPlain,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Clean,
    Late(Duration),
    Broken { after_bytes: usize },
}

impl Answer {
    const fn of(content: Content, headers: HeaderMap) -> Self {
        Self { content, status: None, headers, latency: None, pace: None, ending: Ending::Clean }
    }

    fn fault(code: u16, form: Form) -> Self {
        let fault = Fault { code, message: None, reset_at: None };
        Self::of(Content::Error { fault, form }, HeaderMap::new())
    }

    /// A completion: what a request gets when nothing is wrong.
    pub fn completion() -> Self {
        Self::of(Content::Completion { text: None, finish: None }, HeaderMap::new())
    }

    /// The business error `code`, with the status and the words that Z.AI
    /// documents for it. A code that it does not document comes with 429.
    ///
    /// On the Anthropic surface the message is `[code][text][request id]`, and
    /// overload (1305, 1312) has status 529.
    pub fn error(code: u16) -> Self {
        Self::fault(code, Form::Status)
    }

    /// Status 200 and a stream that carries the error `code` after
    /// `after_deltas` pieces of text, where it ends. A request that does not
    /// ask for a stream gets [`Answer::error`].
    ///
    /// Anthropic: an `error` event (seen inside an SDK's stream iterator in
    /// anthropics/claude-code#11345). OpenAI: a `data:` chunk that has `error`
    /// and no `choices`. Responses: an `error` event in OpenAI's shape; no
    /// specimen of Z.AI's is public.
    pub fn mid_stream(after_deltas: usize, code: u16) -> Self {
        Self::fault(code, Form::MidStream { after_deltas })
    }

    /// Status 200 with the JSON body of the error `code`, as
    /// open.bigmodel.cn's Anthropic surface does with 1305
    /// (openclaw/openclaw#93211). Not a stream, even if one was asked for.
    pub fn ok_with_error(code: u16) -> Self {
        Self::fault(code, Form::OkJson)
    }

    /// Status 200 with `[code][text][request id]` in plain text.
    pub fn ok_with_plain_error(code: u16) -> Self {
        Self::fault(code, Form::OkPlain)
    }

    /// Overload: 1305, with status 529 on the Anthropic surface, else 429.
    pub fn overloaded() -> Self {
        Self::error(1305)
    }

    /// A redirect to `location`, an absolute or relative URL: 307, which keeps
    /// method and body, unless [`status`](Self::status) says otherwise.
    ///
    /// # Panics
    ///
    /// If `location` is not a legal header value.
    #[track_caller]
    pub fn redirect(location: &str) -> Self {
        Self::raw(StatusCode::TEMPORARY_REDIRECT, Bytes::new()).header(LOCATION.as_str(), location)
    }

    /// Exactly this status and body, without a content type. Say with
    /// [`header`](Self::header) and [`counts_as`](Self::counts_as) what it is.
    pub fn raw(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let content = Content::Raw { body: body.into(), code: None };
        Self { status: Some(status), ..Self::of(content, HeaderMap::new()) }
    }

    /// Status 200, a JSON content type, and bytes that are neither JSON nor
    /// UTF-8.
    pub fn garbage() -> Self {
        let body: &'static [u8] =
            b"\xff\xfe{\"error\":{\"code\":\"13\x00\xc3\x28[[[[{{{{\r\n\r\ndata:";
        Self::raw(StatusCode::OK, body).header("content-type", "application/json")
    }

    /// A body that never ends: comments of an event stream if a stream was
    /// asked for, else an unfinished JSON string; one piece each
    /// [`pace`](Self::pace).
    pub fn endless() -> Self {
        Self::of(Content::Endless, HeaderMap::new())
    }

    /// No answer: after the latency the connection is closed (with HTTP/2, the
    /// stream is reset). In process the service's future gives an [`Error`](super::Error).
    pub fn reset() -> Self {
        Self::of(Content::Reset, HeaderMap::new())
    }

    /// This status in place of the usual one.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// One more header; replaces one of the same name that the provider would
    /// set itself.
    ///
    /// # Panics
    ///
    /// If `name` or `value` is not legal in HTTP.
    #[must_use]
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a legal header name");
        self.headers.insert(name, HeaderValue::try_from(value).expect("a legal header value"));
        self
    }

    /// The words of a completion, or of an error in place of the documented
    /// ones. In an error `{reset}` stands for the reset's moment. No effect on
    /// other answers.
    #[must_use]
    pub fn text(mut self, words: impl Into<String>) -> Self {
        match &mut self.content {
            Content::Completion { text, .. } => *text = Some(words.into()),
            Content::Error { fault, .. } => fault.message = Some(words.into()),
            Content::Raw { .. } | Content::Endless | Content::Reset => {}
        }
        self
    }

    /// Why the completion ended, in place of `stop` or `end_turn`: Z.AI
    /// documents that a stream which fails while it runs says so here, as
    /// `network_error` or `sensitive`. No effect on other answers.
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<String>) -> Self {
        if let Content::Completion { finish, .. } = &mut self.content {
            *finish = Some(reason.into());
        }
        self
    }

    /// When the wall comes down: the moment that 1308, 1310 and 1316 to 1321
    /// name, five hours after the request unless said here. Z.AI writes it as
    /// `YYYY-MM-DD HH:MM:SS` in UTC+8, without a zone. No effect on answers
    /// without one.
    #[must_use]
    pub fn reset_at(mut self, moment: SystemTime) -> Self {
        if let Content::Error { fault, .. } = &mut self.content {
            fault.reset_at = Some(moment);
        }
        self
    }

    /// The business code that a [`raw`](Self::raw) answer counts as in log and
    /// tally. No effect on other answers.
    #[must_use]
    pub fn counts_as(mut self, code: u16) -> Self {
        if let Content::Raw { code: counted, .. } = &mut self.content {
            *counted = Some(code);
        }
        self
    }

    /// The time from arrival to the head, in place of the provider's.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = Some(latency);
        self
    }

    /// The time between the pieces of a stream, in place of the provider's.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }

    /// The body's bytes are all there at once, its end comes `late`. Such a
    /// body has no known length.
    #[must_use]
    pub fn slow_end(mut self, late: Duration) -> Self {
        self.ending = Ending::Late(late);
        self
    }

    /// The connection (with HTTP/2, the stream) breaks once `after_bytes` of
    /// the body are sent, or at the end of a shorter one.
    #[must_use]
    pub fn close_early(mut self, after_bytes: usize) -> Self {
        self.ending = Ending::Broken { after_bytes };
        self
    }

    /// The business code, for log and tally.
    pub(super) fn code(&self) -> Option<u16> {
        match &self.content {
            Content::Error { fault, .. } => Some(fault.code),
            Content::Raw { code, .. } => *code,
            Content::Completion { .. } | Content::Endless | Content::Reset => None,
        }
    }
}
