//! Which ledger is meant, and how it is opened.

use std::{env, ffi::OsString, path::PathBuf, sync::Arc};

use planguard::ledger::{
    FileLedger, Ledger,
    file::{NoPlace, Torn, VARIABLE, default_place},
};

use crate::{
    failure::{Exit, Failure},
    out::Out,
};

/// Where the ledger is.
#[derive(Debug)]
pub enum Place {
    File(PathBuf),
    Server { address: String, prefix: Option<String> },
}

impl Place {
    /// What `--ledger` names, else the variable, else the place of this login.
    pub fn of(named: Option<OsString>, prefix: Option<String>) -> Result<Self, Failure> {
        let variable = || env::var(VARIABLE).unwrap_or_default();
        let address = match named {
            Some(named) if is_address(&named.to_string_lossy()) => {
                with_password_of(&named.to_string_lossy(), &variable())
            }
            Some(named) => return Self::file(named.into(), prefix),
            None => match default_place() {
                Ok(path) => return Self::file(path, prefix),
                Err(NoPlace::Server) => variable(),
                Err(none) => {
                    let say = format!("{none}: name the ledger with --ledger or {VARIABLE}");
                    return Err(Failure::new(Exit::Unavailable, say));
                }
            },
        };
        Ok(Self::Server { address, prefix })
    }

    fn file(path: PathBuf, prefix: Option<String>) -> Result<Self, Failure> {
        match prefix {
            Some(_) => Err(Failure::new(Exit::Usage, "--prefix is for a ledger on Redis")),
            None => Ok(Self::File(path)),
        }
    }

    /// Opens what is there. A file that is not there is no empty ledger: it
    /// may be that another one is meant.
    pub async fn open(&self, out: &Out) -> Result<Arc<dyn Ledger>, Failure> {
        if let Self::File(path) = self {
            if !path.try_exists().unwrap_or(true) {
                let say = format!(
                    "there is no ledger at {}: either nothing was ever kept there, or another place is meant (--ledger, {VARIABLE}, another user)",
                    path.display()
                );
                return Err(Failure::new(Exit::Unavailable, say));
            }
        }
        self.open_or_begin(out).await
    }

    /// The same, but a file that is not there is begun.
    pub async fn open_or_begin(&self, out: &Out) -> Result<Arc<dyn Ledger>, Failure> {
        match self {
            Self::Server { address, prefix } => connect(address, prefix.as_deref()).await,
            Self::File(path) => {
                let ledger = FileLedger::open(path)?;
                if let Some(torn) = ledger.torn() {
                    out.aside(&format!("planguard: {}\n", told(&torn)))?;
                }
                Ok(Arc::new(ledger))
            }
        }
    }
}

fn told(torn: &Torn) -> String {
    let what = "the ledger's last line was torn: a process was killed while it wrote";
    match torn {
        Torn::Moved { bytes, to } => {
            format!(
                "{what}. Its {bytes} bytes, of which nobody had been told, are in {}",
                to.display()
            )
        }
        _ => format!("{what}. Only its end was missing, so it counts"),
    }
}

fn is_address(text: &str) -> bool {
    text.contains("://")
}

#[cfg(feature = "redis")]
async fn connect(address: &str, prefix: Option<&str>) -> Result<Arc<dyn Ledger>, Failure> {
    let ledger = builder(address, prefix).connect().await?;
    Ok(Arc::new(ledger))
}

/// The settings of the ledger at `address`.
#[cfg(feature = "redis")]
pub fn builder(address: &str, prefix: Option<&str>) -> planguard::ledger::redis::Builder {
    let builder = planguard::ledger::RedisLedger::builder(address);
    match prefix {
        Some(prefix) => builder.prefix(prefix),
        None => builder,
    }
}

#[cfg(not(feature = "redis"))]
async fn connect(_: &str, _: Option<&str>) -> Result<Arc<dyn Ledger>, Failure> {
    Err(without_redis())
}

/// What a build without that feature says of an address.
#[cfg(not(feature = "redis"))]
pub fn without_redis() -> Failure {
    let say = "the ledger is a server's address, and this planguard was built without the feature `redis`: cargo install planguard --features cli,redis";
    Failure::new(Exit::Unavailable, say)
}

/// `address` with the user and password of `other`, if it has none and both
/// are the same server: a refusal names the address without them.
fn with_password_of(address: &str, other: &str) -> String {
    let (Some(own), Some(theirs)) = (Parts::of(address), Parts::of(other)) else {
        return address.to_owned();
    };
    match theirs.user {
        Some(user) if own.user.is_none() && own.is_at(&theirs) => {
            format!("{}://{user}@{}{}", own.scheme, own.host, own.rest)
        }
        _ => address.to_owned(),
    }
}

struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    host: &'a str,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(address: &'a str) -> Option<Self> {
        let (scheme, behind) = address.split_once("://")?;
        let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at(end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        Some(Self { scheme, user, host, rest })
    }

    /// Whether both name one server. 6379 is the port that is not written.
    fn is_at(&self, other: &Self) -> bool {
        let bare = |host: &'a str| host.strip_suffix(":6379").unwrap_or(host).to_ascii_lowercase();
        self.scheme == other.scheme
            && bare(self.host)
                == other.host.strip_suffix(":6379").unwrap_or(other.host).to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::with_password_of;

    #[test]
    fn a_password_is_taken_only_for_its_own_server() {
        let kept = "redis://agent:s@cret@Redis.example/2";
        for (address, expected) in [
            ("redis://redis.example:6379/2", "redis://agent:s@cret@redis.example:6379/2"),
            ("redis://redis.example/3", "redis://agent:s@cret@redis.example/3"),
            ("redis://own:pw@redis.example/2", "redis://own:pw@redis.example/2"),
            ("rediss://redis.example/2", "rediss://redis.example/2"),
            ("redis://redis.example:6380/2", "redis://redis.example:6380/2"),
            ("redis://redis.example.evil/2", "redis://redis.example.evil/2"),
        ] {
            assert_eq!(with_password_of(address, kept), expected);
        }
        assert_eq!(with_password_of("redis://a", "/a/file"), "redis://a");
    }
}
