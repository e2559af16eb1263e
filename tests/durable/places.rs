//! Where the ledger of a login is, and what is said where none can be.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "elsewhere the places differ"))]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use planguard::{
    PlanGuard,
    profile::zai,
    sim::{Answer, Provider},
};
use tempfile::TempDir;

use crate::{
    desk::{self, ask, provider, runtime, striking},
    process::{Process, command, say, words},
};

const WAYS_OUT: [&str; 3] = ["PLANGUARD_LEDGER", "`.ledger(..)`", "MemoryLedger"];
/// A user that no system knows.
pub const STRANGER: u32 = 54_321;

/// A machine with a folder that any of its users may read.
pub struct Machine {
    folder: TempDir,
    program: PathBuf,
}

impl Machine {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let mut program = std::env::current_exe().unwrap();
        if is_root() {
            // Where a stranger can reach it. Not written by this process, whose
            // other threads begin children that would hold it open for writing.
            let copy = folder.path().join("program");
            assert!(Command::new("cp").args([&program, &copy]).status().unwrap().success());
            program = copy;
        }
        Self { folder, program }
    }

    /// A folder of the user who runs the children.
    pub fn home(&self, name: &str) -> PathBuf {
        let home = self.folder.path().join(name);
        fs::create_dir(&home).unwrap();
        #[cfg(unix)]
        if is_root() {
            std::os::unix::fs::chown(&home, Some(STRANGER), Some(STRANGER)).unwrap();
        }
        home
    }

    /// A child that knows these variables and no others. If root runs this,
    /// it is a stranger: root may write everywhere, and has a home.
    pub fn child<V: AsRef<OsStr>>(&self, role: &str, env: &[(&str, V)]) -> Command {
        let mut command = command(&self.program, "child");
        command.env_clear().env(desk::ROLE, role).current_dir(self.folder.path());
        #[cfg(unix)]
        if is_root() {
            use std::os::unix::process::CommandExt as _;
            command.uid(STRANGER).gid(STRANGER);
        }
        env.iter().for_each(|(name, value)| {
            command.env(name, value);
        });
        command
    }

    /// What `build()` says there.
    fn built<V: AsRef<OsStr>>(&self, env: &[(&str, V)]) -> String {
        Process::start(self.child("places", env)).hear()
    }
}

fn open_to_all(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let _ = folder;
}

/// Whether root runs this, who may be anybody.
pub fn is_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// All that is in `folder`, at any depth.
fn within(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(within(&path));
        }
        found.push(path);
    }
    found
}

#[cfg(target_os = "linux")]
mod on_linux {
    use super::*;

    #[track_caller]
    fn names_the_ways_out(said: &str, why: &str) {
        assert!(said.starts_with("no place to keep halts at: "), "{said}");
        for words in WAYS_OUT.iter().chain([&why]) {
            assert!(said.contains(words), "no `{words}` in: {said}");
        }
    }

    #[test]
    fn a_user_without_passwd_entry_and_home_is_told_the_three_ways_out() {
        if !is_root() {
            let required = std::env::var_os("PLANGUARD_REQUIRE_ROOT").is_some();
            assert!(!required, "only root can be another user");
            return desk::tell("skipped: only root can be a user without passwd entry");
        }
        let machine = Machine::new();
        names_the_ways_out(&machine.built::<&str>(&[]), "no home folder");
        let xdg = machine.home("state");
        let said = machine.built(&[("XDG_STATE_HOME", &xdg)]);
        assert!(said.contains(&*xdg.join("planguard/ledger.jsonl").to_string_lossy()), "{said}");
    }

    #[test]
    fn a_home_that_is_no_absolute_path_is_none() {
        let machine = Machine::new();
        let before = within(machine.folder.path());
        names_the_ways_out(&machine.built(&[("HOME", "home")]), "no home folder");
        assert_eq!(within(machine.folder.path()), before);
    }

    #[test]
    fn a_home_that_cannot_be_written_is_named_and_nothing_is_made() {
        use std::os::unix::fs::PermissionsExt as _;
        let machine = Machine::new();
        names_the_ways_out(&machine.built(&[("HOME", "/proc")]), "/proc/.local/state/planguard");
        let home = machine.home("home");
        fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).unwrap();
        let said = machine.built(&[("HOME", &home)]);
        names_the_ways_out(&said, &home.to_string_lossy());
        assert!(said.contains("let this user write the file and its folder"), "{said}");
        assert_eq!(within(&home), [] as [PathBuf; 0]);
    }

    #[test]
    fn a_file_that_this_user_may_not_write_is_named_and_left_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let machine = Machine::new();
        let home = machine.home("home");
        let file = home.join("ledger.jsonl");
        let said = machine.built(&[("PLANGUARD_LEDGER", &file)]);
        assert!(said.contains(&*file.to_string_lossy()), "{said}");
        let before = fs::read(&file).unwrap();
        for path in within(&home) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
        }
        fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).unwrap();
        let said = machine.built(&[("PLANGUARD_LEDGER", &file)]);
        names_the_ways_out(&said, &file.to_string_lossy());
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[test]
    fn the_variable_decides_unless_it_is_empty_or_a_server() {
        let machine = Machine::new();
        let home = machine.home("home");
        let usual = home.join(".local/state/planguard/ledger.jsonl");
        let here = home.join("here.jsonl");
        let built =
            |variable: &Path| machine.built(&[("HOME", &*home), ("PLANGUARD_LEDGER", variable)]);
        let said = built(Path::new("redis://localhost"));
        names_the_ways_out(&said, "names a server");
        assert_eq!(within(&home), [] as [PathBuf; 0]);
        assert!(built(&here).contains("here.jsonl"));
        assert!(here.exists() && !usual.exists());
        assert!(built(Path::new("")).contains(&*usual.to_string_lossy()));
        assert!(usual.exists());
    }

    #[test]
    fn a_state_folder_that_is_no_absolute_path_is_ignored() {
        let machine = Machine::new();
        let home = machine.home("home");
        let said =
            machine.built(&[("HOME", home.as_os_str()), ("XDG_STATE_HOME", OsStr::new("x"))]);
        let usual = home.join(".local/state/planguard/ledger.jsonl");
        assert!(said.contains(&*usual.to_string_lossy()), "{said}");
        assert!(!machine.folder.path().join("x").exists());
    }

    #[test]
    fn two_processes_of_one_login_share_the_halt() {
        let machine = Machine::new();
        let home = machine.home("home");
        let asked = |how: &str| {
            let mut child = Process::start(machine.child("places", &[("HOME", &home)]));
            assert!(child.hear().contains("ledger.jsonl"));
            child.tell(how);
            child.hear()
        };
        assert_eq!(asked("strike"), "Strike");
        assert_eq!(asked("ask"), "Refusal");
    }
}

/// Builds a guard with all defaults, says what comes of it, and asks with it.
pub fn child() {
    let plan = match PlanGuard::builder(zai()).build() {
        Ok(plan) => plan,
        Err(error) => return say(error),
    };
    say(format_args!("{plan:?}"));
    for word in words() {
        let provider: Provider = match &*word {
            "strike" => striking(),
            _ => provider(Answer::completion()),
        };
        let brought = runtime().block_on(ask(&plan, &provider, "a", false));
        say(format_args!("{brought:?}"));
    }
}
