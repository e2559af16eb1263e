//! Another process of the test's own program, and a pipe to it each way.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    ffi::OsStr,
    fmt::Display,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// What a child's words begin with, amid what the test runner prints.
const SAYS: &str = "child says ";

/// How the test `name` of this program is run alone, in a process of its own.
pub fn command(program: impl AsRef<OsStr>, name: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", name, "--nocapture", "--test-threads", "1"]);
    command
}

/// A child. It is killed when this is dropped.
pub struct Process {
    child: Child,
    hears: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (hears, said) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, hears, said: BufReader::new(said) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn tell(&mut self, word: impl Display) {
        self.hears.write_all(format!("{word}\n").as_bytes()).unwrap();
    }

    /// The next thing that it says; none if it has ended. Half a line is not
    /// said.
    pub fn heard(&mut self) -> Option<String> {
        let mut line = Vec::new();
        loop {
            line.clear();
            self.said.read_until(b'\n', &mut line).unwrap();
            let whole = String::from_utf8_lossy(&line);
            let whole = whole.strip_suffix('\n')?;
            if let Some((_, said)) = whole.split_once(SAYS) {
                return Some(said.to_owned());
            }
        }
    }

    pub fn hear(&mut self) -> String {
        self.heard().expect("the child lives")
    }

    /// Ends it on the spot (SIGKILL on Unix).
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it ends well.
    pub fn ends(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a child: `word` is in the pipe when this returns.
pub fn say(word: impl Display) {
    let mut out = std::io::stdout().lock();
    // What the runner has printed is no whole line.
    out.write_all(format!("\n{SAYS}{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// In a child: what it is told, until the parent is gone.
pub fn words() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map(|line| line.unwrap())
}
