//! The non-coding guard: any body gives a view or none, any view a verdict with
//! a score between 0 and 1, and texts within the bounds that the page of the
//! guard names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use planguard::workload::{Classifier, Limits, OwnModel, View};

fuzz_target!(|body: &[u8]| {
    let Some(view) = View::read(body, Limits::default()) else { return };
    assert!(!view.newest.is_empty());
    // A replacement character has three bytes for one that is no UTF-8.
    assert!(view.newest.len() <= 3 * (700 + 300) + 64, "{}", view.newest.len());
    assert!(view.earlier.len() <= 4 && view.answers.len() <= 2 && view.calls.len() <= 4);
    assert!(!(view.own_call && view.turn_start));
    let verdict = OwnModel::default().classify(&view);
    let score = verdict.score.expect("a score");
    assert!((0.0..=1.0).contains(&score), "{score}");
});
