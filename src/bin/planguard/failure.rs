//! How a command ends.

use std::{fmt, io, process::ExitCode};

use planguard::ledger::{LedgerError, Unsigned};

/// The exit codes, as `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Halted = 3,
    Unknown = 4,
    Refused = 5,
    Unavailable = 6,
}

impl Exit {
    /// The name as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Halted => "halted",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
}

impl Failure {
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let exit = match &error {
            LedgerError::NoSuchHalt { .. } => Exit::Unknown,
            LedgerError::LastChance { .. } | LedgerError::TooSoon { .. } => Exit::Refused,
            LedgerError::Unavailable { .. } => Exit::Unavailable,
            _ => Exit::Failed,
        };
        Self::new(exit, error)
    }
}

impl From<Unsigned> for Failure {
    fn from(error: Unsigned) -> Self {
        Self::new(Exit::Usage, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever read has gone, as `head` does: there is nobody to tell.
            io::ErrorKind::BrokenPipe => Self::new(Exit::Failed, ""),
            _ => Self::new(Exit::Failed, error),
        }
    }
}
