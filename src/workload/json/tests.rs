use proptest::prelude::*;
use serde_json::Value;

use super::{super::spelling, escape::NAME_BYTES, *};

fn plain(raw: &[u8]) -> String {
    let mut text = String::new();
    unescape(raw, &mut text);
    text
}

/// What the cursor finds at its place, as serde_json would say it.
fn walk(cursor: &mut Cursor<'_>) -> Option<Value> {
    match cursor.peek()? {
        b'{' => {
            let mut found = serde_json::Map::new();
            cursor.object(|key, cursor| {
                // A long one is left as it stands.
                let key = match key.len() > NAME_BYTES {
                    true => plain(key),
                    false => String::from_utf8_lossy(key).into_owned(),
                };
                found.insert(key, walk(cursor)?);
                Some(())
            })?;
            Some(Value::Object(found))
        }
        b'[' => {
            let mut found = Vec::new();
            cursor.array(|cursor| {
                found.push(walk(cursor)?);
                Some(())
            })?;
            Some(Value::Array(found))
        }
        _ => {
            let raw = cursor.value()?;
            match as_string(raw) {
                Some(text) => Some(Value::String(plain(text))),
                None => serde_json::from_slice(raw).ok(),
            }
        }
    }
}

#[test]
fn nesting_of_any_depth_is_crossed() {
    let depth = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let mut cursor = Cursor::new(text.as_bytes());
        assert_eq!(cursor.value().map(<[u8]>::len), Some(text.len()));
        assert!(cursor.is_over());
        let mut cut = Cursor::new(&text.as_bytes()[..text.len() - 1]);
        assert_eq!(cut.value(), None);
    }
}

