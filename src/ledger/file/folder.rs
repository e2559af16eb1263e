//! Files and folders that only their user reads.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Options whose new files only the user reads: mode 0600 on Unix, the
/// folder's rights on Windows.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the folder of `path`, for this user alone, if it is not there.
pub(super) fn make_folder_of(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Puts `bytes` at `path` in one step: whatever happens meanwhile, the path
/// has all of the old file or all of the new one, and it is on the disk.
pub(super) fn replace(path: &Path, scratch: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create(true).truncate(true).open(scratch)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(scratch, path)?;
    sync_folder_of(path)
}

/// A rename is on the disk only when its folder is. Windows has no such
/// thing, and opens no folder as a file.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
