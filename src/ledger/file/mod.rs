//! A ledger in a file: the durable one, without any set-up.
//!
//! JSON lines, only ever appended to. The first line says which schema follows;
//! each other line is one entry about one account (`grep` and `cat` read it):
//!
//! ```text
//! {"planguard_ledger":1,"generation":1,"by":"planguard 0.1.0"}
//! {"account":"zai/bcdfghjklmnpqrst","at":1784800000000,"what":"halted","halt":{"id":"h-…",…}}
//! {"account":"zai/bcdfghjklmnpqrst","at":1784803600000,"what":"acknowledged","halt":"h-…","by":{…}}
//! ```
//!
//! It holds fingerprints of accounts, the provider's words, the
//! [evidence](super::Evidence) of each strike, and the names and notes of those
//! who released a halt; no credential, no prompt, no query string. Files have
//! mode 0600, a folder made for them 0700.
//!
//! - **Writing** takes an advisory lock (`.lock` beside the file), appends one
//!   line and waits until it is on the disk (`fsync`). 10 s without the lock
//!   are an error.
//! - **Reading** is one `stat` for each admission, and what was appended since
//!   if that says so.
//! - **A torn last line**, whose writer was killed in the middle of it, is
//!   completed if only its end is missing, else moved into `.torn` beside the
//!   file, and logged. Nobody was told that it had been written.
//! - **A long file** (1 MiB, and four times what was needed last) is written
//!   anew beside it (`.new`), put on the disk and renamed.
//! - **Anything else** that is wrong with it is a [`FileTrouble`], and calls are
//!   refused: nothing is deleted or begun anew. A line that is no JSON or names
//!   no account stops all of them, an entry that cannot be read its account:
//!   an account's entries are read when it is asked for.
//!
//! To forget everything, stop the programs and delete the file.

mod account;
mod examine;
mod folder;
#[cfg(feature = "redis")]
mod keep;
mod line;
mod lock;
mod place;
mod read;
#[cfg(test)]
mod tests;
mod trouble;
mod write;

pub use examine::{Content, Examined, Locking, Spot, examine};
#[cfg(feature = "redis")]
pub(super) use place::place_beside;
pub use place::{NoPlace, VARIABLE, default_place};
pub use trouble::FileTrouble;
pub use write::Torn;

