//! What a program's log would hold.

use std::{
    fmt, io,
    sync::{Arc, Once},
};

use parking_lot::Mutex;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

/// The lines that were logged on this thread. A span shows all its fields
/// when it closes.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

/// Captures every event and span of this thread until the guard is dropped.
pub fn capture() -> (Lines, DefaultGuard) {
    // A line that another test's thread, which captures nothing, comes to first
    // would be off for all of them.
    static ELSEWHERE: Once = Once::new();
    ELSEWHERE.call_once(|| {
        let nowhere =
            tracing_subscriber::fmt().with_writer(io::sink).with_max_level(LevelFilter::TRACE);
        let _ = tracing::subscriber::set_global_default(nowhere.finish());
    });
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

impl Lines {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }

    /// The lines that hold all of `parts`.
    pub fn with(&self, parts: &[&str]) -> Vec<String> {
        let text = self.text();
        let all = |line: &&str| parts.iter().all(|part| line.contains(part));
        text.lines().filter(all).map(str::to_owned).collect()
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
