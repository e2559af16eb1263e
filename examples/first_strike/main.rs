//! What each stack does to an account after the provider's first signal.
//!
//! ```text
//! cargo run --release --features reqwest,sim --example first_strike
//! cargo run --release --features reqwest,sim --example first_strike -- --json
//! ```
//!
//! Two rows are of a program that is started anew for each call, with its
//! ledger in a file. With the feature `redis` and a `redis-server` on the PATH there are rows for
//! three replicas that share it.
//!
//! Every case is a simulated day on a paused clock: each caller asks once a
//! second. The simulated provider counts, nobody else. "After" counts what
//! arrived after the provider's first signal was complete; what had been
//! handed to the transport by then stands apart, and so does the traffic that
//! flowed once a passed trial had reopened the account.

mod case;
mod clients;
mod in_process;
mod peers;
#[cfg(feature = "redis")]
mod replicas;
mod restarts;
mod scenario;
mod stacks;
mod table;

use std::{
    collections::VecDeque,
    io::{IsTerminal, Write},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use clap::Parser;

use case::{Case, Row};
use scenario::Scenario;
use stacks::Stack;

#[derive(Parser)]
#[command(about = "What each stack does to an account after the provider's first signal")]
struct Args {
    /// One JSON object instead of the table.
    #[arg(long)]
    json: bool,
    /// Only stacks whose name contains this.
    #[arg(long)]
    stack: Option<String>,
    /// Only scenarios whose name contains this.
    #[arg(long)]
    scenario: Option<String>,
    /// How long the simulated day is.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24))]
    hours: u32,
}

fn main() {
    let args = Args::parse();
    let named = |name: &str, part: &Option<String>| {
        part.as_ref().is_none_or(|part| name.contains(part.as_str()))
    };
    let mut cases = VecDeque::new();
    #[cfg(feature = "redis")]
    let server = replicas::serve();
    #[cfg(not(feature = "redis"))]
    let server = None::<()>;
    let possible = |stack: &Stack| !stack.is_shared() || server.is_some();
    let stacks = Stack::ALL.iter().filter(|stack| named(stack.name, &args.stack));
    for stack in stacks.copied().filter(possible) {
        for scenario in Scenario::ALL.into_iter().filter(|s| named(s.name(), &args.scenario)) {
            for callers in [1, 4] {
                cases.push_back(Case { stack, scenario, callers });
            }
        }
    }
    let day = Duration::from_secs(u64::from(args.hours) * 60 * 60);
    let rows = run(&cases, day);
    if args.json {
        println!("{}", serde_json::json!({ "hours": args.hours, "rows": rows }));
    } else {
        table::print(&rows);
    }
}

/// Runs all cases on all cores, and tells on standard error how far it is.
fn run(cases: &VecDeque<Case>, day: Duration) -> Vec<Row> {
    let all = cases.len();
    let queue = Mutex::new(cases.iter().copied().enumerate().collect::<VecDeque<_>>());
    let (rows, done) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no worker panics").pop_front();
                    let Some((place, case)) = next else { return };
                    let row = case.run(day);
                    rows.lock().expect("no worker panics").push((place, row));
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    tell(done, all);
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no worker panics");
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A line that moves on a terminal, and one in sixteen elsewhere.
fn tell(done: usize, all: usize) {
    let mut to = std::io::stderr();
    let end = if done == all { "\n" } else { "" };
    let _ = match to.is_terminal() {
        true => write!(to, "\r{done} of {all} simulated days{end}").and_then(|()| to.flush()),
        false if done % 16 == 0 => writeln!(to, "{done} of {all} simulated days"),
        false => Ok(()),
    };
}
