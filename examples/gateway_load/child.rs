//! A process under test, and what it holds.

use std::{env, process::Stdio, time::Duration};

use planguard::BoxError;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child as Process, Command},
};

pub struct Child {
    process: Process,
    pub url: String,
}

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holds {
    pub memory_kib: u64,
    pub descriptors: usize,
    /// Time on a processor so far, in the 10 ms that Linux counts in.
    pub cpu_ms: u64,
    pub tasks: u64,
}

impl Child {
    /// Starts a program that was built beside this one, and waits until it
    /// says where it listens.
    pub async fn start(name: &str, args: &[&str]) -> Result<Self, BoxError> {
        let path = env::current_exe()?.with_file_name(name);
        let mut command = Command::new(&path);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| {
            format!("{} cannot be started: {error} (benches/gateway.sh builds it)", path.display())
        })?;
        let out = process.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(out).lines();
        let first = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await??;
        let first = first.ok_or_else(|| format!("{name} ended before it listened"))?;
        let url = first.strip_prefix("listening on ").ok_or("it listens nowhere")?;
        let url = url.split([' ', ':']).take(3).collect::<Vec<_>>().join(":");
        // What it prints later has to go somewhere.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, url })
    }

    /// What it holds, as Linux has it; tasks only where it has metrics.
    pub async fn holds(&self) -> Result<Holds, BoxError> {
        let id = self.process.id().ok_or("it has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|text| text.split_whitespace().next()?.parse().ok());
        let descriptors = std::fs::read_dir(format!("/proc/{id}/fd"))?.count();
        let cpu_ms = cpu_ms(id).unwrap_or_default();
        let tasks = tasks(&self.url).await.unwrap_or_default();
        Ok(Holds { memory_kib: memory.unwrap_or_default(), descriptors, cpu_ms, tasks })
    }
}

/// In user and kernel mode: fields 14 and 15 of its `stat`.
fn cpu_ms(id: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
}

async fn tasks(url: &str) -> Option<u64> {
    let text = reqwest::get(format!("{url}/metrics")).await.ok()?.text().await.ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("gateway_tasks "))?;
    line.trim().parse::<f64>().ok().map(|tasks| tasks as u64)
}
