//! The lines of a ledger's file: a header, then entries or whole records.

use serde::{Deserialize, Serialize};

use super::{SCHEMA, trouble::FileTrouble};
use crate::{
    account::Account,
    ledger::{Entry, Record},
};

/// The first line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The schema of what follows.
    pub(super) planguard_ledger: u64,
    /// Which writing of the whole file this is.
    pub(super) generation: u64,
    /// Who wrote it, for people.
    pub(super) by: String,
}

impl Header {
    pub(super) fn new(generation: u64) -> Self {
        let by = concat!("planguard ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { planguard_ledger: SCHEMA, generation, by }
    }

    pub(super) fn read(line: &[u8]) -> Result<Self, FileTrouble> {
        #[derive(Deserialize)]
        struct Schema {
            planguard_ledger: u64,
        }
        // Another schema may have another header.
        let schema: Schema = serde_json::from_slice(line).map_err(|why| corrupt(1, why))?;
        match schema.planguard_ledger {
            SCHEMA => serde_json::from_slice(line).map_err(|why| corrupt(1, why)),
            found => Err(FileTrouble::Schema { found }),
        }
    }
}

/// Every other line. The account stands first, for people who read along.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    /// One thing that happened.
    Entry {
        account: &'a Account,
        #[serde(flatten)]
        entry: &'a Entry,
    },
    /// All that is known, in a file that was written anew.
    Record { account: &'a Account, record: &'a Record },
}

/// Whose line `number` is: it is JSON, and the rest of it may be read later.
pub(super) fn account(line: &[u8], number: u64) -> Result<Account, FileTrouble> {
    #[derive(Deserialize)]
    struct Named {
        account: Account,
    }
    let named: Named = serde_json::from_slice(line).map_err(|why| corrupt(number, why))?;
    Ok(named.account)
}

/// What a line says of its account.
pub(super) enum Said {
    Entry(Entry),
    Record(Record),
}

/// Reads line `number`.
pub(super) fn read(line: &[u8], number: u64) -> Result<Said, FileTrouble> {
    #[derive(Deserialize)]
    struct Whole {
        record: Option<Record>,
    }
    let whole: Whole = serde_json::from_slice(line).map_err(|why| corrupt(number, why))?;
    match whole.record {
        Some(record) => Ok(Said::Record(record)),
        None => serde_json::from_slice(line).map(Said::Entry).map_err(|why| corrupt(number, why)),
    }
}

/// One line, with its end.
pub(super) fn written(line: &impl Serialize) -> Result<Vec<u8>, FileTrouble> {
    let mut bytes = serde_json::to_vec(line)
        .map_err(|why| FileTrouble::Io { doing: "write an entry as JSON", source: why.into() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn corrupt(line: u64, why: serde_json::Error) -> FileTrouble {
    FileTrouble::Corrupt { line, why: why.to_string() }
}
