//! `gateway.toml`: what is served, and to whom it goes.

use std::{fmt, fs, net::SocketAddr, path::Path};

use figment::{
    Figment,
    providers::{Env, Serialized},
};
use planguard::{breaker::Posture, workload::Sensitivity};
use serde::{Deserialize, Serialize};

use crate::{
    places::{Places, before},
    secret::Secret,
};

/// `PLANGUARD_GATEWAY_LISTEN=127.0.0.1:9000` stands over `listen`, and
/// `PLANGUARD_GATEWAY_TIMEOUTS__IDLE_SECS=60` over `idle_secs` in `[timeouts]`.
const ENV_PREFIX: &str = "PLANGUARD_GATEWAY_";

/// All settings. `examples/gateway/gateway.toml` explains each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    #[serde(skip)]
    pub places: Places,
    pub listen: SocketAddr,
    /// Names by which browsers may call it, beside those of this machine.
    pub allow_hosts: Vec<String>,
    pub ledger: Option<String>,
    pub trust_declarations: bool,
    pub sensitivity: Sensitivity,
    pub non_coding: NonCoding,
    pub posture: Posture,
    pub webhook: Option<Secret>,
    pub max_body_mib: usize,
    pub timeouts: Timeouts,
    pub upstream: Vec<Upstream>,
    pub reroute: Option<Reroute>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            places: Places::default(),
            listen: ([127, 0, 0, 1], 8787).into(),
            allow_hosts: Vec::new(),
            ledger: None,
            trust_declarations: false,
            sensitivity: Sensitivity::Careful,
            non_coding: NonCoding::Block,
            posture: Posture::Probation,
            webhook: None,
            max_body_mib: 64,
            timeouts: Timeouts::default(),
            upstream: Vec::new(),
            reroute: None,
        }
    }
}

/// How long what may take.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// To connect to an upstream.
    pub connect_secs: u64,
    /// From a request to the head of its answer.
    pub head_secs: u64,
    /// Between two pieces of an answer, or of a request.
    pub idle_secs: u64,
    /// For a client to send the head of a request.
    pub client_head_secs: u64,
    /// For what is under way when the gateway is stopped.
    pub shutdown_secs: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect_secs: 10,
            head_secs: 600,
            idle_secs: 300,
            client_head_secs: 30,
            shutdown_secs: 30,
        }
    }
}

impl Timeouts {
    /// The one, if any, with which nothing could work.
    pub fn too_short(&self) -> Option<&'static str> {
        let named = [
            ("connect_secs", self.connect_secs),
            ("head_secs", self.head_secs),
            ("idle_secs", self.idle_secs),
            ("client_head_secs", self.client_head_secs),
        ];
        named.iter().find(|(_, secs)| *secs == 0).map(|(name, _)| *name)
    }
}

/// One plan, under one path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The path that it is served under: `/` or, say, `/work`.
    #[serde(default = "root")]
    pub path: String,
    /// The id of a built-in profile, or the file of another.
    pub profile: String,
    /// Base URLs, as clients of each format take them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openai: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responses: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anthropic: Option<String>,
    /// The gateway's own key; without it the client's is passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// The server that stands in for these URLs, such as an egress proxy or a
    /// test server: it is connected to in their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

fn root() -> String {
    "/".to_owned()
}

impl Upstream {
    /// Z.AI's plan under `/`, with the clients' keys.
    pub fn zai() -> Self {
        Self {
            path: root(),
            profile: "zai".to_owned(),
            openai: Some("https://api.z.ai/api/coding/paas/v4".to_owned()),
            responses: Some("https://api.z.ai/api/v1".to_owned()),
            anthropic: Some("https://api.z.ai/api/anthropic".to_owned()),
            key: None,
            via: None,
        }
    }
}

/// Where other work goes instead of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reroute {
    pub key: Secret,
    /// Base URLs; without one the profile's own metered endpoint is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openai: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responses: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anthropic: Option<String>,
    /// What a model is called there.
    #[serde(default)]
    pub models: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonCoding {
    Block,
    Warn,
    Report,
    Reroute,
}

impl fmt::Display for NonCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Block => "blocked",
            Self::Warn => "marked",
            Self::Report => "told",
            Self::Reroute => "rerouted",
        })
    }
}

/// What is wrong, and where.
#[derive(Debug)]
pub struct ConfigError(String);

impl ConfigError {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads `path`, and what the environment says over it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("{name} cannot be read: {error}")))?;
        let config = Self::parse(&text).map_err(|(line, column, what)| {
            ConfigError(format!("{name}, line {line}, column {column}: {what}"))
        })?;
        Self { places: Places::in_file(&name.to_string(), &text), ..config }.with_environment()
    }

    /// The settings in `text`, or line, column and what is wrong there. The
    /// line itself is not shown: somebody may have written a key into it.
    pub fn parse(text: &str) -> Result<Self, (usize, usize, String)> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let (before, line) = before(text, at);
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            (line, column, without_values(error.message()))
        })
    }

    pub fn with_environment(mut self) -> Result<Self, ConfigError> {
        let variable = |key: &str| {
            let name = key.replace('.', "__").to_uppercase();
            format!("the environment's {ENV_PREFIX}{name}")
        };
        let environment = Env::prefixed(ENV_PREFIX).split("__");
        let mut places = std::mem::take(&mut self.places);
        for (key, _) in environment.iter() {
            places.replace(key.as_str(), variable(key.as_str()));
        }
        let config = Figment::from(Serialized::defaults(self)).merge(environment).extract();
        let config: Self = config.map_err(|error| {
            // The value may be a key: its name alone is told.
            let variable = variable(&error.path.join("."));
            ConfigError(format!("{variable} is no setting, or no value for it"))
        })?;
        Ok(Self { places, ..config })
    }

    /// Says `what` is wrong with `key`, such as `timeouts.idle_secs`, and where
    /// that stands.
    pub fn wrong(&self, key: &str, what: impl fmt::Display) -> ConfigError {
        ConfigError(match self.places.find(key) {
            Some(place) => format!("{place}: {what}"),
            None => what.to_string(),
        })
    }
}

/// A message without what somebody wrote as a value: it may be a key.
fn without_values(message: &str) -> String {
    let quotes: &[char] = &['"', '`'];
    let names_a_value = ["invalid type", "invalid value", "unknown variant"];
    if !names_a_value.iter().any(|begin| message.starts_with(begin)) {
        return message.to_owned();
    }
    match (message.find(quotes), message.find(", expected")) {
        (Some(from), Some(to)) if from < to => format!("{}…{}", &message[..from], &message[to..]),
        _ => message.to_owned(),
    }
}
