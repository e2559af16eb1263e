//! The least that takes an answer apart, so that profiles can be tested
//! without `detect`.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{
    profile::{Claim, Evidence, Fixture, Leaves, Place, Profile, Registry, Scalar},
    signal::Signal,
};

pub(super) const PLAN: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";
pub(super) const METERED: &str = "https://api.z.ai/api/paas/v4/chat/completions";

pub(super) fn claim(profile: &Profile, url: &str) -> Option<Claim> {
    claim_of(profile, url, &HeaderMap::new())
}

fn claim_of(profile: &Profile, url: &str, headers: &HeaderMap) -> Option<Claim> {
    let url: Uri = url.parse().unwrap();
    Registry::new(std::slice::from_ref(profile)).claim(&url, headers)
}

pub(super) fn leaves_of(value: &Value) -> Leaves {
    fn walk(at: String, value: &Value, into: &mut Leaves) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(format!("{at}/{key}"), value, into);
            }),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .for_each(|(index, value)| walk(format!("{at}/{index}"), value, into)),
            Value::String(text) => into.push(at, Scalar::String(text.clone())),
            Value::Number(number) => into.push(at, Scalar::Number(number.to_string())),
            Value::Bool(value) => into.push(at, Scalar::Bool(*value)),
            Value::Null => into.push(at, Scalar::Null),
        }
    }
    let mut leaves = Leaves::default();
    walk(String::new(), value, &mut leaves);
    leaves
}

/// One answer of an endpoint, to be judged whole.
pub(super) struct Answer<'a> {
    pub(super) profile: &'a Profile,
    pub(super) url: &'a str,
    pub(super) status: StatusCode,
    pub(super) request_headers: HeaderMap,
    pub(super) headers: HeaderMap,
    pub(super) complete: bool,
    pub(super) now: SystemTime,
}

impl<'a> Answer<'a> {
    pub(super) fn new(profile: &'a Profile, url: &'a str, status: u16) -> Self {
        let (headers, now) = (HeaderMap::new(), SystemTime::now());
        let status = StatusCode::from_u16(status).unwrap();
        let request_headers = HeaderMap::new();
        Self { profile, url, status, request_headers, headers, complete: true, now }
    }

    fn judge(&self, place: Place, leaves: &Leaves, text: Option<&str>) -> Option<Signal> {
        let claim = claim_of(self.profile, self.url, &self.request_headers)?;
        let Self { status, headers, complete, now, .. } = self;
        let (status, complete, now) = (*status, *complete, *now);
        let evidence = Evidence { place, status, headers, leaves, text, complete, now };
        self.profile.judge(&claim, &evidence)
    }

    pub(super) fn json(&self, value: &Value) -> Option<Signal> {
        let is_error = self.status.as_u16() >= 400
            || value.get("error").is_some_and(|error| !error.is_null())
            || value.get("type").is_some_and(|kind| kind == "error" || kind == "response.failed")
            || value.get("success").is_some_and(|success| success == false);
        let place = if is_error { Place::Error } else { Place::Success };
        // What the head says of a success is asked before any of its events.
        let head = || self.judge(Place::Success, &Leaves::default(), None);
        let head = if place == Place::Success { head() } else { None };
        head.or_else(|| self.judge(place, &leaves_of(value), None))
    }

    pub(super) fn text(&self, text: &str) -> Option<Signal> {
        if self.status.as_u16() < 400 && self.profile.code_in_front(text).is_none() {
            return None;
        }
        self.judge(Place::Error, &Leaves::default(), Some(text))
    }
}

pub(super) fn run(profile: &Profile, fixture: &Fixture) -> Option<Signal> {
    let url = fixture.url.to_string();
    let mut answer = Answer::new(profile, &url, fixture.status.as_u16());
    answer.headers = fixture.headers.clone();
    answer.request_headers = fixture.request_headers.clone();
    let body = std::str::from_utf8(&fixture.body).unwrap();
    if fixture.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        return body.split("\n\n").find_map(|event| {
            let data: String = event.lines().filter_map(|l| l.strip_prefix("data: ")).collect();
            serde_json::from_str(&data).ok().and_then(|value| answer.json(&value))
        });
    }
    if let Ok(value) = serde_json::from_str(body) {
        return answer.json(&value);
    }
    match serde_json::from_str(&format!("{body}\"}}}}")) {
        Ok(value) => {
            answer.complete = false;
            answer.json(&value)
        }
        Err(_) => answer.text(body),
    }
}
