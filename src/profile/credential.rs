//! Which account a request is on: where its credential stands, and which part
//! of that stays the same when the credential is refreshed.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName};

use super::{
    endpoint::CredentialTest,
    format::{CredentialFile, StableFile, WordsFile},
};

/// Where a profile's credentials stand and what is stable in them.
#[derive(Debug)]
pub(super) struct Credential {
    header: HeaderName,
    others: Vec<HeaderName>,
    account_headers: Vec<HeaderName>,
    stable: StableFile,
    /// Pointers to claims.
    jwt_claims: Vec<String>,
}

/// What a request shows of its account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Identity<'h> {
    /// What a refresh keeps, by itself.
    Account(&'h [u8]),
    /// What it has to be taken from.
    Credential(&'h [u8]),
}

impl Credential {
    pub(super) fn compile(file: CredentialFile) -> Result<Self, String> {
        let parse = |name: &String| {
            let header = HeaderName::from_bytes(name.as_bytes());
            header.map_err(|_| format!("`{name}` in `credential` is no header name"))
        };
        let [header, others @ ..] = &*file.headers else {
            return Err("`credential.headers` is empty".to_owned());
        };
        let others = others.iter().map(parse).collect::<Result<_, _>>()?;
        let account_headers = file.account_headers.iter().map(parse).collect::<Result<_, _>>()?;
        let claims = match file.jwt_claim {
            None => Vec::new(),
            Some(WordsFile::One(claim)) => vec![claim],
            Some(WordsFile::Several(claims)) => claims,
        };
        if claims.iter().any(String::is_empty) {
            return Err("`credential.jwt_claim` names a claim without a name".to_owned());
        }
        let pointer = |claim: String| match claim.starts_with('/') {
            true => claim,
            false => format!("/{}", claim.replace('~', "~0").replace('/', "~1")),
        };
        let jwt_claims = claims.into_iter().map(pointer).collect();
        let (header, stable) = (parse(header)?, file.stable);
        Ok(Self { header, others, account_headers, stable, jwt_claims })
    }

    /// The credential in the first header that has one.
    pub(super) fn find<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        in_header(&self.header, headers).or_else(|| self.find_elsewhere(headers))
    }

    #[cold]
    fn find_elsewhere<'h>(&self, headers: &'h HeaderMap) -> Option<&'h [u8]> {
        self.others.iter().find_map(|name| in_header(name, headers))
    }

    /// The headers in which credentials stand.
    pub(super) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        std::iter::once(&self.header).chain(&self.others)
    }

    /// Each credential, in every header and line that may hold one.
    pub(super) fn all<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = &'h [u8]> {
        let values = self.names().flat_map(move |name| headers.get_all(name));
        let credentials = values.map(|value| without_bearer(value.as_bytes()));
        credentials.filter(|credential| !credential.is_empty())
    }

    /// The account's own header if there is one, else the credential; with a
    /// `test` the first one that passes it.
    #[inline]
    pub(super) fn identity<'h>(
        &self,
        headers: &'h HeaderMap,
        test: Option<&CredentialTest>,
    ) -> Option<Identity<'h>> {
        if !self.account_headers.is_empty() {
            let mut accounts = self.account_headers.iter();
            let account = accounts.find_map(|name| {
                let value = headers.get(name)?.as_bytes().trim_ascii();
                (!value.is_empty()).then_some(value)
            });
            if let Some(account) = account {
                return Some(Identity::Account(account));
            }
        }
        let credential = match test {
            None => self.find(headers),
            Some(test) => self.all(headers).find(|credential| test.passes(credential)),
        };
        credential.map(Identity::Credential)
    }

    /// The headers in which a credential stands, or what names its account.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.names().chain(&self.account_headers)
    }

    pub(super) fn stable_part<'a>(&self, credential: &'a str) -> Cow<'a, str> {
        if let Some(id) = in_jwt(credential, &self.jwt_claims) {
            return Cow::Owned(id);
        }
        let before_dot = match self.stable {
            StableFile::Whole => None,
            StableFile::Nothing => Some(""),
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
pub(crate) fn without_bearer(value: &[u8]) -> &[u8] {
    // As nearly every client writes it.
    match value.strip_prefix(b"Bearer ") {
        Some(rest) => rest.trim_ascii(),
        None => without_any_bearer(value.trim_ascii()),
    }
}

fn without_any_bearer(value: &[u8]) -> &[u8] {
    match value.split_at_checked(b"bearer".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer") => match rest {
            [] | [b' ' | b'\t', ..] => rest.trim_ascii_start(),
            _ => value,
        },
        _ => value,
    }
}

/// The first of these claims that a JWT has. Its signature is not checked: whoever forges one hides
/// from their own halt only, as they could with any other key.
fn in_jwt(token: &str, claims: &[String]) -> Option<String> {
    if claims.is_empty() {
        return None;
    }
    let (_, rest) = token.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    if signature.contains('.') {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.iter().find_map(|claim| match payload.pointer(claim)? {
        serde_json::Value::String(id) if !id.is_empty() => Some(id.clone()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    })
}
