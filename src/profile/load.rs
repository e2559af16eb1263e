//! From TOML to a profile, strictly: whatever could make a profile silently
//! weaker than its author meant is an error.

use std::{collections::BTreeMap, fs, io::Read, path::Path, sync::Arc};

use super::{
    Endpoint, Inner, Profile, check,
    credential::Credential,
    error::{ProfileError, ProfileErrorKind},
    extract::Extract,
    fixture::{self, Fixtures, UNMATCHED},
    format::ProfileFile,
    notice::Notice,
    pattern::Words,
    reset::ResetRule,
    rule::Rule,
};
use crate::signal::{Certainty, Class, Signal};

/// A profile file larger than this is refused, and read no further.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Reads and checks a file, its fixtures inline, beside it, or both.
pub(super) fn load(path: &Path) -> Result<Profile, ProfileError> {
    let name = path.display().to_string();
    let text = read(path, &name)?;
    let mut file = parse_file(&name, &text)?;
    let beside = path.with_extension("fixtures.toml");
    if beside.exists() {
        let beside_name = beside.display().to_string();
        file.fixtures.extend(fixture::parse_file(&beside_name, &read(&beside, &beside_name)?)?);
    }
    strict(&name, file)
}

pub(super) fn parse(name: &str, text: &str) -> Result<Profile, ProfileError> {
    strict(name, parse_file(name, text)?)
}

/// A built-in profile: compiled, but neither checked nor its fixtures parsed.
/// The crate's own tests do both.
pub(super) fn embedded(
    name: &str,
    text: &'static str,
    fixtures_name: &str,
    fixtures: &'static str,
) -> Result<Profile, ProfileError> {
    let fixtures = Fixtures::embedded(fixtures_name, fixtures);
    compile(name, parse_file(name, text)?, Some(fixtures))
}

