//! What stands where in a request, whatever the client.

use serde_json::json;

use super::{chat, read, says, tools, view};
use crate::workload::Shape;

#[test]
fn each_shape_is_known_by_its_fields() {
    let turns = json!([{"role": "user", "content": "hello"}]);
    for (body, shape) in [
        (json!({"messages": turns}), Shape::OpenAiChat),
        (json!({"messages": turns, "system": "Be brief."}), Shape::AnthropicMessages),
        (json!({"messages": turns, "anthropic_version": "x"}), Shape::AnthropicMessages),
        (json!({"input": turns}), Shape::OpenAiResponses),
        (json!({"input": "hello"}), Shape::OpenAiResponses),
    ] {
        let view = view(&body);
        assert_eq!((view.shape(), view.newest.as_str()), (Some(shape), "hello"));
    }
}

#[test]
fn a_tools_result_in_the_users_role_begins_no_turn() {
    let view = view(&chat(json!([
        {"role": "user", "content": "fix it"},
        {"role": "assistant", "content": [
            says("I look."),
            {"type": "tool_use", "id": "1", "name": "read", "input": {"path": "a.rs", "lines": [1, 2]}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "1", "content": [says("fn main() {}")]},
            says("<system-reminder>\ngo on\n</system-reminder>"),
        ]},
    ])));
    assert_eq!(view.newest, "fix it");
    assert!(!view.turn_start);
    assert_eq!(view.result, "fn main() {}");
    assert_eq!((view.calls, view.answers), (vec!["a.rs".to_owned()], vec!["I look.".to_owned()]));
}

#[test]
fn a_tools_result_in_a_role_of_its_own_begins_no_turn() {
    let view = view(&chat(json!([
        {"role": "user", "content": "fix it"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"function": {"name": "read", "arguments": "{\"path\":\"a.rs\"}"}},
        ]},
        {"role": "tool", "tool_call_id": "1", "content": "fn main() {}"},
    ])));
    assert_eq!((view.newest.as_str(), view.turn_start), ("fix it", false));
    assert_eq!((view.result.as_str(), &view.calls[..]), ("fn main() {}", &["a.rs".to_owned()][..]));
}

#[test]
fn an_answer_that_is_json_is_no_call() {
    for answer in ["\"Moby-Dick\"", "{\"title\":\"Moby-Dick\"}", "[\"a\"]"] {
        let view = view(&chat(json!([
            {"role": "user", "content": "which book?"},
            {"role": "assistant", "content": answer},
        ])));
        assert!(view.turn_start && view.calls.is_empty(), "{answer}");
    }
}

#[test]
fn three_earlier_turns_and_the_first_are_kept() {
    let mut messages = Vec::new();
    for n in 0..8 {
        messages.push(json!({"role": "user", "content": format!("turn {n}")}));
        messages.push(json!({"role": "assistant", "content": format!("answer {n}")}));
    }
    let view = view(&chat(messages.into()));
    assert_eq!(view.newest, "turn 7");
    assert_eq!(view.earlier, ["turn 6", "turn 5", "turn 4", "turn 0"]);
    assert_eq!(view.answers, ["answer 7", "answer 6"]);
}

#[test]
fn a_long_text_is_cut_to_its_beginning_and_its_end() {
    let text = format!("begin {} end", "word ".repeat(2_000));
    let view = view(&chat(json!([{"role": "user", "content": text}])));
    assert!(view.newest.starts_with("begin") && view.newest.ends_with("end"));
    assert!(view.newest.len() < 1_100, "{} bytes", view.newest.len());
}

#[test]
fn the_last_of_many_parts_is_heard() {
    let mut parts = vec![says(""); 500];
    parts.push(says("write me a poem"));
    assert_eq!(view(&chat(json!([{"role": "user", "content": parts}]))).newest, "write me a poem");
}

#[test]
fn a_short_system_text_is_kept_where_no_tools_are() {
    let messages = json!([
        {"role": "developer", "content": "You are a translator."},
        {"role": "user", "content": "hello"},
    ]);
    assert_eq!(view(&chat(messages.clone())).system, "You are a translator.");
    let with_tools = json!({"messages": messages, "tools": tools()});
    assert_eq!(view(&with_tools).system, "");
    let no_tools = json!({"messages": messages, "tools": []});
    assert_eq!(view(&no_tools).system, "You are a translator.");
    let long =
        json!({"system": "a".repeat(3_000), "messages": [{"role": "user", "content": "hello"}]});
    assert_eq!(view(&long).system, "");
}

#[test]
fn the_model_that_is_asked_for_is_named() {
    let of = |model| view(&json!({"model": model, "input": "hello"})).model().map(str::to_owned);
    assert_eq!(of(json!("glm-4.6")), Some("glm-4.6".to_owned()));
    assert_eq!(of(json!("x".repeat(1_000))), Some("x".repeat(128)));
    assert_eq!(of(json!(5)), None);
}

#[test]
fn what_holds_no_words_of_a_person_is_no_view() {
    for body in [
        "",
        "null",
        "5",
        "\"a\"",
        "[]",
        "{}",
        "{\"messages\":[]}",
        "{\"messages\":null}",
        "{\"messages\":{}}",
        "{\"input\":5}",
        "{\"input\":\"\"}",
        "{\"messages\":[[]]}",
        "{\"messages\":[null,5,\"a\"]}",
        "{\"messages\":[{\"role\":\"user\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":[]}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":null}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"  \"}]}",
        "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]} x",
        "{\"prompt\":\"hello\"}",
    ] {
        assert!(read(body).is_none(), "{body}");
    }
}
