//! What a recorder has heard.

use std::collections::BTreeMap;

use metrics::LocalRecorderGuard;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// All that was counted and timed. Nothing in it is forgotten when it is
/// looked at.
pub struct Book {
    snapshotter: Snapshotter,
    counts: BTreeMap<Series, u64>,
    times: BTreeMap<Series, Vec<f64>>,
}

/// A metric's name without `planguard_`, and its labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    pub name: String,
    pub labels: Vec<(String, String)>,
}

/// Writes down what this thread counts while the guard lives.
pub fn open(recorder: &DebuggingRecorder) -> (LocalRecorderGuard<'_>, Book) {
    let snapshotter = recorder.snapshotter();
    let book = Book { snapshotter, counts: BTreeMap::new(), times: BTreeMap::new() };
    (metrics::set_default_local_recorder(recorder), book)
}

impl Book {
    fn read(&mut self) {
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let key = key.key();
            let name = key.name().strip_prefix("planguard_").expect("ours").to_owned();
            let labels =
                key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
            let series = Series { name, labels: labels.collect() };
            match value {
                DebugValue::Counter(more) => *self.counts.entry(series).or_default() += more,
                DebugValue::Histogram(more) => {
                    let times = more.into_iter().map(|time| time.into_inner());
                    self.times.entry(series).or_default().extend(times);
                }
                DebugValue::Gauge(_) => panic!("no gauge is promised: {series:?}"),
            }
        }
    }

    /// Each counter called `name` that is not zero, as in `zai sent 2`.
    pub fn counts(&mut self, name: &str) -> Vec<String> {
        self.read();
        let of_name = self.counts.iter().filter(|(series, n)| series.name == name && **n > 0);
        of_name.map(|(series, n)| format!("{} {n}", series.words())).collect()
    }

    /// What stands in the histogram `name` for the Z.AI plan.
    pub fn times(&mut self, name: &str) -> &[f64] {
        self.read();
        let mut of_name = self.times.iter().filter(|(series, _)| series.name == name);
        let times = of_name.next().map_or(&[][..], |(_, times)| times);
        assert!(of_name.next().is_none(), "one profile, one series");
        times
    }

    /// Every series, those that stand at zero too.
    pub fn series(&mut self) -> Vec<Series> {
        self.read();
        self.counts.keys().chain(self.times.keys()).cloned().collect()
    }
}

impl Series {
    /// The values of its labels.
    pub fn words(&self) -> String {
        let words: Vec<_> = self.labels.iter().map(|(_, value)| value.as_str()).collect();
        words.join(" ")
    }
}
