//! A disk without room, and a file that may not be written any more: the
//! answer comes, the process stays halted, nothing half-written stays.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux can set such limits"))]

use std::time::{Duration, Instant};

use planguard::{
    PlanGuard,
    breaker::{Events, What},
    ledger::FileLedger,
    sim::Answer,
};

use crate::{
    desk::{ask, file, guard, provider, striking},
    process::{say, words},
};

#[cfg(target_os = "linux")]
mod on_linux {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use planguard::{account::Account, ledger::Ledger as _};

    use super::*;
    use crate::{desk::FILE, places::Machine, process::Process};

    struct Program {
        _machine: Machine,
        process: Process,
        folder: PathBuf,
        file: PathBuf,
    }

    impl Program {
        fn start() -> Self {
            let machine = Machine::new();
            let folder = machine.home("state");
            let file = folder.join("ledger.jsonl");
            let child = machine.child("room", &[(FILE, &file)]);
            let process = Process::start(through_a_shell(child));
            Self { _machine: machine, process, folder, file }
        }

        /// Strikes the account `id`. Answers with what the ledger said.
        fn strike(&mut self, id: &str) -> String {
            self.process.tell(format_args!("strike {id}"));
            let said = self.process.hear();
            let (brought, trouble) = said.split_once(": ").unwrap();
            assert_eq!(brought, "Strike");
            trouble.to_owned()
        }

        fn is_halted(&mut self, id: &str) {
            self.process.tell(format_args!("ask {id}"));
            assert_eq!(self.process.hear(), "Refusal");
        }

        /// Its next tries succeed.
        fn mended(&mut self, id: &str) {
            self.process.tell(format_args!("wait {id}"));
            assert_eq!(self.process.hear(), "written");
            assert!(self.keeps(id));
        }

        /// What a process finds that starts at this moment.
        fn keeps(&self, id: &str) -> bool {
            let account = Account::from_credential("zai", id.as_bytes());
            let ledger = FileLedger::open(&self.file).unwrap();
            let opened = ledger.open(&account);
            !futures_util::FutureExt::now_or_never(opened).unwrap().unwrap().record.halts.is_empty()
        }

        fn rights(&self, file: u32, folder: u32) {
            use std::os::unix::fs::PermissionsExt as _;
            for path in [&self.file, &lock_of(&self.file)] {
                fs::set_permissions(path, fs::Permissions::from_mode(file)).unwrap();
            }
            fs::set_permissions(&self.folder, fs::Permissions::from_mode(folder)).unwrap();
        }

        /// No file of the program grows beyond `bytes` from here on.
        fn limit(&self, bytes: &str) {
            let pid = self.process.id().to_string();
            let limit = format!("--fsize={bytes}:");
            let mut prlimit = Command::new("prlimit");
            prlimit.args(["--pid", &pid, &limit]);
            assert!(as_its_user(&mut prlimit).status().unwrap().success());
        }
    }

    fn lock_of(file: &Path) -> PathBuf {
        file.with_file_name("ledger.jsonl.lock")
    }

    /// `child`, which hears of a file that may not grow as an error and not as
    /// a signal.
    fn through_a_shell(child: Command) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
        shell.arg(child.get_program()).args(child.get_args()).env_clear();
        shell.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        as_its_user(&mut shell);
        shell
    }

    /// Only who runs a program may limit it.
    fn as_its_user(command: &mut Command) -> &mut Command {
        use std::os::unix::process::CommandExt as _;
        match crate::places::is_root() {
            true => command.uid(crate::places::STRANGER).gid(crate::places::STRANGER),
            false => command,
        }
    }

    #[test]
    fn a_disk_without_room_halts_the_process_and_keeps_no_half_line() {
        if Command::new("prlimit").arg("--version").output().is_err() {
            return crate::desk::tell("skipped: `prlimit` is not there");
        }
        let mut program = Program::start();
        assert_eq!(program.strike("a"), "nothing");
        let before = fs::read(&program.file).unwrap();
        // Half of a line has room.
        program.limit(&(before.len() + 100).to_string());
        for id in ["b", "c"] {
            let trouble = program.strike(id);
            let place = program.file.to_string_lossy().into_owned();
            assert!(trouble.contains(&place), "no `{place}` in: {trouble}");
            assert!(trouble.contains("cannot write the file: File too large"), "{trouble}");
            assert!(trouble.contains("raise the limit on the size of files"), "{trouble}");
            program.is_halted(id);
            assert!(fs::read(&program.file).unwrap() == before, "half a line stayed");
        }
        assert!(program.keeps("a") && !program.keeps("b"));
        program.limit("unlimited");
        program.mended("b");
        program.mended("c");
    }

    #[test]
    fn a_file_that_may_not_be_written_any_more_halts_the_process_until_it_may() {
        let mut program = Program::start();
        assert_eq!(program.strike("a"), "nothing");
        program.rights(0o444, 0o555);
        let trouble = program.strike("b");
        let place = program.file.to_string_lossy().into_owned();
        for words in [&*place, "Permission denied", "let this user write the file and its folder"] {
            assert!(trouble.contains(words), "no `{words}` in: {trouble}");
        }
        program.is_halted("b");
        program.rights(0o600, 0o700);
        program.mended("b");
    }
}

/// On a clock that moves on when there is nothing to do: no pause is waited for.
pub fn child() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
        let plan = guard(FileLedger::open(file()).unwrap()).build().unwrap();
        let mut events = plan.events();
        for word in words() {
            let (what, id) = word.split_once(' ').unwrap();
            match what {
                "strike" => {
                    let began = Instant::now();
                    let brought = ask(&plan, &striking(), id, false).await;
                    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
                    say(format_args!("{brought:?}: {}", trouble(&mut events)));
                }
                "ask" => {
                    let brought = ask(&plan, &provider(Answer::completion()), id, false).await;
                    say(format_args!("{brought:?}"));
                }
                _ => say(if written(&plan, id).await { "written" } else { "not written" }),
            }
        }
    });
}

/// What the ledger could not do since, in its own words.
fn trouble(events: &mut Events) -> String {
    let said = std::iter::from_fn(|| events.try_next()).find_map(|event| match event.what {
        What::LedgerTrouble { error, .. } => Some(error),
        _ => None,
    });
    said.unwrap_or_else(|| "nothing".to_owned())
}

/// Whether the ledger has the halt of `id` within ten minutes.
async fn written(plan: &PlanGuard, id: &str) -> bool {
    let account = plan.account_of(&planguard::profile::zai(), id);
    for _ in 0..600 {
        let all = plan.ledger().await.unwrap();
        if all.iter().any(|(known, record)| *known == account && !record.halts.is_empty()) {
            return true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    false
}
