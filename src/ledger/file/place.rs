//! Where the ledger of this login is kept.

use std::{
    env,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;

/// The environment variable that names the ledger's file.
pub const VARIABLE: &str = "PLANGUARD_LEDGER";

/// The file's name in the folder of the login's state.
const NAME: &str = "ledger.jsonl";

/// There is no place for a ledger of this login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPlace {
    /// The user has no home folder.
    #[error("this user has no home folder (HOME is not set, and the system knows none)")]
    NoHome,
    /// The variable holds the address of a server.
    #[error("{VARIABLE} names a server, which a guard is given by `.ledger(..)`, and no file")]
    Server,
}

/// The file that all planguard users of this login share: what
/// `PLANGUARD_LEDGER` names, else `planguard/ledger.jsonl` in
/// `$XDG_STATE_HOME` or `~/.local/state` (Linux and other Unix),
/// `~/Library/Application Support` (macOS) or `%LOCALAPPDATA%` (Windows).
///
/// # Errors
///
/// [`NoPlace`] if there is none.
pub fn default_place() -> Result<PathBuf, NoPlace> {
    match env::var_os(VARIABLE).filter(|place| !place.is_empty()) {
        Some(place) if place.to_string_lossy().contains("://") => Err(NoPlace::Server),
        Some(place) => Ok(place.into()),
        None => in_state_folder(NAME),
    }
}

/// The file `name` in the folder of [`default_place`], or where that would be
/// if the variable named none.
#[cfg(feature = "redis")]
pub(in crate::ledger) fn place_beside(name: &str) -> Result<PathBuf, NoPlace> {
    match default_place() {
        Err(NoPlace::Server) => in_state_folder(name),
        place => Ok(place?.with_file_name(name)),
    }
}

/// Whether every shell of this login looks for its ledger at `path`, whatever
/// the variable says in this process.
pub(super) fn is_usual(path: &Path) -> bool {
    env::var_os(VARIABLE).is_none_or(|place| place.is_empty())
        && in_state_folder(NAME).is_ok_and(|usual| usual == path)
}

fn in_state_folder(name: &str) -> Result<PathBuf, NoPlace> {
    Ok(state_folder().ok_or(NoPlace::NoHome)?.join("planguard").join(name))
}

fn state_folder() -> Option<PathBuf> {
    // A service may have this one and no home.
    let named = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    if let Some(named) =
        named.filter(|named| cfg!(unix) && !cfg!(target_os = "macos") && named.is_absolute())
    {
        return Some(named);
    }
    let native = etcetera::base_strategy::choose_native_strategy().ok()?;
    let folder = native.state_dir().unwrap_or_else(|| match cfg!(windows) {
        // The one that does not roam: halts are of this machine's programs.
        true => native.cache_dir(),
        false => native.data_dir(),
    });
    folder.is_absolute().then_some(folder)
}
