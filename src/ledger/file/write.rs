//! How a ledger's file is written: one line at its end, or all of it anew.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{
    folder,
    line::{self, Header, Line},
    read::Known,
    trouble::{Doing, FileTrouble},
};

/// A file that is written anew holds nothing that can be left out: below this
/// length that is not worth it.
const WORTH_BYTES: u64 = 1024 * 1024;

/// `path` with `ending` behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Begins an empty ledger at `path`. The caller has the lock.
pub(super) fn begin(path: &Path) -> Result<(), FileTrouble> {
    let header = line::written(&Header::new(1))?;
    folder::replace(path, &beside(path, ".new"), &header).doing("begin the file")
}

/// What was found of a line whose writer died in the middle of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Torn {
    /// Only its end was missing: it counts.
    Completed,
    /// It cannot be read, so nobody was told that it was written. Its bytes
    /// were put into this file.
    Moved {
        /// How many.
        bytes: u64,
        /// Where they are.
        to: PathBuf,
    },
}

/// Mends a last line that has no end. The caller has the lock, and `known`
/// is what the file says up to there.
pub(super) fn mend(path: &Path, known: &Known) -> Result<Option<Torn>, FileTrouble> {
    let mut file = open(path)?;
    let len = file.metadata().doing("look at the file")?.len();
    if len <= known.end {
        return Ok(None);
    }
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(known.end)).doing("read the last line")?;
    file.read_to_end(&mut tail).doing("read the last line")?;
    if line::account(&tail, 0).and_then(|_| line::read(&tail, 0)).is_ok() {
        file.write_all(b"\n").and_then(|()| file.sync_data()).doing("complete the last line")?;
        return Ok(Some(Torn::Completed));
    }
    let to = beside(path, ".torn");
    tail.push(b'\n');
    let kept = folder::private().append(true).create(true).open(&to);
    kept.and_then(|mut kept| kept.write_all(&tail).and_then(|()| kept.sync_all()))
        .doing("keep the torn last line in the `.torn` file beside the ledger")?;
    cut(&file, known.end).doing("cut the torn last line off")?;
    Ok(Some(Torn::Moved { bytes: len - known.end, to }))
}

/// Puts `line` at the file's `end`, and on the disk. The caller has the lock.
pub(super) fn append(path: &Path, end: u64, line: &[u8]) -> Result<(), FileTrouble> {
    let mut file = open(path)?;
    file.seek(SeekFrom::Start(end)).doing("write the file")?;
    let written = file.write_all(line).and_then(|()| file.sync_data());
    if let Err(error) = written {
        // Half a line, or one of which nobody knows whether it lasts.
        let _ = cut(&file, end);
        return Err(error).doing("write the file");
    }
    Ok(())
}

/// Writes the whole file anew, without what is over, if that makes it much
/// shorter. The caller has the lock.
pub(super) fn compact(path: &Path, known: &mut Known) -> Result<bool, FileTrouble> {
    if known.end < WORTH_BYTES.max(known.began_at.saturating_mul(4)) {
        return Ok(false);
    }
    let mut bytes = line::written(&Header::new(known.generation + 1))?;
    for (account, record) in known.accounts.all()? {
        bytes.extend(line::written(&Line::Record { account, record })?);
    }
    folder::replace(path, &beside(path, ".new"), &bytes).doing("write the file anew")?;
    Ok(true)
}

fn open(path: &Path) -> Result<File, FileTrouble> {
    OpenOptions::new().read(true).write(true).open(path).doing("open the file for writing")
}

fn cut(file: &File, end: u64) -> std::io::Result<()> {
    file.set_len(end)?;
    file.sync_data()
}

/// Whether there is a file at `path`.
pub(super) fn exists(path: &Path) -> Result<bool, FileTrouble> {
    fs::exists(path).doing("look for the file")
}
