//! What is to be said of a ledger's file without touching it.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    read::Known,
    trouble::{Doing, FileTrouble},
    write,
};
use crate::{account::Account, ledger::Record};

/// How long the lock is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// What [`examine`] finds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examined {
    /// The folder, or the nearest one above that is there.
    pub folder: Spot,
    /// Whether that is the folder itself.
    pub has_folder: bool,
    /// The file, if it is there.
    pub file: Option<Spot>,
    /// The lock beside it.
    pub lock: PathBuf,
    /// Whether a writer would get the lock.
    pub locking: Locking,
    /// What the file says; none if it is not there.
    pub content: Option<Result<Content, FileTrouble>>,
    /// Where the bytes of torn lines were put, if there were any.
    pub torn: Option<PathBuf>,
    /// What is left of a writing anew that was cut off. The next one replaces
    /// it.
    pub left_over: Option<PathBuf>,
}

/// A file or folder, as this user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spot {
    /// Where.
    pub path: PathBuf,
    /// Who may do what, as in `0o600`; none where the system has no such
    /// thing.
    pub mode: Option<u32>,
    /// Why this user cannot write it, if so.
    pub locked_away: Option<String>,
}

/// Whether a writer would get the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locking {
    /// Nobody has written yet: there is no lock to take.
    Absent,
    /// It can be had.
    Free,
    /// Another process had it for all of half a second. A writer has it for
    /// some milliseconds.
    Held,
    /// It cannot be had.
    Broken(String),
}

/// What a ledger's file says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Content {
    /// Its length.
    pub bytes: u64,
    /// Which writing of the whole file it is.
    pub generation: u64,
    /// How long a last line without an end is: a writer is at it, or died.
    pub unfinished_bytes: u64,
    /// Every account.
    pub records: Vec<(Account, Record)>,
}

/// Looks at the ledger that is, or would be, at `path`: reads it, and takes
/// and gives back its lock if there is one. Writes, makes and mends nothing.
///
/// Blocks the thread while it reads the whole file, and half a second at most
/// for the lock.
///
/// # Errors
///
/// [`FileTrouble::Io`] if not even the folder can be looked at. What is wrong
/// with the file is in [`Examined::content`].
pub fn examine(path: &Path) -> Result<Examined, FileTrouble> {
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let own = own.unwrap_or(Path::new("."));
    let nearest = own.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let folder = Spot::of(nearest).doing("look at its folder")?;
    let file = match Spot::of(path) {
        Ok(spot) => Some(spot),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).doing("look at the file"),
    };
    let lock = write::beside(path, ".lock");
    let is_there = |ending| Some(write::beside(path, ending)).filter(|beside| beside.exists());
    Ok(Examined {
        has_folder: nearest == own,
        content: file.as_ref().map(|_| read(path)),
        locking: locking(&lock),
        torn: is_there(".torn"),
        left_over: is_there(".new"),
        folder,
        file,
        lock,
    })
}

impl Spot {
    fn of(path: &Path) -> io::Result<Self> {
        let meta = fs::metadata(path)?;
        #[cfg(unix)]
        let mode = Some(std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777);
        #[cfg(not(unix))]
        let mode = None;
        let writable = writable(path, &meta);
        let locked_away = writable.err().map(|error| error.to_string());
        Ok(Self { path: path.to_owned(), mode, locked_away })
    }
}

#[cfg(unix)]
fn writable(path: &Path, _: &fs::Metadata) -> io::Result<()> {
    // Knows of read-only file systems, too.
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?)
}

#[cfg(not(unix))]
fn writable(path: &Path, meta: &fs::Metadata) -> io::Result<()> {
    // Of a folder the system tells only by a file in it, which is not made.
    if meta.is_file() { OpenOptions::new().write(true).open(path).map(drop) } else { Ok(()) }
}

fn read(path: &Path) -> Result<Content, FileTrouble> {
    let mut known = Known::default();
    known.read_on(path)?;
    let bytes = fs::metadata(path).doing("look at the file")?.len();
    let all = known.accounts.all()?;
    let records = all.map(|(account, record)| (account.clone(), record.clone())).collect();
    Ok(Content {
        bytes,
        generation: known.generation,
        unfinished_bytes: bytes.saturating_sub(known.end),
        records,
    })
}

fn locking(path: &Path) -> Locking {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Locking::Absent,
        Err(error) => return Locking::Broken(error.to_string()),
    };
    let began = Instant::now();
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Locking::Free,
            Err(fs4::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(fs4::TryLockError::WouldBlock) => return Locking::Held,
            Err(fs4::TryLockError::Error(error)) => return Locking::Broken(error.to_string()),
        }
    }
}
