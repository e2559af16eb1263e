//! Which account a request is on: where its credential stands, and which part
//! of that stays the same when the credential is refreshed.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName};

use super::format::{CredentialFile, StableFile};

/// Where a profile's credentials stand and what is stable in them.
#[derive(Debug)]
pub(super) struct Credential {
    header: HeaderName,
    others: Vec<HeaderName>,
    stable: StableFile,
    jwt_claim: Option<String>,
}

impl Credential {
    pub(super) fn compile(file: CredentialFile) -> Result<Self, String> {
        let parse = |name: &String| {
            let header = HeaderName::from_bytes(name.as_bytes());
            header.map_err(|_| format!("`{name}` in `credential.headers` is no header name"))
        };
        let [header, others @ ..] = &*file.headers else {
            return Err("`credential.headers` is empty".to_owned());
        };
        let others = others.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { header: parse(header)?, others, stable: file.stable, jwt_claim: file.jwt_claim })
    }

    /// The credential in the first header that has one.
    pub(super) fn find<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        in_header(&self.header, headers).or_else(|| self.find_elsewhere(headers))
    }

    #[cold]
    fn find_elsewhere<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        self.others.iter().find_map(|name| in_header(name, headers))
    }

    /// The headers in which a credential stands.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        std::iter::once(&self.header).chain(&self.others)
    }

    pub(super) fn stable_part<'a>(&self, credential: &'a str) -> Cow<'a, str> {
        if let Some(id) = self.jwt_claim.as_ref().and_then(|claim| in_jwt(credential, claim)) {
            return Cow::Owned(id);
        }
        let before_dot = match self.stable {
            StableFile::Whole => None,
            // Exactly one dot: `id.secret`. Anything else is no such key.
            StableFile::BeforeDot => credential
                .split_once('.')
                .filter(|(id, secret)| !id.is_empty() && !secret.contains('.'))
                .map(|(id, _)| id),
        };
        Cow::Borrowed(before_dot.unwrap_or(credential))
    }
}

#[inline(always)]
fn in_header<'h>(name: &HeaderName, headers: &'h HeaderMap) -> Option<&'h [u8]> {
    let value = without_bearer(headers.get(name)?.as_bytes());
    (!value.is_empty()).then_some(value)
}

/// `Bearer` in any case, as RFC 9110 has schemes; without it the raw key,
/// which Z.AI's monitor endpoint takes.
fn without_bearer(value: &[u8]) -> &[u8] {
    // As nearly every client writes it.
    match value.strip_prefix(b"Bearer ") {
        Some(rest) => rest.trim_ascii(),
        None => without_any_bearer(value.trim_ascii()),
    }
}

fn without_any_bearer(value: &[u8]) -> &[u8] {
    match value.split_at_checked(b"bearer".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer") => match rest {
            [] | [b' ', ..] => rest.trim_ascii_start(),
            _ => value,
        },
        _ => value,
    }
}

/// A claim of a JWT. Its signature is not checked: whoever forges one hides
/// from their own halt only, as they could with any other key.
fn in_jwt(token: &str, claim: &str) -> Option<String> {
    let (_, rest) = token.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    if signature.contains('.') {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let id = payload.get(claim)?.as_str()?;
    (!id.is_empty()).then(|| id.to_owned())
}
