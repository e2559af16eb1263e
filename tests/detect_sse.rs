//! The scanner of event streams: which values it hands over, and what it
//! skips without a look inside.

use std::cell::RefCell;

use planguard::{
    detect::{Found, Says, sse::EventScanner},
    signal::Signal,
};

/// What a value says of itself, what it is, and whether it was whole.
type Heard = (Says, String, bool);

fn told(found: Found<'_>) -> Heard {
    let leaves =
        found.leaves.iter().map(|(at, value)| format!("{at}={}", value.text().unwrap_or("?")));
    let text = found.text.map(|text| String::from_utf8_lossy(text).into_owned());
    (found.says, text.unwrap_or_else(|| leaves.collect::<Vec<_>>().join(" ")), found.complete)
}

/// Feeds `pieces`, of which every one may matter, to their end.
fn hear(pieces: &[&[u8]]) -> Vec<Heard> {
    let (mut scanner, mut heard) = (EventScanner::new(), Vec::new());
    let mut judge = |found: Found<'_>| -> Option<Signal> {
        heard.push(told(found));
        None
    };
    for piece in pieces {
        scanner.feed(piece, |_| true, &mut judge);
    }
    scanner.finish(&mut judge);
    heard
}

fn success(text: &str) -> Heard {
    (Says::Success, text.to_owned(), true)
}

fn error(text: &str) -> Heard {
    (Says::Error, text.to_owned(), true)
}

