//! What is kept of a success, and of one that turns out to be an error.

use planguard::detect::json::Mode;

use super::{leaves, walk};

fn kept(json: &str) -> Vec<String> {
    let walker = walk(Mode::Signals, json.as_bytes(), 7);
    assert!(walker.is_whole(), "{json}");
    leaves(walker.leaves()).into_iter().map(|(at, _)| at).collect()
}

#[test]
fn of_a_success_is_kept_what_a_rule_can_look_at() {
    for (json, expected) in [
        (r#"{"id":"1","usage":{"total":3},"list":[1]}"#, &["/id"][..]),
        (r#"{"content":"x","output":"y","data":1}"#, &[]),
        (
            r#"{"choices":[{"finish_reason":"stop","index":0,"delta":{"content":"x"}}],"a":1}"#,
            &["/choices/0/finish_reason", "/a"],
        ),
        (r#"{"delta":{"stop_reason":"refusal","text":"x"}}"#, &["/delta/stop_reason"]),
        (r#"{"incomplete_details":{"reason":"content_filter"}}"#, &["/incomplete_details/reason"]),
        (r#"{"contentFilter":[{"level":1}]}"#, &["/contentFilter/0/level"]),
        (r#"{"content_filter":[{"level":1}]}"#, &["/content_filter/0/level"]),
        (r#"{"error":null,"id":"1"}"#, &["/error", "/id"]),
        (
            r#"{"response":{"id":"1","status":"failed","model":"m","output":[{"id":"2"}]}}"#,
            &["/response/id", "/response/status"],
        ),
        (
            r#"{"response":{"incomplete_details":{"reason":"x"},"error":{"code":"y"}}}"#,
            &["/response/incomplete_details/reason", "/response/error/code"],
        ),
    ] {
        assert_eq!(kept(json), expected, "{json}");
    }
}

#[test]
fn an_error_is_kept_whole_from_where_it_is_known_to_be_one() {
    for (json, expected) in [
        (
            r#"{"before":{"a":1},"code":1302,"detail":{"list":["x"]}}"#,
            &["/code", "/detail/list/0"][..],
        ),
        (r#"{"error":{"code":"1302"},"data":{"a":1}}"#, &["/error/code", "/data/a"]),
        (r#"{"code":200,"detail":{"list":["x"]}}"#, &["/code"]),
    ] {
        assert_eq!(kept(json), expected, "{json}");
    }
}
