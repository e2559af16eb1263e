//! What can be wrong with a Redis, and what a person does about it.

use std::fmt;

use redis::{ErrorKind, RedisError};

use super::SCHEMA;

/// Why a Redis cannot be used as a ledger. Nothing is deleted, repaired or
/// made anew behind anybody's back. No variant holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisTrouble {
    /// The address is not one of a Redis.
    #[error(
        "the address cannot be read ({why}): write redis://[user:password@]host[:port][/db], or rediss:// for TLS"
    )]
    Address {
        /// What is wrong with it.
        why: String,
    },
    /// The prefix would break the hash tags of the keys.
    #[error("the prefix `{0}` holds a brace, which would break the hash tags of the keys")]
    Prefix(String),
    /// There is no connection, or it broke.
    #[error("cannot be reached ({why}): start the server, or correct host and port")]
    Unreachable {
        /// What the operating system said.
        why: String,
    },
    /// It does not answer in time.
    #[error("no answer within {ms} ms: see what keeps the server, or the network to it, so slow")]
    Slow {
        /// How long this process waited.
        ms: u128,
    },
    /// The user or the password is wrong, or missing.
    #[error("lets nobody in ({said}): correct the user and the password in the address")]
    Denied {
        /// What the server said.
        said: String,
    },
    /// The user may not do what a ledger needs.
    #[error(
        "forbids a command that the ledger needs ({said}): `ACL SETUSER {{the user}} ~{prefix}:* {ACL}` allows them"
    )]
    Forbidden {
        /// What the server said.
        said: String,
        /// The prefix of the ledger's keys.
        prefix: String,
    },
    /// The server is a replica, which cannot be written.
    #[error("is a replica, which cannot be written: name the primary in the address")]
    Replica,
    /// The server is out of memory.
    #[error(
        "has reached its `maxmemory` and writes nothing more: raise it, or make room, or give the ledger a server of its own"
    )]
    Full,
    /// Another program uses a key of that name.
    #[error(
        "`{key}` is not of planguard's making: choose another prefix or database, or move that key away"
    )]
    Foreign {
        /// The key.
        key: String,
    },
    /// A value is not what planguard writes.
    #[error(
        "`{key}` cannot be read ({why}): correct it, or delete it, which forgets what it holds"
    )]
    Corrupt {
        /// The key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another version of planguard wrote it.
    #[error(
        "`{key}` has schema {found} and this planguard reads schema {SCHEMA}: {}",
        if found.parse().is_ok_and(|found: u64| found > SCHEMA) { "update this program" } else { "choose another prefix, which begins without any halt" }
    )]
    Schema {
        /// The key.
        key: String,
        /// The schema that it names.
        found: String,
    },
    /// Others were faster each time.
    #[error("others wrote the account each time that this process tried: it tries again")]
    Contended,
    /// There is no tokio runtime to wait on.
    #[error("needs a tokio runtime: call it from a task")]
    NoRuntime,
    /// There is no place for the shadow.
    #[error(
        "there is no place for the copy of its halts on this machine ({why}): name one with `.shadow(path)`, or do without it with `.without_shadow()`"
    )]
    Shadow {
        /// Why not.
        why: String,
    },
    /// The server says no for another reason.
    #[error("the server says: {said}")]
    Other {
        /// What it said.
        said: String,
    },
}

/// What a user of the server needs, as Redis writes it.
pub(super) const ACL: &str = "+get +setnx +eval +hget +hmget +hset +hgetall +hincrby +hdel \
                              +sadd +smembers +hello +select +cluster|slots";

impl RedisTrouble {
    /// What `error`, which came of a command on `key`, is.
    pub(super) fn of(error: &RedisError, key: &str, prefix: &str) -> Self {
        let said = || Words(error).to_string();
        // Inside a script the code stands in the middle of what is said.
        let code = error.code().unwrap_or_default();
        let is = |wanted: &str| code == wanted || said().contains(wanted);
        // What 7.0 and later ones say of a command inside a script.
        let barred = || is("user executing the script can't") || is("ACL failure in script");
        match error.kind() {
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable { why: error.to_string() }
            }
            ErrorKind::AuthenticationFailed => Self::Denied { said: said() },
            ErrorKind::InvalidClientConfig => Self::Address { why: error.to_string() },
            ErrorKind::UnexpectedReturnType | ErrorKind::Parse => {
                Self::Corrupt { key: key.to_owned(), why: error.to_string() }
            }
            _ if is("NOAUTH") || is("WRONGPASS") => Self::Denied { said: said() },
            _ if is("NOPERM") || barred() => {
                Self::Forbidden { said: said(), prefix: prefix.to_owned() }
            }
            _ if is("READONLY") => Self::Replica,
            _ if is("OOM") => Self::Full,
            _ if is("WRONGTYPE") => Self::Foreign { key: key.to_owned() },
            _ => Self::Other { said: said() },
        }
    }
}

/// The server's words alone.
struct Words<'a>(&'a RedisError);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.detail()) {
            (Some(code), Some(detail)) => write!(f, "{code} {detail}"),
            (None, Some(detail)) => f.write_str(detail),
            _ => write!(f, "{}", self.0),
        }
    }
}