#[test]
fn each_value_is_handed_over_with_what_it_and_its_event_say() {
    let (one, two) = (r#"data: {"id":"1"}"#, r#"data: {"id":"2"}"#);
    for (stream, expected) in [
        (format!("{one}\n\n{two}\n\n"), vec![success("/id=1"), success("/id=2")]),
        (format!("event: error\n{one}\n\n{two}\n\n"), vec![error("/id=1"), success("/id=2")]),
        (format!("event: error\r\n{one}\r\n\r\n"), vec![error("/id=1")]),
        (format!("event: error\r{one}\r\r"), vec![error("/id=1")]),
        (format!("event:error\n{one}\n\n"), vec![error("/id=1")]),
        (format!("event: errors\n{one}\n\n"), vec![success("/id=1")]),
        (format!("event: erro\n{one}\n\n"), vec![success("/id=1")]),
        (format!("events: error\n{one}\n\n"), vec![success("/id=1")]),
        // The last name counts.
        (format!("event: ping\nevent: error\n{one}\n\n"), vec![error("/id=1")]),
        (format!("event: error\nevent: ping\n{one}\n\n"), vec![success("/id=1")]),
        (format!("event: error\nevent:\n{one}\n\n"), vec![success("/id=1")]),
        // Plain text is handed over where it may be an error.
        ("event: error\ndata: busy\n\n".to_owned(), vec![error("busy")]),
        ("data: [1302][x]".to_owned(), vec![(Says::Perhaps, "[1302][x]".to_owned(), true)]),
        ("data: busy\n\n".to_owned(), vec![]),
        // A value over several lines of data, and another line between them.
        ("data: {\"a\":\"x\nid: 7\ndata: y\"}\n\n".to_owned(), vec![success("/a=x\ny")]),
        // What was cut off is worth something only as an error.
        (
            r#"data: {"error":{"code":"1313","message":"Fai"#.to_owned(),
            vec![(Says::Error, "/error/code=1313 /error/message=Fai".to_owned(), false)],
        ),
        (r#"data: {"id":"1","object":"x""#.to_owned(), vec![]),
        // A second frame, behind whatever begins like its field.
        (format!("{one}{two}\n\n"), vec![success("/id=1"), success("/id=2")]),
        (format!("{one}d{two}\n\n"), vec![success("/id=1"), success("/id=2")]),
        (format!("{one}da{two}\n\n"), vec![success("/id=1"), success("/id=2")]),
        (r#"data: {"id":"1"}xxxxx{"id":"2"}"#.to_owned(), vec![success("/id=1")]),
        (r#"data: {"id":"1"}daxa:{"id":"2"}"#.to_owned(), vec![success("/id=1")]),
    ] {
        let one_by_one: Vec<_> = stream.as_bytes().chunks(1).collect();
        assert_eq!(hear(&[stream.as_bytes()]), expected, "{stream:?}");
        assert_eq!(hear(&one_by_one), expected, "{stream:?} byte by byte");
    }
}

#[test]
fn a_second_frame_is_found_within_64_kib_of_a_wreck_and_behind_any_whole_value() {
    let found = vec![error("/error=x")];
    for (length, expected) in [(60_000, &found), (70_000, &vec![])] {
        let wreck = format!("data: {{\"a\":\"{}data: {{\"error\":\"x\"}}\n\n", "a".repeat(length));
        assert_eq!(hear(&[wreck.as_bytes()]), *expected, "{length}");
    }
    let whole =
        format!("data: {{\"a\":[\"{}\"]}}data: {{\"error\":\"x\"}}\n\n", "a".repeat(70_000));
    assert_eq!(hear(&[whole.as_bytes()])[1..], found);
}

#[test]
fn a_wreck_within_a_wreck_hides_no_frame_behind_it() {
    let stream = b"data: {\"t\":\"a\ndata: {b \"x data: {\"error\":\"x\"}\n\n";
    assert_eq!(hear(&[stream]), [error("/error=x")]);
}

#[test]
fn of_one_event_at_most_nine_values_are_handed_over() {
    let frames = r#"data: {"id":"x"}"#.repeat(12);
    let stream = format!("{frames}\n\n{frames}\n\n");
    assert_eq!(hear(&[stream.as_bytes()]).len(), 18);
}

#[test]
fn of_a_text_8_kib_are_kept_and_more_is_not_complete() {
    for (length, kept, complete) in [(8000, 8000, true), (9000, 8 * 1024, false)] {
        let text = format!("{:x<length$}", "[1302]");
        let heard = hear(&[b"data: ", text.as_bytes(), b"\n\n"]);
        assert_eq!(heard, [(Says::Perhaps, text[..kept].to_owned(), complete)]);
    }
}

#[test]
fn the_first_event_is_seen_when_its_value_is_complete_or_its_text_has_ended() {
    let mut scanner = EventScanner::new();
    let mut seen = |piece: &str| {
        scanner.feed(piece.as_bytes(), |_| true, &mut |_| None);
        scanner.has_seen_event()
    };
    assert!(!seen(""));
    assert!(!seen(": hello\n\n"));
    assert!(!seen("event: ping\n\n"));
    assert!(!seen("data: {\"a\":"));
    assert!(seen("1}"));
    assert!(seen("\n\n"));
    let mut scanner = EventScanner::new();
    scanner.feed(b"data: wait\n", |_| true, &mut |_| None);
    assert!(!scanner.has_seen_event());
    scanner.feed(b"\n", |_| true, &mut |_| None);
    assert!(scanner.has_seen_event());
}

const FRAME: &[u8] = b"data: {\"id\":\"1\"}\n\n";

/// A scanner that has read `pieces`.
fn after(pieces: &[&[u8]]) -> EventScanner {
    let mut scanner = EventScanner::new();
    for piece in pieces {
        scanner.feed(piece, |_| true, &mut |_| None);
    }
    scanner
}

#[test]
fn only_an_ordinary_frame_between_events_is_skipped_alone() {
    let skips = |before: &[&[u8]], frame: &[u8]| after(before).skip_one(frame, |_| false);
    assert!(skips(&[FRAME], FRAME));
    let befores: [&[&[u8]]; 5] =
        [&[], &[b": x\n\n"], &[FRAME, b"id"], &[FRAME, b"event: error\n"], &[FRAME, b"data: {\n"]];
    for before in befores {
        assert!(!skips(before, FRAME), "{before:?}");
    }
    for frame in [&b"data: x\n\n"[..], b"data: {}\n", b"id: 7\n\n", b""] {
        assert!(!skips(&[FRAME], frame), "{frame:?}");
    }
    assert!(!after(&[FRAME]).skip_one(FRAME, |_| true));
}

#[test]
fn whole_events_are_skipped_if_all_their_data_is_json() {
    let skips = |before: &[&[u8]], events: &[u8]| after(before).skip(events, |_| false);
    for events in [
        FRAME,
        b"data:{\"a\":1}\r\n\r\n",
        b"data: {\"a\":1}\r\r",
        b": x\nevent: ping\ndata: {\"a\":1}\n\ndata: [DONE]\n\n",
        b"data\n\ndata:\n\n",
        b"\n\n",
    ] {
        assert!(skips(&[FRAME], events), "{events:?}");
    }
    for events in [
        &b"data: [1302][x]\n\n"[..],
        b"data: {}\n\ndata: x\n\n",
        b"data: {}\n",
        b"data: {}\n\nid",
        b"",
    ] {
        assert!(!skips(&[FRAME], events), "{events:?}");
    }
    let befores: [&[&[u8]]; 3] = [&[], &[FRAME, b"id"], &[FRAME, b"event: error\n"]];
    for before in befores {
        assert!(!skips(before, FRAME), "{before:?}");
    }
    assert!(!after(&[FRAME]).skip(FRAME, |_| true));
}

#[test]
fn what_was_skipped_ends_like_what_was_read() {
    let mut scanner = after(&[FRAME]);
    assert!(scanner.skip(b"data: {}\n\n", |_| false));
    assert!(scanner.skip(b"\n\n", |_| false));
    assert!(scanner.skip(b"data: {}\r\r", |_| false));
    assert!(!scanner.skip(b"\n\n", |_| false), "the LF belongs to the CR before it");
}

#[test]
fn a_frame_that_is_not_skipped_leaves_the_line_as_it_was() {
    let mut scanner = after(&[FRAME, b"event: error\r"]);
    let rest = b"\ndata: {\"id\":\"2\"}\n\n";
    assert!(!scanner.skip_one(rest, |_| false));
    let mut heard = Vec::new();
    scanner.feed(rest, |_| false, &mut |found| {
        heard.push(told(found));
        None
    });
    assert_eq!(heard, [error("/id=2")]);
}

#[test]
fn the_whole_events_of_a_piece_are_asked_about_once_and_skipped_at_once() {
    for (whole, tail) in [
        ("data: {\"id\":\"2\"}\n\nid: 7\ndata: {}\n\n", "data: {\"id\":\"3\"}\n"),
        ("data: {\"id\":\"2\"}\r\n\r\ndata: {}\r\n\r\n", "data: {\"id\":\"3\"}\r\n"),
    ] {
        let piece = format!("{whole}{tail}");
        for matters in [false, true] {
            let asked = RefCell::new(Vec::new());
            let may_matter = |events: &[u8]| {
                asked.borrow_mut().push(String::from_utf8(events.to_vec()).unwrap());
                matters
            };
            let mut heard = Vec::new();
            after(&[FRAME]).feed(piece.as_bytes(), may_matter, &mut |found| {
                heard.push(told(found));
                None
            });
            assert_eq!(asked.into_inner(), [whole], "{piece:?}");
            let expected: &[Heard] = if matters {
                &[success("/id=2"), success(""), success("/id=3")]
            } else {
                &[success("/id=3")]
            };
            assert_eq!(heard, expected, "{piece:?}");
        }
    }
}
