//! Keys: named in the configuration, read when the gateway starts, and never
//! shown.

use std::{env, fmt, fs, path::Path};

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// Where a secret is: `env:NAME` or `file:PATH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Secret {
    Env(String),
    File(String),
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            // The text may be the secret itself.
            _ => Err("a secret is not written here: name it as `env:NAME` or `file:PATH`"),
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.to_string()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

impl Secret {
    /// Reads it. A file may be readable for its owner alone.
    pub fn read(&self) -> Result<String, ConfigError> {
        let text = match self {
            Self::Env(name) => env::var(name)
                .map_err(|_| ConfigError::new(format!("the variable {name} is not set")))?,
            Self::File(path) => {
                only_the_owner_reads(Path::new(path))?;
                fs::read_to_string(path)
                    .map_err(|error| ConfigError::new(format!("{path} cannot be read: {error}")))?
            }
        };
        let text = text.trim();
        if text.is_empty() || HeaderValue::from_str(text).is_err() {
            return Err(ConfigError::new(format!("{self} is empty, or holds what is no key")));
        }
        Ok(text.to_owned())
    }
}

#[cfg(unix)]
fn only_the_owner_reads(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let mode = fs::metadata(path)
        .map_err(|error| ConfigError::new(format!("{shown} cannot be read: {error}")))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o777;
        return Err(ConfigError::new(format!(
            "others may read {shown} (mode {mode:03o}): `chmod 600 {shown}` first"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn only_the_owner_reads(_: &Path) -> Result<(), ConfigError> {
    Ok(())
}
