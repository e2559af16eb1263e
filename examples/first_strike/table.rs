//! The figures, for people.

use crate::{case::Row, scenario::Scenario};

/// Hits after the first signal: a block for each number of callers, a line
/// for each stack, a column for each scenario.
pub fn print(rows: &[Row]) {
    println!(
        "hits after the provider's first signal in one simulated day, each caller asking once a second"
    );
    println!(
        "(+n: already in flight; t: trials; BAN: the provider banned the account; *: the words of the"
    );
    println!(" provider were not in the last failure)\n");
    for callers in [1, 4] {
        let block: Vec<&Row> = rows.iter().filter(|row| row.callers == callers).collect();
        if block.is_empty() {
            continue;
        }
        println!("### {}\n", if callers == 1 { "A lone caller" } else { "Four parallel callers" });
        let shown = |scenario: &&Scenario| block.iter().any(|row| row.scenario == scenario.name());
        let scenarios: Vec<&Scenario> = Scenario::ALL.iter().filter(shown).collect();
        let mut lines = vec![vec!["stack".to_owned()]];
        lines[0].extend(scenarios.iter().map(|scenario| short(scenario.name())));
        let mut stacks: Vec<&str> = block.iter().map(|row| row.stack).collect();
        stacks.dedup();
        for stack in stacks {
            let cell = |scenario: &&Scenario| {
                let row =
                    block.iter().find(|row| row.stack == stack && row.scenario == scenario.name());
                row.map_or_else(String::new, |row| told(row))
            };
            lines.push(
                std::iter::once(stack.to_owned()).chain(scenarios.iter().map(cell)).collect(),
            );
        }
        aligned(&lines);
        println!();
    }
}

fn short(name: &str) -> String {
    name.replace(", back after ", " +")
}

fn told(row: &Row) -> String {
    let mut told = row.hits_after_first_signal.to_string();
    if row.hits_already_in_flight > 0 {
        told += &format!(" +{}", row.hits_already_in_flight);
    }
    if row.trials > 0 {
        told += &format!(" {}t", row.trials);
    }
    if row.banned {
        told += " BAN";
    }
    if !row.user_saw_message {
        told += " *";
    }
    told
}

/// A Markdown table whose columns line up.
fn aligned(lines: &[Vec<String>]) {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (place, line) in lines.iter().enumerate() {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("| {} |", cells.join(" | "));
        if place == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            println!("| {} |", rules.join(" | "));
        }
    }
}
