//! One case under valgrind.

use std::{
    io,
    process::{Child, Command, Stdio},
};

use crate::cases::Case;

/// What one unit of a case costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub instructions: f64,
    /// Heap allocations; none if they were not asked for.
    pub allocations: Option<f64>,
}

impl Cost {
    /// The cost of `case`, without that of its control.
    pub fn of(case: &Case, allocations: bool) -> Result<Self, String> {
        let mut cost = Self::gross(case, allocations)?;
        if let Some(control) = case.control {
            let control = Self::gross(control, allocations)?;
            cost.instructions -= control.instructions;
            cost.allocations =
                cost.allocations.zip(control.allocations).map(|(all, own)| all - own);
        }
        Ok(cost)
    }

    fn gross(case: &Case, allocations: bool) -> Result<Self, String> {
        let instructions = per_unit(case, Count::Instructions)?;
        let allocations = allocations.then(|| per_unit(case, Count::Allocations)).transpose()?;
        Ok(Self { instructions, allocations })
    }
}

#[derive(Clone, Copy)]
enum Count {
    Instructions,
    Allocations,
}

/// `(count of many rounds - count of few rounds) / units in between`.
fn per_unit(case: &Case, count: Count) -> Result<f64, String> {
    let (few, many) = case.rounds;
    let start = |rounds| count.start(case.name, rounds);
    let failed = |error: io::Error| format!("valgrind does not start: {error}");
    let (few_run, many_run) = (start(few).map_err(failed)?, start(many).map_err(failed)?);
    let (from, to) = (count.read(case.name, few_run)?, count.read(case.name, many_run)?);
    Ok((to as f64 - from as f64) / (f64::from(many - few) * case.units_per_round()))
}

impl Count {
    fn start(self, name: &str, rounds: u32) -> io::Result<Child> {
        let tool: &[&str] = match self {
            Self::Instructions => &["--tool=callgrind", "--callgrind-out-file=/dev/null"],
            Self::Allocations => &["--tool=memcheck", "--undef-value-errors=no", "--leak-check=no"],
        };
        Command::new("valgrind")
            .args(tool)
            .arg(std::env::current_exe()?)
            .args(["run", name, &rounds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }

    fn read(self, name: &str, run: Child) -> Result<u64, String> {
        let output = run.wait_with_output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        let marker = match self {
            Self::Instructions => "Collected :",
            Self::Allocations => "total heap usage:",
        };
        said.lines()
            .filter(|_| output.status.success())
            .find_map(|line| line.split_once(marker))
            .and_then(|(_, rest)| rest.split_whitespace().next())
            .and_then(|number| number.replace(',', "").parse().ok())
            .ok_or_else(|| format!("case {name} failed under valgrind:\n{said}"))
    }
}
