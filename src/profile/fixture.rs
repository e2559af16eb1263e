//! Recorded answers with the signal that each must give: a profile's proof.

use std::{collections::BTreeMap, sync::OnceLock, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use super::{
    error::{ProfileError, ProfileErrorKind, class_name},
    format::{FixtureFile, FixturesFile},
    reset::parse_moment,
    rule::Rule,
};
use crate::signal::{Class, Signal};

/// What a fixture proves if no rule but the profile's `[unmatched]` knows it.
pub(super) const UNMATCHED: &str = "unmatched";

/// One recorded answer, and the signal that it must give.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fixture {
    /// Its name, unique within the profile.
    pub name: String,
    /// What it is to its rule.
    pub role: Role,
    /// Where the request went.
    pub url: Uri,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers; `content-type: application/json` unless the
    /// profile says otherwise.
    pub headers: HeaderMap,
    /// The request's headers.
    pub request_headers: HeaderMap,
    /// The answer's body.
    pub body: Bytes,
    /// The class that it must give, none for no signal at all.
    pub class: Option<Class>,
    /// The code that the signal must carry, if the fixture says.
    pub code: Option<String>,
    /// The request id that the signal must carry, if the fixture says.
    pub request_id: Option<String>,
    /// The reset that the signal must carry, if the fixture says.
    pub reset: Option<SystemTime>,
}

/// What a fixture is to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// It matches this rule, or with `unmatched` none.
    Proves(String),
    /// It differs in one fact from a fixture that proves this rule, and does
    /// not match it.
    Spares(String),
}

/// Fixtures as text, parsed when somebody asks.
#[derive(Debug)]
pub(super) struct Fixtures {
    file: String,
    source: Source,
    parsed: OnceLock<Result<Vec<Fixture>, ProfileError>>,
}

#[derive(Debug)]
enum Source {
    Text(&'static str),
    Parsed(Vec<FixtureFile>),
}

impl Fixtures {
    /// Those of a built-in profile, parsed on first use: a start runs none.
    pub(super) fn embedded(file: &str, text: &'static str) -> Self {
        Self { file: file.to_owned(), source: Source::Text(text), parsed: OnceLock::new() }
    }

    pub(super) fn parsed(file: &str, fixtures: Vec<FixtureFile>) -> Self {
        let source = Source::Parsed(fixtures);
        Self { file: file.to_owned(), source, parsed: OnceLock::new() }
    }

    pub(super) fn get(&self) -> Result<&[Fixture], ProfileError> {
        let parsed = self.parsed.get_or_init(|| match &self.source {
            Source::Text(text) => {
                parse_file(&self.file, text).and_then(|files| resolve(&self.file, files))
            }
            Source::Parsed(files) => resolve(&self.file, files.clone()),
        });
        parsed.as_deref().map_err(ProfileError::clone)
    }

    /// Demands that each fixture names a rule and that each rule has one that
    /// proves it and one that spares it.
    pub(super) fn check(&self, profile: &str, rules: &[Rule]) -> Result<(), ProfileError> {
        let fixtures = self.get()?;
        for fixture in fixtures {
            let (Role::Proves(id) | Role::Spares(id)) = &fixture.role;
            if id != UNMATCHED && !rules.iter().any(|rule| rule.id() == id) {
                let reason = format!("fixture `{}` names rule `{id}`, which is not", fixture.name);
                return Err(ProfileError::value(&self.file, reason));
            }
        }
        for rule in rules {
            let proves = |f: &Fixture| f.role == Role::Proves(rule.id().to_owned());
            let spares = |f: &Fixture| f.role == Role::Spares(rule.id().to_owned());
            let missing = match (fixtures.iter().any(proves), fixtures.iter().any(spares)) {
                (false, _) => ProfileErrorKind::NoPositiveFixture,
                (true, false) => ProfileErrorKind::NoNegativeFixture,
                (true, true) => continue,
            };
            return Err(ProfileError::new(profile, missing).in_rule(rule.id()));
        }
        Ok(())
    }