#[test]
fn a_name_is_known_however_it_is_spelled() {
    let body = br#"{"\u006d\u0065ssages":1,"messages":2,"mess\u0061ge":3}"#;
    let mut found = Vec::new();
    let walked = Cursor::new(body).object(|key, cursor| {
        found.push(key == b"messages");
        cursor.value().map(|_| ())
    });
    assert_eq!((walked, found), (Some(()), vec![true, true, false]));
    assert!(is(br#""\u0075ser""#, b"user"));
    assert!(!is(br#"user"#, b"user"));
}

#[test]
fn a_long_name_is_left_as_it_stands() {
    let long = "\\u0061".repeat(NAME_BYTES);
    assert_eq!(name(long.as_bytes()).len(), long.len());
}

#[test]
fn a_lone_surrogate_is_a_replacement_character() {
    for (raw, text) in [
        (r"a\ud83db", "a\u{fffd}b"),
        (r"a\ude00b", "a\u{fffd}b"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\ud83d\n", "\u{fffd}\n"),
        (r"\ud83d", "\u{fffd}"),
    ] {
        assert_eq!(plain(raw.as_bytes()), text, "{raw}");
    }
}

#[test]
fn an_escape_that_is_cut_in_half_is_left_out() {
    for cut in [r"a\", r"a\u", r"a\u0", r"a\u00e"] {
        assert_eq!(plain(cut.as_bytes()), "a", "{cut}");
    }
    assert_eq!(plain(br"a\ud83d\ude"), "a\u{fffd}");
}

#[test]
fn what_moves_a_printer_is_a_blank() {
    assert_eq!(plain(br"a\bb\fc"), "a b c");
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced() {
    assert_eq!(plain(b"a\xff\\n\xe4\xb8"), "a\u{fffd}\n\u{fffd}");
}

#[test]
fn what_is_broken_is_no_value() {
    let broken = [
        "",
        " ",
        "\"",
        "\"a",
        "\"a\\\"",
        "{",
        "[",
        "[1",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "[1,]",
        "]",
        "}",
        ",",
        ":",
        "[,1]",
        "{1:2}",
    ];
    for text in broken {
        let mut cursor = Cursor::new(text.as_bytes());
        assert_eq!(walk(&mut cursor), None, "{text}");
    }
}

#[test]
fn what_need_not_be_escaped_is_spelled_plainly() {
    for (raw, plain) in [
        (r"a\u003cb\u003E", "a<b>"),
        (r"<\/b> \n \\/", r"</b> \n \\/"),
        (r"\\u003c \u00e9 \u0022 \u005c \u000a", r"\\u003c \u00e9 \u0022 \u005c \u000a"),
        (r"\u0041\ud83d\u", r"A\ud83d\u"),
        (r"\u0041\", r"A\"),
    ] {
        assert_eq!(String::from_utf8_lossy(&plainly(raw.as_bytes())), plain);
    }
}

proptest! {
    #[test]
    fn spelled_plainly_a_value_is_the_same(
        value in spelling::json(),
        mut spelling in spelling::Spelling::any(),
    ) {
        let text = spelling.write(&value);
        let plain = plainly(&text);
        prop_assert_eq!(serde_json::from_slice::<Value>(&plain).ok(), Some(value));
        prop_assert!(memchr::memmem::find(&plain, b"\\u0041").is_none());
    }

    #[test]
    fn every_valid_text_is_walked_as_serde_json_reads_it(
        value in spelling::json(),
        mut spelling in spelling::Spelling::any(),
    ) {
        let text = spelling.write(&value);
        let theirs: Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(&theirs, &value);
        let mut cursor = Cursor::new(&text);
        prop_assert_eq!(walk(&mut cursor), Some(theirs));
        prop_assert!(cursor.is_over());
    }

    #[test]
    fn a_value_is_crossed_to_its_last_byte(
        value in spelling::json(),
        mut spelling in spelling::Spelling::any(),
    ) {
        let text = spelling.write(&value);
        let followed = [text.trim_ascii(), b" , 1"].concat();
        let mut cursor = Cursor::new(&followed);
        prop_assert_eq!(cursor.value(), Some(text.trim_ascii()));
    }

    #[test]
    fn a_text_that_is_cut_anywhere_is_no_value(
        value in spelling::json(),
        mut spelling in spelling::Spelling::any(),
    ) {
        let text = spelling.write(&serde_json::json!([value]));
        let text = text.trim_ascii();
        for end in 0..text.len() {
            prop_assert_eq!(Cursor::new(&text[..end]).value(), None, "cut at {}", end);
            prop_assert_eq!(walk(&mut Cursor::new(&text[..end])), None, "cut at {}", end);
        }
    }

    #[test]
    fn any_bytes_are_walked_without_a_panic(
        text in "[\\[\\]{}\":,\\\\u0-9a-f \n\u{e9}]{0,60}",
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for text in [text.as_bytes(), &bytes] {
            let _ = walk(&mut Cursor::new(text));
            let _ = Cursor::new(text).value();
            plain(text);
        }
    }

    #[test]
    fn one_changed_byte_is_no_reason_to_refuse_what_serde_json_reads(
        value in spelling::json(),
        mut spelling in spelling::Spelling::any(),
        at: prop::sample::Index,
        byte in prop::sample::select(br#"[]{}",: \0aue."#.to_vec()),
    ) {
        let mut text = spelling.write(&value);
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(theirs) = serde_json::from_slice::<Value>(&text) {
            let mut cursor = Cursor::new(&text);
            prop_assert_eq!(walk(&mut cursor), Some(theirs));
            prop_assert!(cursor.is_over());
            prop_assert_eq!(Cursor::new(&text).value(), Some(text.trim_ascii()));
        }
    }

    #[test]
    fn a_string_is_unescaped_as_serde_json_does(
        text in spelling::text(),
        mut spelling in spelling::Spelling::any(),
    ) {
        let raw = spelling.write(&Value::from(text.clone()));
        let raw = as_string(raw.trim_ascii()).unwrap();
        prop_assert_eq!(plain(raw), text);
    }
}
