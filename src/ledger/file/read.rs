//! What a process knows of a ledger's file, and how it reads on.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::SystemTime,
};

use bytes::Bytes;

use super::{
    account::Accounts,
    line::Header,
    trouble::{Doing, FileTrouble},
};

/// What `stat` says of a file, by which a change is noticed. Every write
/// makes it longer, and writing it anew makes another file of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|meta| Self::from(&meta))
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        Self {
            len: meta.len(),
            modified: meta.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (meta.dev(), meta.ino())
            },
        }
    }
}

/// All that the file says, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) accounts: Accounts,
    /// Raised whenever something was read.
    pub(super) version: u64,
    /// What the file looked like then.
    pub(super) stamp: Option<Stamp>,
    pub(super) generation: u64,
    /// Where the last whole line ends; 0 if nothing was read.
    pub(super) end: u64,
    /// The length at which it was last written anew.
    pub(super) began_at: u64,
    lines: u64,
}

impl Known {
    /// Reads what others wrote since. A last line without an end is left: its
    /// writer is at it, or died.
    pub(super) fn read_on(&mut self, path: &Path) -> Result<(), FileTrouble> {
        let mut file = match File::open(path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound && self.version > 0 => {
                return Err(FileTrouble::Gone);
            }
            opened => opened.doing("open the file")?,
        };
        let meta = file.metadata().doing("look at the file")?;
        let header = first_line(&mut file)?;
        let generation = Header::read(&header)?.generation;
        if self.end == 0 || generation != self.generation || meta.len() < self.end {
            let version = self.version;
            let end = header.len() as u64;
            *self = Self { version, generation, end, lines: 1, ..Self::default() };
        }
        file.seek(SeekFrom::Start(self.end)).doing("read the file")?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).doing("read the file")?;
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |last| last + 1);
        bytes.truncate(whole);
        if let Err(trouble) = self.take_in(&bytes.into()) {
            self.forget();
            return Err(trouble);
        }
        self.end += whole as u64;
        if self.began_at == 0 {
            self.began_at = self.end;
        }
        self.version += 1;
        self.stamp = Some(Stamp::from(&meta));
        Ok(())
    }

    /// Nothing that was read counts: the next look reads all again.
    pub(super) fn forget(&mut self) {
        *self = Self { version: self.version, ..Self::default() };
    }

    fn take_in(&mut self, lines: &Bytes) -> Result<(), FileTrouble> {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            self.lines += 1;
            self.accounts.add(lines.slice(from..=end), self.lines)?;
            from = end + 1;
        }
        Ok(())
    }
}

/// The header, with its end.
fn first_line(file: &mut File) -> Result<Vec<u8>, FileTrouble> {
    // A header has about 70 bytes.
    let mut head = [0; 512];
    let mut len = 0;
    while len < head.len() && !head[..len].contains(&b'\n') {
        match file.read(&mut head[len..]).doing("read the file")? {
            0 => break,
            more => len += more,
        }
    }
    if len == 0 {
        return Err(FileTrouble::Empty);
    }
    match memchr::memchr(b'\n', &head[..len]) {
        Some(end) => Ok(head[..=end].to_vec()),
        None => {
            let why = "it is not the first line of a planguard ledger".to_owned();
            Err(FileTrouble::Corrupt { line: 1, why })
        }
    }
}