    /// Runs every fixture through `judge`, and tells all that fail.
    pub(super) fn run(
        &self,
        mut judge: impl FnMut(&Fixture) -> Option<Signal>,
    ) -> Result<(), Vec<ProfileError>> {
        let fixtures = self.get().map_err(|error| vec![error])?;
        let failures: Vec<_> = fixtures
            .iter()
            .filter_map(|fixture| {
                let (expected, found) = fixture.differs(judge(fixture).as_ref())?;
                let name = fixture.name.clone();
                let kind = ProfileErrorKind::Fixture { name, expected, found };
                let (Role::Proves(rule) | Role::Spares(rule)) = &fixture.role;
                Some(ProfileError::new(&self.file, kind).in_rule(rule))
            })
            .collect();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }
}

impl Fixture {
    /// What was expected and what was found, at the first difference.
    fn differs(&self, signal: Option<&Signal>) -> Option<(String, String)> {
        let class = signal.map(|signal| signal.class);
        if class != self.class {
            return Some((
                format!("class {}", class_name(self.class)),
                format!("class {}", class_name(class)),
            ));
        }
        let rule = signal.map(|signal| signal.rule.as_deref().unwrap_or(UNMATCHED));
        let rule_name = rule.unwrap_or("none");
        match &self.role {
            Role::Proves(id) if rule != Some(id) => {
                return Some((format!("rule {id}"), format!("rule {rule_name}")));
            }
            Role::Spares(id) if rule == Some(id) => {
                return Some((format!("another rule than {id}"), format!("rule {rule_name}")));
            }
            _ => {}
        }
        let text = |value: Option<&String>| value.map_or("none", String::as_str).to_owned();
        let code = signal.and_then(|signal| signal.code.as_ref());
        if self.code.is_some() && code != self.code.as_ref() {
            return Some((format!("code {}", text(self.code.as_ref())), text(code)));
        }
        let id = signal.and_then(|signal| signal.request_id.as_ref());
        if self.request_id.is_some() && id != self.request_id.as_ref() {
            return Some((format!("request id {}", text(self.request_id.as_ref())), text(id)));
        }
        let reset = signal.and_then(|signal| signal.reset).map(|reset| reset.at);
        if self.reset.is_some() && reset != self.reset {
            return Some((format!("reset {:?}", self.reset), format!("{reset:?}")));
        }
        None
    }
}

pub(super) fn parse_file(file: &str, text: &str) -> Result<Vec<FixtureFile>, ProfileError> {
    let parsed: FixturesFile =
        toml::from_str(text).map_err(|error| ProfileError::syntax(file, text, &error))?;
    Ok(parsed.fixtures)
}

/// Fills in what a negative fixture has from the one it is like.
fn resolve(file: &str, files: Vec<FixtureFile>) -> Result<Vec<Fixture>, ProfileError> {
    let mut fixtures: Vec<Fixture> = Vec::with_capacity(files.len());
    for own in files {
        let name = own.name.clone();
        let fail = |reason| ProfileError::value(file, format!("fixture `{name}`: {reason}"));
        if fixtures.iter().any(|fixture| fixture.name == name) {
            return Err(fail("the name is taken".to_owned()));
        }
        let fixture = build(own, &fixtures).map_err(fail)?;
        fixtures.push(fixture);
    }
    Ok(fixtures)
}

fn build(own: FixtureFile, earlier: &[Fixture]) -> Result<Fixture, String> {
    let (role, base) = match (own.proves, own.spares, own.like) {
        (Some(rule), None, None) => (Role::Proves(rule), None),
        (None, Some(rule), Some(like)) => {
            let base = earlier.iter().find(|fixture| fixture.name == like);
            let base = base.ok_or_else(|| format!("no fixture `{like}` stands before it"))?;
            if base.role != Role::Proves(rule.clone()) {
                return Err(format!("`{like}` does not prove rule `{rule}`"));
            }
            (Role::Spares(rule), Some(base))
        }
        _ => return Err("has either `proves`, or `spares` with `like`".to_owned()),
    };
    let given = [
        own.url.is_some(),
        own.request_headers.is_some(),
        own.status.is_some(),
        own.headers.is_some(),
        own.body.is_some(),
    ];
    if base.is_some() && given.iter().filter(|given| **given).count() != 1 {
        return Err("differs from the one it is `like` in exactly one of `url`, \
                    `request_headers`, `status`, `headers` and `body`"
            .to_owned());
    }
    let class = match own.class.as_str() {
        "none" => None,
        name => Some(name.parse::<Class>().map_err(|error| error.to_string())?),
    };
    let url = match (own.url, base) {
        (Some(url), _) => url.parse().map_err(|_| format!("`{url}` is no URL"))?,
        (None, Some(base)) => base.url.clone(),
        (None, None) => return Err("has no `url`".to_owned()),
    };
    let status = match (own.status, base) {
        (Some(status), _) => {
            StatusCode::from_u16(status).map_err(|_| format!("{status} is no HTTP status"))?
        }
        (None, Some(base)) => base.status,
        (None, None) => return Err("has no `status`".to_owned()),
    };
    let headers = match (own.headers, base) {
        (Some(headers), _) => header_map(headers)?,
        (None, Some(base)) => base.headers.clone(),
        (None, None) => json_headers(),
    };
    let body = match (own.body, base) {
        (Some(body), _) => body.into(),
        (None, Some(base)) => base.body.clone(),
        (None, None) => return Err("has no `body`".to_owned()),
    };
    let request_headers = match (own.request_headers, base) {
        (Some(headers), _) => header_map(headers)?,
        (None, base) => base.map(|base| base.request_headers.clone()).unwrap_or_default(),
    };
    let reset = own.reset.as_deref().map(parse_moment).transpose()?;
    Ok(Fixture {
        name: own.name,
        role,
        url,
        status,
        headers,
        request_headers,
        body,
        class,
        code: own.code,
        request_id: own.request_id,
        reset,
    })
}

fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(http::header::CONTENT_TYPE, json)])
}

fn header_map(headers: BTreeMap<String, String>) -> Result<HeaderMap, String> {
    headers
        .into_iter()
        .map(|(name, value)| {
            let bad = || format!("`{name}: {value}` is no header");
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            Ok((header, HeaderValue::from_str(&value).map_err(|_| bad())?))
        })
        .collect()
}
