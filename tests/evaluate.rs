//! The figures of the `evaluate` example, on a few rows of which everything is
//! known.

#![allow(dead_code)]

#[path = "../examples/evaluate/main.rs"]
mod evaluate;

use clap::Parser;
use evaluate::{Args, corpus::Sides, deletion::without, report::measure};
use serde_json::{Value, json};

const LABELLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/evaluate/labelled.jsonl");

fn report(args: &[&str]) -> Value {
    let args = Args::parse_from(["evaluate"].iter().chain(args));
    serde_json::to_value(measure(&args).unwrap()).unwrap()
}

#[test]
fn rows_are_counted_by_label_and_unread_ones_are_unclear() {
    let report = report(&[LABELLED]);
    let counts = json!({
        "coding": 6, "non_coding": 6, "ambiguous": 1, "aux_coding": 1, "aux_noncoding": 1,
    });
    assert_eq!(report["rows"], counts);
    let figures = &report["figures"];
    assert_eq!(figures["coding"], 6);
    assert_eq!(figures["non_coding"], 6);
    assert_eq!(figures["unread"], 1);
    assert!(figures["unclear_coding"][0].as_f64().unwrap() >= 1.0 / 6.0, "{figures}");
    let bins = report["calibration"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["rows"].as_u64().unwrap()).sum::<u64>(), 12);
    // Of a handful of rows nothing is told by group.
    assert_eq!(report["kinds"], json!([]));
}

#[test]
fn what_is_plain_is_told_apart_and_nothing_coding_is_blocked() {
    let figures = &report(&[LABELLED])["figures"];
    assert_eq!(figures["accuracy"], 1.0);
    assert_eq!(figures["auc"], 1.0);
    for cut in ["careful", "balanced", "strict"] {
        assert_eq!(figures["false_blocks"][cut], 0.0, "{cut}");
        assert_eq!(figures["blocked_coding"][cut], 0.0, "{cut}");
    }
    // Six coding rows are too few for 1 %: none of them is let through.
    assert_eq!(figures["false_blocks"]["at_1_percent"], 0.0);
    assert_eq!(figures["recall"]["at_1_percent"], 1.0);
    assert_eq!(figures["recall"]["balanced"], figures["blocked_non_coding"]["balanced"]);
}

#[test]
fn own_calls_stand_apart_and_none_is_blocked() {
    let report = report(&[LABELLED]);
    let calls = report["own_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    for (calls, label) in calls.iter().zip(["aux_coding", "aux_noncoding"]) {
        assert_eq!(calls["label"], label);
        assert_eq!(calls["rows"], 1);
        assert_eq!(calls["blocked"], json!([0, 0, 0]));
    }
}

#[test]
fn peers_are_measured_on_the_same_rows() {
    let report = report(&[LABELLED, "--train", LABELLED]);
    let peer = |name: &str| {
        let peers = report["peers"].as_array().unwrap();
        peers.iter().find(|peer| peer["name"] == name).unwrap().clone()
    };
    let share = |value: &Value| (value.as_f64().unwrap() * 6.0).round() as u32;
    // No keyword in `rename` and `unread`, none of its own in the `TypeError`
    // of `fence`; one in `class`.
    let list = peer("keyword list");
    assert_eq!(share(&list["false_blocks"]), 3);
    assert_eq!(share(&list["recall"]), 5);
    // The only fence is in `fence`.
    let fence = peer("code fence");
    assert_eq!(share(&fence["false_blocks"]), 5);
    assert_eq!(share(&fence["recall"]), 6);
    // It has seen the very same rows; `unread` has no word to learn from.
    assert!(peer("n-grams")["accuracy"].as_f64().unwrap() >= 11.0 / 12.0);
}

#[test]
fn the_words_that_are_named_are_taken_out() {
    let deletion = &report(&[LABELLED])["deletion"];
    for side in ["other", "coding"] {
        assert_eq!(deletion[side]["rows"], 6, "{side}");
        assert!(deletion[side]["named"].as_u64().unwrap() > 3, "{side}: {deletion}");
    }
    assert_eq!(deletion["other"]["moved"], deletion["other"]["named"]);

    let words = ["test", "plot twist", "旅行"];
    let text = "Test the latest test.\nA plot\n twist in 去旅行吧";
    assert_eq!(without(text, &words).unwrap(), " the latest .\nA  in 去吧");
}

#[test]
fn words_decide_in_whatever_frame_they_stand() {
    let swap = &report(&["--swap", LABELLED])["swap"];
    assert_eq!(swap["coding_turns"], 5);
    assert_eq!(swap["other_turns"], 6);
    assert_eq!(swap["pairs"], 30);
    assert_eq!(swap["unplaced"], 0);
    assert_eq!(swap["by_score"], json!({ "to_coding": 30, "to_other": 30, "both": 30 }));
}

#[test]
fn a_frame_around_a_request_flips_nothing() {
    let report = report(&[LABELLED, "--frames", LABELLED, "--sample", "9"]);
    let around = &report["frames"][0];
    assert_eq!(around["rows"], 9);
    assert_eq!(around["by_score"], 0, "{around}");
    // The rows have too little for a session of 100 KB.
    assert_eq!(report["frames"][2]["rows"], 0);
}

#[test]
fn a_bad_row_is_told_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    std::fs::write(&path, "\n{\"id\": \"a\", \"label\": \"poetry\", \"request\": {}}\n").unwrap();
    let path = path.to_str().unwrap();
    let error = measure(&Args::parse_from(["evaluate", path])).err().unwrap().to_string();
    assert!(error.starts_with(&format!("{path}:2:29: unknown variant `poetry`")), "{error}");
}

#[test]
fn thresholds_let_no_more_than_their_share_through() {
    let coding = (0..200).map(|n| (false, n as f32));
    let sides = Sides::of(coding.chain([(true, 198.0), (true, 150.5), (true, 500.0)]));
    for share in [0.01, 0.005] {
        let at = sides.threshold(share);
        assert_eq!(sides.reached(false, at), share);
    }
    assert_eq!(sides.reached(true, sides.threshold(0.01)), 2.0 / 3.0);
    // 198 beats as many as stand below it, and ties with one.
    let won = (198.0 + 0.5 + 151.0 + 200.0) / 600.0;
    assert!((sides.auc().unwrap() - won).abs() < 1e-12);
    assert_eq!(Sides::of([(true, 1.0)]).auc(), None);
}
