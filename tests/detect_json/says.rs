//! What a value says of itself.

use planguard::detect::json::{Head, Mode, Walker};

use super::walk;

#[test]
fn the_first_decisive_key_decides_the_head() {
    for (json, head) in [
        (r#"{"id":"1","choices":["#, Head::Success),
        (r#"{"id":"1","content":null"#, Head::Undecided),
        (r#"{"content":["#, Head::Success),
        (r#"{"output":[]"#, Head::Success),
        (r#"{"code":200,"data":{"#, Head::Success),
        (r#"{"code":"0","data":null"#, Head::Undecided),
        (r#"{"code":" 1302 ""#, Head::Error),
        (r#"{"error_code":1302,"#, Head::Error),
        (r#"{"object":"chat.completion""#, Head::Success),
        (r#"{"object":"error""#, Head::Error),
        (r#"{"error":null"#, Head::Undecided),
        (r#"{"error":{}"#, Head::Undecided),
        (r#"{"error":{"code""#, Head::Error),
        (r#"{"error":"x""#, Head::Error),
        (r#"{"error":"""#, Head::Undecided),
        (r#"{"error":0,"#, Head::Undecided),
        (r#"{"error":500,"#, Head::Error),
        (r#"{"error":false"#, Head::Undecided),
        (r#"{"type":"error""#, Head::Error),
        (r#"{"type":"message""#, Head::Undecided),
        (r#"{"success":false"#, Head::Error),
        (r#"{"success":true"#, Head::Undecided),
        (r#"{"id":{"error":{"code":1}}"#, Head::Undecided),
        ("[", Head::Success),
    ] {
        for size in [1, 100] {
            let mut walker = Walker::new(Mode::Signals);
            json.as_bytes().chunks(size).for_each(|chunk| {
                walker.feed(chunk);
            });
            assert_eq!(walker.head(), head, "{json}");
        }
    }
}

#[test]
fn a_code_that_means_success_is_no_error() {
    for code in [r#""""#, "0", "200", r#""success""#, r#""SUCCESS""#, r#""ok""#, r#""OK""#] {
        let walker = walk(Mode::Signals, format!(r#"{{"code":{code}}}"#).as_bytes(), 7);
        assert_eq!((walker.head(), walker.is_error()), (Head::Undecided, false), "{code}");
    }
    for code in ["1", "2000", r#""failed""#, r#""okay""#] {
        let walker = walk(Mode::Signals, format!(r#"{{"code":{code}}}"#).as_bytes(), 7);
        assert_eq!((walker.head(), walker.is_error()), (Head::Error, true), "{code}");
    }
}

#[test]
fn a_response_event_is_an_error_if_its_response_has_one() {
    for (response, expected) in [
        (r#""response":{"error":"x"}"#, true),
        (r#""response":{"error":{}}"#, true),
        (r#""response":{"error":null}"#, false),
        (r#""response":{"error":null,"id":"x"}"#, false),
        (r#""response":{"id":"x"}"#, false),
        (r#""response":{"error":null},"id":"x""#, false),
        // What one response has under `error` says nothing of the next one.
        (r#""response":{"error":null},"response":[{}]"#, false),
    ] {
        let event = format!(r#"{{"type":"response.failed",{response}}}"#);
        assert_eq!(walk(Mode::Signals, event.as_bytes(), 7).is_error(), expected, "{event}");
        let other = format!(r#"{{"type":"message",{response}}}"#);
        assert!(!walk(Mode::Signals, other.as_bytes(), 7).is_error(), "{other}");
    }
}
