//! The command under a user who may not, or has nothing.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{desk::Desk, trouble::is_unavailable};

/// One that no system knows.
const STRANGER: u32 = 54_321;

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root(desk: &Desk) -> bool {
    fs::metadata(desk.folder.path()).unwrap().uid() == 0
}

/// The binary where another user may run it, wherever the build is.
fn binary(desk: &Desk) -> PathBuf {
    let binary = desk.folder.path().join("planguard");
    fs::copy(env!("CARGO_BIN_EXE_planguard"), &binary).unwrap();
    set(desk.folder.path(), 0o755);
    binary
}

#[test]
fn a_place_that_this_user_cannot_write() {
    let desk = Desk::begun();
    desk.halted("ada", "h-a", json!({}));
    let (binary, deep) = (binary(&desk), desk.path().parent().unwrap().to_owned());
    fs::remove_file(deep.join("ledger.jsonl.lock")).unwrap();
    set(&desk.path(), 0o444);
    set(&deep, 0o555);
    is_unavailable(&desk, "let ", |args| {
        let mut command = Command::new(&binary);
        command.args(args).env("PLANGUARD_LEDGER", desk.path()).stdin(Stdio::null());
        if is_root(&desk) {
            // Nothing is read-only for root.
            command.uid(STRANGER).gid(STRANGER);
        }
        crate::desk::ran(command)
    });
    set(&deep, 0o755);
}

#[test]
fn a_user_without_a_home_is_told_to_name_a_place() {
    let desk = Desk::new();
    if !is_root(&desk) {
        println!("skipped: only root can be another user");
        return;
    }
    for command in ["list", "doctor"] {
        let mut stranger = Command::new(binary(&desk));
        stranger.arg(command).env_clear().stdin(Stdio::null()).uid(STRANGER).gid(STRANGER);
        let words = ["has no home folder", "--ledger or PLANGUARD_LEDGER"];
        crate::desk::ran(stranger).says(6, &words);
    }
}
