//! Times, and how they are told.

use std::time::Duration;

use serde_json::json;

use crate::soak::{Crowd, Soak};

#[derive(Default)]
pub struct Times(Vec<Duration>);

impl From<Vec<Duration>> for Times {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

impl Times {
    pub fn add(&mut self, more: Self) {
        self.0.extend(more.0);
        self.0.sort_unstable();
    }

    /// In milliseconds: the time that this part of them stays below.
    pub fn at(&self, part: f64) -> f64 {
        let at = (self.0.len().saturating_sub(1) as f64 * part).round() as usize;
        self.0.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// How much of the bare proxy's time to the first byte the gateway's is.
#[derive(Clone, Copy)]
pub struct Ratio {
    pub p50: f64,
    pub p99: f64,
}

impl Ratio {
    pub fn of(gateway: &Times, bare: &Times) -> Self {
        let ratio = |part: f64| gateway.at(part) / bare.at(part);
        Self { p50: ratio(0.5), p99: ratio(0.99) }
    }

    pub fn is_within(self, most: f64) -> bool {
        self.p50 <= most && self.p99 <= most
    }
}

pub fn table(
    as_json: bool,
    names: &[&str; 3],
    first_byte: &[Times; 3],
    crowd: &[(&str, Crowd); 2],
    soak: &Soak,
) {
    let few = Ratio::of(&first_byte[2], &first_byte[1]);
    let many = Ratio::of(&crowd[1].1.first_byte, &crowd[0].1.first_byte);
    if as_json {
        let times = |times: &Times| json!({ "p50_ms": times.at(0.5), "p99_ms": times.at(0.99) });
        let first: serde_json::Map<_, _> =
            names.iter().zip(first_byte).map(|(name, t)| ((*name).to_owned(), times(t))).collect();
        let crowd: serde_json::Map<_, _> = crowd
            .iter()
            .map(|(name, crowd)| {
                let told = json!({
                    "streams": crowd.streams, "first_byte": times(&crowd.first_byte),
                    "memory_kib": crowd.memory_kib, "cpu_ms": crowd.cpu_ms,
                });
                ((*name).to_owned(), told)
            })
            .collect();
        let holds = |h: &crate::child::Holds| json!({ "memory_kib": h.memory_kib, "descriptors": h.descriptors, "tasks": h.tasks });
        println!(
            "{}",
            json!({
                "first_byte": first, "ratio_p50": few.p50, "ratio_p99": few.p99,
                "crowd": crowd, "crowd_ratio_p50": many.p50, "crowd_ratio_p99": many.p99,
                "soak": { "broken": soak.broken, "before": holds(&soak.before), "after": holds(&soak.after) },
            })
        );
        return;
    }
    println!("time to the first byte        p50 ms    p99 ms");
    for (name, times) in names.iter().zip(first_byte) {
        println!("{name:<25} {:>10.3} {:>9.3}", times.at(0.5), times.at(0.99));
    }
    println!("gateway : bare proxy      {:>10.2} {:>9.2}", few.p50, few.p99);
    println!(
        "\nmany streams at once      p50 ms    p99 ms   streams   CPU ms   memory KiB before, standing, end"
    );
    for (name, crowd) in crowd {
        let [before, middle, end] = crowd.memory_kib;
        let times = &crowd.first_byte;
        println!(
            "{name:<20} {:>11.3} {:>9.3} {:>9} {:>8}   {before}, {middle}, {end}",
            times.at(0.5),
            times.at(0.99),
            crowd.streams,
            crowd.cpu_ms
        );
    }
    println!("gateway : bare proxy {:>11.2} {:>9.2}", many.p50, many.p99);
    let (before, after) = (soak.before, soak.after);
    println!("\n{} calls that broke off   before   after", soak.broken);
    println!("memory KiB {:>24} {:>7}", before.memory_kib, after.memory_kib);
    println!("descriptors {:>23} {:>7}", before.descriptors, after.descriptors);
    println!("tasks {:>29} {:>7}", before.tasks, after.tasks);
}
