//! What is kept at most, and what is not kept if it was cut off.

use planguard::detect::json::{Mode, Progress, Walker};

use super::walk;

#[test]
fn what_passes_a_bound_is_not_kept_and_the_value_is_not_whole() {
    let many = format!("[{}1]", "1,".repeat(300));
    let walker = walk(Mode::Everything, many.as_bytes(), 4096);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (256, false));

    let long = format!(r#"{{"a":"{}","b":1}}"#, "x".repeat(10_000));
    let walker = walk(Mode::Everything, long.as_bytes(), 4096);
    assert_eq!(walker.leaves().get("/a").unwrap().text().unwrap().len(), 8 * 1024);
    assert!(walker.leaves().has("/b") && !walker.is_whole());

    let heavy = format!("[{}1]", format!("\"{}\",", "x".repeat(8000)).repeat(20));
    let walker = walk(Mode::Everything, heavy.as_bytes(), 4096);
    assert!(walker.leaves().len() <= 9 && !walker.is_whole());

    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let walker = walk(Mode::Everything, deep.as_bytes(), 7);
    assert_eq!((walker.progress(), walker.is_whole()), (Progress::Complete, false));
    assert!(walker.leaves().is_empty());

    let key = format!(r#"{{"{}":1,"b":2}}"#, "k".repeat(300));
    let walker = walk(Mode::Everything, key.as_bytes(), 7);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (1, false));
}

#[test]
fn pointers_of_eight_tokens_are_kept_and_longer_ones_are_missed() {
    for (depth, leaves) in [(8, 1), (9, 0), (10, 0)] {
        let json = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let walker = walk(Mode::Everything, json.as_bytes(), 7);
        assert_eq!((walker.leaves().len(), walker.is_whole()), (leaves, leaves == 1), "{depth}");
    }
}

#[test]
fn what_nobody_wants_passes_no_bound() {
    let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
    let key = "k".repeat(300);
    for json in [
        format!(r#"{{"choices":[{{"x":{deep}}}]}}"#),
        format!(r#"{{"data":{deep}}}"#),
        format!(r#"{{"data":{{"{key}":1}}}}"#),
    ] {
        assert!(walk(Mode::Signals, json.as_bytes(), 7).is_whole(), "{json}");
    }
}

#[test]
fn all_that_is_kept_holds_64_kib_with_its_pointers() {
    let text = "x".repeat(8 * 1024 - 2);
    let full: Vec<_> = (0..8).map(|_| text.as_str()).collect();
    let walker = walk(Mode::Everything, serde_json::to_string(&full).unwrap().as_bytes(), 4096);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (8, true));

    // 200 pointers of half a KiB with nothing behind them.
    let keys: Vec<_> = (100..300).map(|n| format!(r#""{n}{}":"""#, "k".repeat(250))).collect();
    let json = format!(r#"{{"{}":{{{}}}}}"#, "k".repeat(250), keys.join(","));
    let walker = walk(Mode::Everything, json.as_bytes(), 4096);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (64 * 1024 / 505, false));
}

#[test]
fn brackets_in_strings_below_the_remembered_containers_are_none() {
    let json = format!(r#"{}"]]}}\"]",{{"a":["}}"]}}{}"#, "[".repeat(70), "]".repeat(70));
    for size in [1, 7, 4096] {
        let mut walker = Walker::new(Mode::Everything);
        let (all, tail) = (json.as_bytes(), b"]]]");
        let taken: usize = all.chunks(size).map(|chunk| walker.feed(chunk)).sum();
        assert_eq!((taken, walker.progress()), (all.len(), Progress::Complete));
        assert_eq!(walker.feed(tail), 0);
        let cut = walk(Mode::Everything, &all[..all.len() - 1], size);
        assert_eq!(cut.progress(), Progress::Within);
    }
}

#[test]
fn half_a_number_is_no_number() {
    let walker = walk(Mode::Everything, br#"{"code":130"#, 4);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (0, false));
    let walker = walk(Mode::Everything, b"130", 2);
    assert_eq!((walker.leaves().len(), walker.is_whole()), (1, true));
}

#[test]
fn nothing_but_space_and_a_byte_order_mark_is_an_empty_walk() {
    let mut walker = Walker::new(Mode::Everything);
    for piece in [&b""[..], b"\xef\xbb", b"\xbf", b" \r\n\t"] {
        assert_eq!((walker.feed(piece), walker.progress()), (piece.len(), Progress::Empty));
    }
    walker.feed(b"{");
    assert_eq!(walker.progress(), Progress::Within);
    walker.feed(b"}");
    assert_eq!(walker.progress(), Progress::Complete);
}
