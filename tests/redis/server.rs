//! A `redis-server` of a test's own.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

/// A running server, in a folder of its own. Killed when it is dropped.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub port: u16,
    args: Vec<String>,
}

impl Server {
    /// One that keeps nothing on a disk; none if the machine has no Redis.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// The same with more arguments.
    pub fn with(args: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            let required = std::env::var("PLANGUARD_REQUIRE_REDIS").is_ok_and(|set| set == "1");
            assert!(!required, "there is no redis-server on the PATH");
            println!("skipped: there is no redis-server on the PATH");
            return None;
        }
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        // Another process may take the free port before the server does.
        let (child, port) = (0..10)
            .find_map(|_| {
                let port = free_port();
                run(port, &folder, &args).map(|child| (child, port))
            })
            .expect("no redis-server comes up");
        Some(Self { child, folder, port, args })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server, as a power cut does.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on its port. What it did not write to its disk is lost.
    pub fn start_again(&mut self) {
        self.child = run(self.port, &self.folder, &self.args).expect("it comes up again");
    }

    /// A connection that knows nothing of planguard.
    pub async fn raw(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Sends one command, its words split at spaces.
    pub async fn does<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let words: Vec<_> = command.split(' ').collect();
        self.does_all(&words).await
    }

    pub async fn does_all<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query_async(&mut self.raw().await).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Returns when the server says that it is ready; none if it ends before.
fn run(port: u16, folder: &TempDir, args: &[String]) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--dir", folder.path().to_str().unwrap(), "--daemonize", "no", "--logfile", ""])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while said.read_line(&mut line).unwrap_or(0) > 0 {
        if line.contains("Ready to accept connections") {
            // Who does not read what it says would stop it one day.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return Some(child);
        }
        line.clear();
    }
    let _ = child.wait();
    None
}