fn read(path: &Path, name: &str) -> Result<String, ProfileError> {
    let fail = |why: String| ProfileError::new(name, ProfileErrorKind::Read(why));
    let mut text = String::new();
    // Not by its length, which a device has none of.
    let file = fs::File::open(path).map_err(|error| fail(error.to_string()))?;
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text);
    let size = read.map_err(|error| fail(error.to_string()))?;
    if size as u64 > MAX_FILE_BYTES {
        return Err(fail(format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}

fn parse_file(name: &str, text: &str) -> Result<ProfileFile, ProfileError> {
    toml::from_str(text).map_err(|error| ProfileError::syntax(name, text, &error))
}

fn strict(name: &str, file: ProfileFile) -> Result<Profile, ProfileError> {
    let profile = compile(name, file, None)?;
    profile.check()?;
    Ok(profile)
}

impl Profile {
    /// What a strict load demands beyond being well-formed.
    pub(super) fn check(&self) -> Result<(), ProfileError> {
        let inner = &*self.0;
        inner.extract.check().map_err(|reason| ProfileError::value(&inner.file, reason))?;
        for rule in &inner.rules {
            let checked = rule.check(&inner.extract);
            checked
                .map_err(|reason| ProfileError::value(&inner.file, reason).in_rule(rule.id()))?;
        }
        check::unreachable(&inner.file, &inner.rules)?;
        inner.fixtures.check(&inner.file, &inner.rules)
    }
}

fn compile(
    name: &str,
    file: ProfileFile,
    fixtures: Option<Fixtures>,
) -> Result<Profile, ProfileError> {
    let fail = |reason: String| ProfileError::value(name, reason);
    check_head(&file).map_err(fail)?;
    let mut resets = BTreeMap::new();
    for (id, reset) in file.reset {
        let reset =
            ResetRule::compile(reset).map_err(|why| fail(format!("reset `{id}`: {why}")))?;
        resets.insert(id, Arc::new(reset));
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(file.rules.len());
    for rule in file.rules {
        let id = rule.id.clone();
        let fail = |reason| ProfileError::value(name, reason).in_rule(&id);
        let reset = match &rule.reset {
            Some(reset) => match resets.get(reset) {
                Some(reset) => Some(reset.clone()),
                None => return Err(fail(format!("there is no reset `{reset}`"))),
            },
            None => None,
        };
        if id.is_empty() || id == UNMATCHED || rules.iter().any(|earlier| earlier.id() == id) {
            return Err(fail("the id is taken, reserved or empty".to_owned()));
        }
        rules.push(Rule::compile(rule, reset).map_err(fail)?);
    }
    let needles = needles(&rules, &file.extract.code);
    let line_starts = ["\ndata", "\rdata"];
    let needles_and_lines = needles.iter().map(|needle| last_word(needle)).chain(line_starts);
    let needles_and_lines = needles_and_lines.map(str::to_owned).collect();
    let notice = Notice::new(
        &file.id,
        (&file.provider, &file.plan),
        &file.checked_on,
        &file.terms,
        &file.notice,
    );
    let unmatched = file.unmatched.class.unwrap_or(Class::Unknown);
    let mut unmatched = Signal::new(unmatched, Certainty::Suspected, 0);
    unmatched.hint = file.unmatched.hint.map(Arc::from);
    Ok(Profile(Arc::new(Inner {
        file: name.to_owned(),
        id: file.id,
        provider: file.provider,
        plan: file.plan,
        checked_on: file.checked_on,
        mode: file.mode,
        require_user_agent: file.require_user_agent,
        terms: file.terms,
        notice,
        credential: Credential::compile(file.credential).map_err(fail)?,
        extract: Extract::compile(file.extract).map_err(fail)?,
        unmatched,
        reads_success_heads: rules.iter().any(Rule::reads_success_heads),
        needles: Words::new(needles, false),
        needles_and_lines: Words::new(needles_and_lines, false),
        rules,
        fixtures: fixtures.unwrap_or_else(|| Fixtures::parsed(name, file.fixtures)),
        endpoints: file.endpoints,
    })))
}

fn check_head(file: &ProfileFile) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if file.id.is_empty() || !file.id.chars().all(plain) {
        return Err(format!("id `{}` is not of a-z, 0-9 and `-`", file.id));
    }
    for day in [&file.checked_on, &file.terms.supported_tools_on] {
        if day.len() != 10 || day.parse::<jiff::civil::Date>().is_err() {
            return Err(format!("`{day}` is no day such as 2026-11-22"));
        }
    }
    if file.endpoints.is_empty() || file.endpoints.len() > usize::from(u16::MAX) {
        return Err("a profile has at least one endpoint, and at most 65535".to_owned());
    }
    for (index, endpoint) in file.endpoints.iter().enumerate() {
        check_endpoint(endpoint)?;
        let same = |other: &&Endpoint| {
            other.host == endpoint.host
                && other.path_prefix.trim_end_matches('/')
                    == endpoint.path_prefix.trim_end_matches('/')
                && other.credential == endpoint.credential
        };
        if file.endpoints.iter().take(index).any(|other| same(&other)) {
            return Err(format!("endpoint {}{} stands twice", endpoint.host, endpoint.path_prefix));
        }
    }
    Ok(())
}

fn check_endpoint(endpoint: &Endpoint) -> Result<(), String> {
    let host_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let host = &endpoint.host;
    if host.is_empty() || host.ends_with('.') || host.contains("..") || !host.chars().all(host_char)
    {
        return Err(format!("host `{host}` is no bare lower-case host name"));
    }
    let path = &endpoint.path_prefix;
    let odd = |c: char| "?#%*;\\".contains(c) || c.is_whitespace() || c.is_control();
    if !path.starts_with('/') || path.contains(odd) || path.contains("//") || path.contains("/.") {
        return Err(format!("path prefix `{path}` is no plain path that starts with `/`"));
    }
    if let Some(test) = &endpoint.credential {
        let all = || test.prefix.iter().chain(&test.not_prefix);
        if all().next().is_none() || all().any(String::is_empty) {
            return Err(format!(
                "`credential` of {host}{path} needs `prefix` or `not_prefix`, and no empty text"
            ));
        }
    }
    Ok(())
}

/// What is looked for first: where `model_context_window_exceeded` stands,
/// there is `_exceeded`, but not in every frame a `model` at which the search
/// would stop to compare.
fn last_word(needle: &str) -> &str {
    let at = needle.rfind('_').filter(|at| needle.len() - at > 4);
    at.and_then(|at| needle.get(at..)).unwrap_or(needle)
}

/// By what an answer says of itself that it is an error, and what an escape
/// begins with that may stand for a letter of such a word.
const SPEAKS: [&str; 4] = ["error", "\"code\"", "\"success\"", "\\u00"];

/// What a success must hold somewhere for any rule, or an error in it, to be
/// found: [`SPEAKS`], the values of the success rules, and the keys of codes
/// that stand outside an error object.
fn needles(rules: &[Rule], codes: &[String]) -> Vec<String> {
    let mut needles = SPEAKS.map(str::to_owned).to_vec();
    let outside = codes.iter().filter(|pointer| !pointer.contains("error"));
    needles.extend(outside.filter_map(|p| Some(format!("\"{}\"", p.rsplit_once('/')?.1))));
    needles.extend(rules.iter().filter(|rule| rule.is_about_success()).flat_map(Rule::needles));
    needles.sort();
    needles.dedup();
    // Whoever looks for `error` finds `network_error`.
    let all = needles.clone();
    needles.retain(|needle| all.iter().all(|other| other == needle || !needle.contains(&**other)));
    needles
}
