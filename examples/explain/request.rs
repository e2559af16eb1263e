//! What planguard's own model makes of outgoing requests.

use std::{
    io::{self, BufRead, Write},
    time::Instant,
};

use planguard::{
    BoxError,
    exchange::Evidence,
    workload::{Classifier, Limits, OwnModel, Sensitivity, View},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

#[derive(Deserialize)]
struct Asked<'a> {
    id: serde_json::Value,
    #[serde(borrow)]
    request: &'a RawValue,
}

pub(crate) fn explain(sensitivity: Sensitivity) -> Result<(), BoxError> {
    let model = OwnModel::new(sensitivity);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: Asked<'_> =
            serde_json::from_str(&line).map_err(|error| format!("line {}: {error}", number + 1))?;
        let body = asked.request.get().as_bytes();
        let began = Instant::now();
        let view = View::read(body, Limits::default());
        let verdict = view.as_ref().map(|view| model.classify(view));
        let micros = began.elapsed().as_nanos() as f64 / 1_000.0;
        let evidence: Vec<_> = verdict
            .iter()
            .flat_map(|verdict| verdict.evidence.iter())
            .map(Evidence::to_string)
            .collect();
        let told = json!({
            "id": asked.id,
            "workload": verdict.as_ref().map_or("unclear", |verdict| verdict.workload.as_str()),
            "score": verdict.as_ref().and_then(|verdict| verdict.score),
            "turn_start": view.as_ref().is_none_or(|view| view.turn_start),
            "evidence": evidence,
            "micros": (micros * 10.0).round() / 10.0,
        });
        writeln!(out, "{told}")?;
    }
    out.flush()?;
    Ok(())
}
