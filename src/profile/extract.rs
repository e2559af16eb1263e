//! What an error says, wherever the vendor's surfaces put it: code, message,
//! request id.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::{
    Evidence, Place, Scalar,
    format::{CodeHeaderFile, ExtractFile},
    in_header,
    pattern::Pattern,
    pointer::Pointer,
};

/// A code longer than this is no code.
const MAX_CODE_BYTES: usize = 64;
/// A request id longer than this is none.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Where to look, in order.
#[derive(Debug)]
pub(super) struct Extract {
    code: Vec<CodeAt>,
    code_headers: Vec<CodeHeader>,
    business_code: Pattern,
    in_front: Vec<Pattern>,
    message: Vec<Pointer>,
    request_id: Vec<Pointer>,
}

#[derive(Debug)]
struct CodeAt {
    pointer: Pointer,
    /// A word here is a kind such as `rate_limit_error`, not a code.
    digits_only: bool,
}

/// A header that holds a code, or the JSON in which one stands.
#[derive(Debug)]
struct CodeHeader {
    name: HeaderName,
    pointers: Vec<Pointer>,
}

impl CodeHeader {
    fn compile(file: CodeHeaderFile) -> Result<Self, String> {
        let CodeHeaderFile { header, pointers } = file;
        let name = HeaderName::from_bytes(header.as_bytes());
        let pointers = pointers.iter().map(|pointer| Pointer::parse(pointer));
        Ok(Self {
            name: name
                .map_err(|_| format!("`{header}` in `extract.code_headers` is no header name"))?,
            pointers: pointers.collect::<Result<_, _>>()?,
        })
    }

    fn read<'h>(&self, headers: &'h HeaderMap) -> Option<Cow<'h, str>> {
        let value = headers.get(&self.name)?;
        let code = if self.pointers.is_empty() {
            Cow::Borrowed(value.to_str().ok()?.trim())
        } else {
            let leaves = in_header::leaves(value)?;
            let code = self.pointers.iter().find_map(|at| at.first(&leaves)?.text());
            Cow::Owned(code?.to_owned())
        };
        (!code.is_empty() && code.len() <= MAX_CODE_BYTES).then_some(code)
    }
}

/// What a code is to the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeKind {
    /// One of the vendor's own.
    Business,
    /// Three digits: the HTTP status once more, so no statement of its own.
    Echo,
    /// Anything else, which no words overrule: `13131` is not `1313`.
    Foreign,
}

/// One answer with what was extracted from it.
pub(super) struct Facts<'e> {
    pub(super) evidence: &'e Evidence<'e>,
    pub(super) code: Option<(Cow<'e, str>, CodeKind)>,
    /// The provider's words, verbatim.
    pub(super) message: Option<&'e str>,
    pub(super) request_id: Option<&'e str>,
}

impl Extract {
    pub(super) fn compile(file: ExtractFile) -> Result<Self, String> {
        let parse = |list: &[String]| -> Result<Vec<Pointer>, String> {
            list.iter().map(|pointer| Pointer::parse(pointer)).collect()
        };
        if let Some(stray) = file.kind.iter().find(|kind| !file.code.contains(kind)) {
            return Err(format!("`extract.kind` has `{stray}`, which `extract.code` has not"));
        }
        let code = parse(&file.code)?.into_iter().map(|pointer| {
            let digits_only = file.kind.iter().any(|kind| kind == pointer.source());
            CodeAt { pointer, digits_only }
        });
        Ok(Self {
            code: code.collect(),
            code_headers: file
                .code_headers
                .into_iter()
                .map(CodeHeader::compile)
                .collect::<Result<_, _>>()?,
            business_code: Pattern::new(file.business_code),
            in_front: file.in_front.into_iter().map(Pattern::new).collect(),
            message: parse(&file.message)?,
            request_id: parse(&file.request_id)?,
        })
    }

    /// Compiles every regex: what a strict load does at once.
    pub(super) fn check(&self) -> Result<(), String> {
        self.business_code.check()?;
        self.in_front.iter().try_for_each(|pattern| pattern.check_group("code"))
    }

    /// Whether the vendor could have sent `code` as a business code.
    pub(super) fn is_business(&self, code: &str) -> bool {
        self.business_code.is_match(code)
    }

    /// Takes an answer apart. A success carries no error code: only its
    /// request id is read.
    pub(super) fn facts<'e>(&self, evidence: &'e Evidence<'e>) -> Facts<'e> {
        let at = |pointers: &[Pointer]| {
            pointers.iter().find_map(|at| match at.first(evidence.leaves) {
                Some(Scalar::String(text)) if !text.trim().is_empty() => Some(text.as_str()),
                _ => None,
            })
        };
        let request_id = at(&self.request_id);
        if evidence.place == Place::Success {
            return Facts { evidence, code: None, message: None, request_id: fitting(request_id) };
        }
        let message = at(&self.message).or(evidence.text).filter(|text| !text.trim().is_empty());
        let front = message.and_then(|message| self.in_front(message));
        let borrowed = |(code, kind)| (Cow::Borrowed(code), kind);
        let code = self
            .business_at_pointer(evidence)
            .or(front.map(|(code, _)| (code, CodeKind::Business)))
            .map(borrowed)
            .or_else(|| self.business_in_header(evidence.headers))
            .or_else(|| self.any_at_pointer(evidence).map(borrowed));
        let request_id = fitting(request_id).or(fitting(front.and_then(|(_, id)| id)));
        Facts { evidence, code, message, request_id }
    }

    fn scalars<'e>(&self, evidence: &'e Evidence<'e>) -> impl Iterator<Item = (&'e str, bool)> {
        self.code.iter().filter_map(|at| {
            let text = at.pointer.first(evidence.leaves)?.text()?;
            (!text.is_empty() && text.len() <= MAX_CODE_BYTES).then_some((text, at.digits_only))
        })
    }

    fn business_at_pointer<'e>(&self, evidence: &'e Evidence<'e>) -> Option<(&'e str, CodeKind)> {
        let mut scalars = self.scalars(evidence);
        let (code, _) = scalars.find(|(text, _)| self.is_business(text))?;
        Some((code, CodeKind::Business))
    }

    fn business_in_header<'e>(&self, headers: &'e HeaderMap) -> Option<(Cow<'e, str>, CodeKind)> {
        let mut codes = self.code_headers.iter().filter_map(|header| header.read(headers));
        Some((codes.find(|code| self.is_business(code))?, CodeKind::Business))
    }

    fn any_at_pointer<'e>(&self, evidence: &'e Evidence<'e>) -> Option<(&'e str, CodeKind)> {
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (code, _) =
            self.scalars(evidence).find(|(text, digits_only)| !digits_only || is_number(text))?;
        let kind =
            if is_number(code) && code.len() == 3 { CodeKind::Echo } else { CodeKind::Foreign };
        Some((code, kind))
    }

    /// The business code, and the request id if any, in front of a message:
    /// `[1302][text][id]`, `[1302]text`, `1302: text`.
    pub(super) fn in_front<'t>(&self, message: &'t str) -> Option<(&'t str, Option<&'t str>)> {
        self.in_front.iter().find_map(|pattern| {
            let groups = pattern.regex()?.captures(message)?;
            let code = groups.name("code")?.as_str();
            let id = groups.name("request_id").map(|id| id.as_str());
            self.is_business(code).then_some((code, id))
        })
    }
}

fn fitting(request_id: Option<&str>) -> Option<&str> {
    request_id.map(str::trim).filter(|id| id.len() <= MAX_REQUEST_ID_BYTES)
}
