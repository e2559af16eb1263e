//! How a string reads that no JSON writer made.

use planguard::{detect::json::Mode, profile::Scalar};

use super::walk;

#[test]
fn an_escape_that_is_none_reads_as_a_replacement_and_hides_nothing() {
    for (written, read) in [
        (r"\ud83d", "\u{fffd}"),
        (r"\ud83dx", "\u{fffd}x"),
        (r"\ud83d\n", "\u{fffd}\n"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (r"\ud83d\u00gh", "\u{fffd}\u{fffd}gh"),
        (r"\u12", "\u{fffd}"),
        (r"\q\/\\", "q/\\"),
    ] {
        for size in [1, 3, 100] {
            let walker = walk(Mode::Everything, format!("[\"{written}\"]").as_bytes(), size);
            assert!(walker.is_whole(), "{written}");
            let expected = Scalar::String(read.to_owned());
            assert_eq!(walker.leaves().get("/0"), Some(&expected), "{written} at {size}");
        }
    }
}

#[test]
fn a_character_that_a_bound_cuts_in_half_is_left_out() {
    let walker = walk(Mode::Everything, format!("[\"x{}\"]", "é".repeat(5000)).as_bytes(), 4096);
    let text = walker.leaves().get("/0").unwrap().text().unwrap();
    assert_eq!(text, format!("x{}", "é".repeat(4095)));
}
