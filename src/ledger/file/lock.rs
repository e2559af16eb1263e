//! The lock beside a ledger's file: one writer at a time, in all processes.

use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    folder::private,
    trouble::{Doing, FileTrouble},
};

/// How long a writer waits for another. A write takes milliseconds; who holds
/// the lock for seconds is stopped.
const DEADLINE: Duration = Duration::from_secs(10);

/// The right to write, until it is dropped. The lock is on a file of its own,
/// since the ledger's file is replaced when it is written anew.
pub(super) struct Lock(#[expect(dead_code, reason = "closing it unlocks")] File);

impl Lock {
    /// Blocks the thread, 10 s at most.
    pub(super) fn take(path: &Path) -> Result<Self, FileTrouble> {
        Self::take_within(path, DEADLINE)
    }

    /// The same, `deadline` at most.
    pub(super) fn take_within(path: &Path, deadline: Duration) -> Result<Self, FileTrouble> {
        let file = private().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.doing("open the lock beside the ledger")?;
        let began = Instant::now();
        let mut pause = Duration::from_micros(200);
        loop {
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => return Ok(Self(file)),
                Err(fs4::TryLockError::WouldBlock) if began.elapsed() < deadline => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                Err(fs4::TryLockError::WouldBlock) => {
                    return Err(FileTrouble::Locked { secs: deadline.as_secs() });
                }
                Err(fs4::TryLockError::Error(source)) => {
                    return Err(FileTrouble::Io { doing: "lock the ledger", source });
                }
            }
        }
    }
}
