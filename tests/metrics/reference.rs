//! The table in the documentation is what a recorder is told.

use std::collections::{BTreeMap, BTreeSet};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::debugging::DebuggingRecorder;
use parking_lot::Mutex;
use planguard::{
    ledger::{HaltKind, Strike},
    refusal::Reason,
    signal::Class,
    sim::Answer,
};

use crate::{
    ask, book,
    wire::{Transport, Wire, guard, provider},
};

const DOCS: &str = include_str!("../../src/metrics.rs");

/// The rows of the table: name, type, labels and the words of the last column.
fn rows() -> BTreeMap<&'static str, (&'static str, Vec<&'static str>, &'static str)> {
    let rows = DOCS.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches(" |").splitn(4, " | ").collect();
        let labels = cells[2].split(", ").map(|label| label.trim_matches('`')).collect();
        (cells[0].trim_matches('`'), (cells[1], labels, cells[3]))
    })
    .collect()
}

/// Type, unit and meaning, by name.
type Descriptions = BTreeMap<String, (&'static str, Option<Unit>, String)>;

/// Hears of descriptions alone.
#[derive(Default)]
struct Described(Mutex<Descriptions>);

impl Described {
    fn note(&self, kind: &'static str, key: KeyName, unit: Option<Unit>, about: SharedString) {
        self.0.lock().insert(key.as_str().to_owned(), (kind, unit, about.into_owned()));
    }
}

impl Recorder for Described {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, about: SharedString) {
        self.note("counter", key, unit, about);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, about: SharedString) {
        self.note("gauge", key, unit, about);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, about: SharedString) {
        self.note("histogram", key, unit, about);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn every_metric_of_the_table_is_described_and_no_other() {
    let described = Described::default();
    metrics::with_local_recorder(&described, planguard::metrics::describe);
    let described = described.0.into_inner();
    let names: BTreeSet<_> = described.keys().map(String::as_str).collect();
    assert_eq!(names, rows().into_keys().collect());
    for (name, (kind, _, _)) in rows() {
        let (told, unit, about) = &described[name];
        assert_eq!(*told, kind, "{name}");
        let suffix = if kind == "counter" { "_total" } else { "_seconds" };
        assert!(name.ends_with(suffix) && !about.is_empty(), "{name}");
        let expected = if kind == "counter" { Unit::Count } else { Unit::Seconds };
        assert_eq!(*unit, Some(expected), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_has_the_labels_of_the_table() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    let (wire, plan) = (Wire::in_process(&provider), guard().build().unwrap());
    for _ in 0..2 {
        ask(&plan, &wire).await.unwrap_err();
    }
    let rows = rows();
    for series in book.series() {
        let (_, labels, _) = &rows[format!("planguard_{}", series.name).as_str()];
        let told: Vec<_> = series.labels.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(&told, labels, "{series:?}");
    }
}

#[test]
fn the_words_of_the_table_are_all_there_are_and_sixty_one_with_the_codes() {
    let rows = rows();
    let words = |name: &str| rows[name].2;
    for kind in [HaltKind::Latch, HaltKind::Probation, HaltKind::Hold] {
        assert!(words("planguard_halts_total").contains(&format!("`{}`", kind.as_str())));
    }
    for strike in [Strike::Suspected, Strike::Confirmed] {
        assert!(words("planguard_strikes_total").contains(&format!("`{}`", strike.as_str())));
    }
    let (requests, strikes, halts, releases, whys, ops, histograms) = (2, 2, 3, 3, 3, 2, 2);
    let (verdicts, actions) = (3, 6);
    let fixed = requests + strikes + halts + releases + whys + ops + histograms;
    let all = fixed + verdicts * actions + Reason::ALL.len() + Class::ALL.len();
    assert_eq!(all, 61);
    assert!(DOCS.contains("at most 61 series a profile"));
}
