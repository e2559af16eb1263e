//! Counts the instructions and allocations of planguard's hot paths beside
//! those of its peers, and checks them against their budgets.
//!
//! Instructions, because machines are noisy: a count is the same on a busy
//! laptop and on a shared runner. Each case runs in a process of its own
//! under valgrind, twice, with different numbers of rounds; the difference
//! leaves out start and set-up. Instructions of the kernel are not counted,
//! so a reading of the clock costs what its call costs, for every peer alike.
//!
//! `planguard-instructions [--json] [ROW..]` runs the named rows, or all;
//! `planguard-instructions run CASE ROUNDS` is what it starts under valgrind.

mod cases;
mod measure;
mod report;
mod rows;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", name, rounds] => run(name, rounds),
        _ => {
            let json = args.iter().position(|arg| arg == "--json").map(|place| args.remove(place));
            count(json.is_some(), &args)
        }
    }
}

fn run(name: &str, rounds: &str) -> ExitCode {
    match (cases::find(name), rounds.parse()) {
        (Some(case), Ok(rounds)) => {
            (case.run)(rounds);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("no case `{name}`, or no number: {rounds}");
            ExitCode::from(2)
        }
    }
}

fn count(json: bool, wanted: &[String]) -> ExitCode {
    let rows = rows::all();
    if let Some(unknown) = wanted.iter().find(|name| rows.iter().all(|row| row.name != **name)) {
        let names: Vec<_> = rows.iter().map(|row| row.name).collect();
        eprintln!("no row `{unknown}`; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|own| own == name);
    let counted: Result<Vec<_>, _> =
        rows.iter().filter(|row| wanted(row.name)).map(report::Counted::count).collect();
    let counted = match counted {
        Ok(counted) => counted,
        Err(error) => {
            eprintln!("budgets: {error}");
            return ExitCode::from(2);
        }
    };
    if json {
        println!("{}", report::json(&counted));
    } else {
        print!("{}", report::table(&counted));
    }
    let failed = counted.iter().any(|row| row.fails());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
