//! What can be wrong with a ledger's file, and what a person does about it.

use std::io;

use super::SCHEMA;

/// Why a ledger's file cannot be used. Nothing is deleted, repaired or made
/// anew behind anybody's back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileTrouble {
    /// The operating system said no.
    #[error("cannot {doing}: {source}{}", remedy(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// The file was there and is not any more.
    #[error(
        "the file is gone, and with it the halts in it: put it back, or start the program again to begin an empty one"
    )]
    Gone,
    /// The file has no first line.
    #[error(
        "the file is empty: if it held halts, put them back from a backup; else remove it, and an empty ledger begins"
    )]
    Empty,
    /// A line is not what planguard writes.
    #[error(
        "line {line} cannot be read ({why}): correct it, or move the file away, which forgets every halt in it"
    )]
    Corrupt {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file was written by another version of planguard.
    #[error(
        "the file has schema {found} and this planguard reads schema {SCHEMA}: {}",
        if *found > SCHEMA { "update this program" } else { "move the file away, which forgets every halt in it" }
    )]
    Schema {
        /// The schema in its first line.
        found: u64,
    },
    /// Another process has it for too long.
    #[error(
        "another process has held its lock for {secs} s: find who has the `.lock` file beside it open, and end or resume that program"
    )]
    Locked {
        /// How long this process waited.
        secs: u64,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; let this user write the file and its folder, or choose another place"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; choose a place that can be written",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room on that disk",
        io::ErrorKind::FileTooLarge => "; raise the limit on the size of files (`ulimit -f`)",
        _ => "",
    }
}

/// `io` errors become troubles that say what was tried.
pub(super) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, FileTrouble>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, FileTrouble> {
        self.map_err(|source| FileTrouble::Io { doing: what, source })
    }
}