use std::{
    fmt, future,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use self::{
    line::Line,
    lock::Lock,
    read::{Known, Stamp},
};
use super::{
    Acknowledgement, BoxFuture, Changed, Entry, Lease, Ledger, LedgerError, Opened, Record, lease,
    quoted,
};
use crate::account::Account;

/// The schema that this version reads and writes. Another one's file is left
/// alone.
pub const SCHEMA: u64 = 1;

/// A [`Ledger`] in a file. Clones are the same ledger; other processes may
/// have it open too.
#[derive(Clone)]
pub struct FileLedger(Arc<Inner>);

struct Inner {
    path: PathBuf,
    known: Mutex<Known>,
    torn: Mutex<Option<Torn>>,
}

impl FileLedger {
    /// The ledger at `path`, which begins empty if nothing is there. Its
    /// folder is made if need be.
    ///
    /// Reads the whole file and blocks the thread meanwhile: 24 ms for 10,000
    /// accounts that were struck (example `ledger_cost`, 2 cores).
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] over a [`FileTrouble`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, LedgerError> {
        let path = path.into();
        let inner = Inner { path, known: Mutex::default(), torn: Mutex::default() };
        match inner.begin() {
            Ok(()) => Ok(Self(Arc::new(inner))),
            Err(trouble) => Err(inner.unavailable(trouble)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The torn line that this process found last, if any.
    pub fn torn(&self) -> Option<Torn> {
        self.0.torn.lock().clone()
    }

    async fn update(
        &self,
        account: &Account,
        decide: impl FnOnce(&Record) -> Option<Entry> + Send + 'static,
    ) -> Result<Opened, LedgerError> {
        let (inner, account) = (self.0.clone(), account.clone());
        self.blocking(move || inner.update(&account, decide)).await
    }

    /// Runs `work` where it may block, to its end even if nobody waits.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime
                .spawn_blocking(work)
                .await
                .unwrap_or_else(|ended| Err(LedgerError::unavailable(self.place(), ended))),
            Err(_) => work(),
        }
    }
}

impl Inner {
    fn begin(&self) -> Result<(), FileTrouble> {
        use trouble::Doing as _;
        folder::make_folder_of(&self.path).doing("make its folder")?;
        let _lock = self.lock()?;
        if !write::exists(&self.path)? {
            write::begin(&self.path)?;
            tracing::info!(target: "planguard::ledger", place = %self.path.display(), "an empty ledger begins");
        }
        self.settle()
    }

    fn lock(&self) -> Result<Lock, FileTrouble> {
        Lock::take(&write::beside(&self.path, ".lock"))
    }

    /// Reads on and mends the last line. The caller has the lock.
    fn settle(&self) -> Result<(), FileTrouble> {
        let mut known = self.known.lock();
        known.read_on(&self.path)?;
        if let Some(torn) = write::mend(&self.path, &known)? {
            tracing::error!(
                target: "planguard::ledger", place = %self.path.display(), ?torn,
                "the ledger's last line was torn: a process was killed while it wrote, and had told nobody that it was written"
            );
            *self.torn.lock() = Some(torn);
            known.read_on(&self.path)?;
        }
        Ok(())
    }

    /// What is known, up to date.
    fn look<T>(
        &self,
        look: impl FnOnce(&mut Known) -> Result<T, FileTrouble>,
    ) -> Result<T, LedgerError> {
        let mut known = self.known.lock();
        let stamp = Stamp::of(&self.path).ok();
        if stamp.is_none() || stamp != known.stamp {
            known.read_on(&self.path).map_err(|trouble| self.unavailable(trouble))?;
        }
        let looked = look(&mut known);
        if looked.is_err() {
            known.forget();
        }
        looked.map_err(|trouble| self.unavailable(trouble))
    }

    /// Appends what `decide` says about the account as it is.
    fn update(
        &self,
        account: &Account,
        decide: impl FnOnce(&Record) -> Option<Entry>,
    ) -> Result<Opened, LedgerError> {
        let _lock = self.lock().map_err(|trouble| self.unavailable(trouble))?;
        self.settle().map_err(|trouble| self.unavailable(trouble))?;
        let opened = self.look(|known| known.opened(account))?;
        match decide(&opened.record) {
            Some(entry) => self.append(account, &entry),
            None => Err(LedgerError::Conflict(Box::new(opened))),
        }
    }

    fn acknowledge(
        &self,
        halt: &str,
        word: &Acknowledgement,
    ) -> Result<(Account, Opened), LedgerError> {
        let _lock = self.lock().map_err(|trouble| self.unavailable(trouble))?;
        self.settle().map_err(|trouble| self.unavailable(trouble))?;
        let decided = self.look(|known| {
            let all = known.accounts.all()?;
            for (account, record) in all.clone() {
                match word.decide(record, halt) {
                    Ok(None) => {}
                    Ok(Some(entry)) => return Ok(Ok((account.clone(), entry))),
                    Err(refused) => return Ok(Err(refused)),
                }
            }
            Ok(Err(Acknowledgement::unknown(halt, all.map(|(_, record)| record))))
        })?;
        let (account, entry) = decided?;
        let opened = self.append(&account, &entry)?;
        Ok((account, opened))
    }

    /// The caller has the lock, and has settled.
    fn append(&self, account: &Account, entry: &Entry) -> Result<Opened, LedgerError> {
        self.append_line(account, &Line::Entry { account, entry })
    }

    /// The same for any line about `account`.
    fn append_line(&self, account: &Account, line: &Line<'_>) -> Result<Opened, LedgerError> {
        let written = line::written(line).and_then(|line| {
            // Not under this mutex: admissions go on while the disk is slow.
            let end = self.known.lock().end;
            write::append(&self.path, end, &line)
        });
        written.map_err(|trouble| self.unavailable(trouble))?;
        let opened = self.look(|known| known.opened(account))?;
        match write::compact(&self.path, &mut self.known.lock()) {
            Ok(true) => {
                tracing::debug!(target: "planguard::ledger", place = %self.path.display(), "the ledger was written anew")
            }
            Ok(false) => {}
            // The entry is written; the file is only longer than it need be.
            Err(trouble) => {
                tracing::error!(target: "planguard::ledger", place = %self.path.display(), %trouble, "the ledger could not be written anew")
            }
        }
        Ok(opened)
    }

    fn unavailable(&self, trouble: FileTrouble) -> LedgerError {
        LedgerError::unavailable(self.path.display().to_string(), trouble)
    }
}

impl Known {
    fn opened(&mut self, account: &Account) -> Result<Opened, FileTrouble> {
        Ok(Opened::new(self.accounts.get(account)?, self.version))
    }
}

impl Ledger for FileLedger {
    fn place(&self) -> String {
        self.0.path.display().to_string()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(future::ready(self.0.look(|known| known.opened(account))))
    }

    fn changed<'a>(&'a self, _account: &'a Account, version: u64) -> Changed<'a> {
        let Ok(stamp) = Stamp::of(&self.0.path) else { return Changed::Yes };
        let known = self.0.known.lock();
        match known.version == version && known.stamp == Some(stamp) {
            true => Changed::No,
            false => Changed::Yes,
        }
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(self.update(account, move |record| {
            (record.epoch == epoch || !entry.fact.needs_epoch()).then_some(entry)
        }))
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let halt = halt.to_owned();
        Box::pin(self.update(account, move |record| lease::claim(record, &halt, &lease)))
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let halt = halt.to_owned();
        Box::pin(self.update(account, move |record| lease::release(record, &halt, &lease)))
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        let (inner, halt) = (self.0.clone(), halt.to_owned());
        Box::pin(self.blocking(move || inner.acknowledge(&halt, &word)))
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        let all = self.0.look(|known| {
            let all = known.accounts.all()?;
            Ok(all.map(|(account, record)| (account.clone(), record.clone())).collect())
        });
        Box::pin(future::ready(all))
    }

    fn release_command(&self, halt: &str) -> String {
        let place = match place::is_usual(&self.0.path) {
            true => String::new(),
            false => {
                // Whoever reads it has another working folder.
                let path = std::path::absolute(&self.0.path).unwrap_or_else(|_| self.path().into());
                format!(" --ledger {}", quoted(&path.display().to_string()))
            }
        };
        format!("planguard acknowledge {halt} --by NAME --note TEXT{place}")
    }
}

impl fmt::Debug for FileLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLedger").field("path", &self.0.path).finish_non_exhaustive()
    }
}
