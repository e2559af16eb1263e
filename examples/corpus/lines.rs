//! Files of JSON Lines, plain or gzipped.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, anyhow};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

/// Every line of `path` that is not blank. The first bad one is an error that
/// names file, line and column.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("{name}"))?;
    let gzipped = path.extension().is_some_and(|extension| extension == "gz");
    let plain: Box<dyn Read> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(plain).lines()) {
        let line = line.with_context(|| format!("{name}:{number}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let row = serde_json::from_str(&line);
        rows.push(
            row.map_err(|why| anyhow!("{name}:{number}:{}: {}", why.column(), plainly(&why)))?,
        );
    }
    Ok(rows)
}

/// What is wrong, without the line that serde counts: for it there is but one.
fn plainly(why: &serde_json::Error) -> String {
    let told = why.to_string();
    let place = format!(" at line {} column {}", why.line(), why.column());
    told.strip_suffix(&place).unwrap_or(&told).to_owned()
}
