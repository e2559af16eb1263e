use proptest::prelude::*;
use serde_json::{Value, json};

use super::read;
use crate::workload::spelling::{Spelling, json, text};

/// Anything where a client would put something known.
fn odd(usual: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![8 => usual, 1 => json()]
}

fn marked() -> impl Strategy<Value = String> {
    let mark = prop::sample::select(&[
        "<system-reminder>",
        "</system-reminder>",
        "<task>",
        "</task>",
        "<feedback>",
        "</feedback>",
        "\"",
        "'",
        "\n",
        "[read for 'a'] Result:",
        "I switched to a new code base.",
        "# AGENTS.md instructions",
        "```",
        "a rule of many words",
        "hello",
        "\u{4e2d}\u{6587}",
        "<",
        ">",
        "\\",
        "/",
    ]);
    prop::collection::vec(prop_oneof![mark.prop_map(str::to_owned), text()], 0..8)
        .prop_map(|marks| marks.concat())
}

fn part() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(&[
        "text",
        "input_text",
        "tool_result",
        "tool_use",
        "image",
        "thinking",
    ]);
    let fields = (kind, marked(), odd(marked().prop_map(Value::from)), odd(json()));
    odd(fields.prop_map(|(kind, text, content, input)| {
        json!({"type": kind, "text": text, "content": content, "input": input})
    }))
}

fn content() -> impl Strategy<Value = Value> {
    let parts = prop::collection::vec(part(), 0..4).prop_map(Value::from);
    odd(prop_oneof![marked().prop_map(Value::from), parts])
}

fn turn() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(&["user", "user", "assistant", "system", "developer", "tool"]);
    let kind =
        prop::sample::select(&["message", "function_call", "function_call_output", "reasoning"]);
    let call = (marked(), odd(json())).prop_map(|(text, value)| {
        json!([{"function": {"arguments": value.to_string()}}, {"function": {"arguments": text}}, {"input": value}])
    });
    let fields = (odd(role.prop_map(Value::from)), kind, content(), odd(call), content());
    odd(fields.prop_map(|(role, kind, content, calls, other)| match kind {
        "message" => json!({"role": role, "content": content, "tool_calls": calls}),
        kind => json!({"type": kind, "arguments": other, "output": content}),
    }))
}

fn body() -> impl Strategy<Value = Value> {
    let turns = || odd(prop::collection::vec(turn(), 0..8).prop_map(Value::from));
    let whole = (turns(), any::<bool>(), content(), odd(json()));
    odd(whole.prop_map(|(turns, responses, system, tools)| match responses {
        true => json!({"model": "m", "input": turns, "instructions": system, "tools": tools}),
        false => json!({"model": "m", "messages": turns, "system": system, "tools": tools}),
    }))
}

/// Words that no client puts in front of a person's, nor takes away.
fn words() -> impl Strategy<Value = String> {
    "[a-z\u{e9}\u{4e2d}\u{1f980}][a-z /\"\\\\\n\t\u{e9}\u{4e2d}\u{1f980}]{0,30}[a-z\u{e9}\u{4e2d}\u{1f980}]"
}

proptest! {
    #[test]
    fn a_known_shape_of_anything_is_read_without_a_panic(body in body(), mut spelling in Spelling::any()) {
        let body = spelling.write(&body);
        if let Some(view) = read(&body) {
            prop_assert!(!view.newest.is_empty());
            prop_assert!(!(view.turn_start && view.own_call));
        }
    }

    #[test]
    fn a_body_is_read_the_same_however_it_is_spelled(
        body in body(),
        mut one in Spelling::any(),
        mut other in Spelling::any(),
    ) {
        // Arguments and the system's texts stand in the order of their keys.
        let of = |spelling: &mut Spelling| read(spelling.write(&body)).map(|view| (view.newest, view.earlier, view.answers));
        prop_assert_eq!(of(&mut one), of(&mut other));
    }

    #[test]
    fn a_changed_byte_breaks_nothing(
        body in body(),
        mut spelling in Spelling::any(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut body = spelling.write(&body);
        let at = at.index(body.len());
        body[at] = byte;
        read(&body);
    }

    #[test]
    fn the_newest_words_are_found_however_they_are_spelled(
        words in words(),
        earlier in words(),
        parts: bool,
        mut spelling in Spelling::any(),
    ) {
        let content = if parts { json!([{"type": "text", "text": words}]) } else { Value::from(words.clone()) };
        let body = json!({
            "model": "m", "stream": true, "metadata": {"messages": [{"role": "user", "content": "not this"}]},
            "messages": [
                {"role": "user", "content": earlier},
                {"role": "assistant", "content": "yes"},
                {"role": "user", "content": content, "name": "content"},
            ],
        });
        let view = read(spelling.write(&body)).expect("a view");
        prop_assert_eq!(view.newest, words);
        prop_assert_eq!(view.earlier, [earlier]);
        prop_assert_eq!(view.answers, ["yes"]);
        prop_assert!(view.turn_start);
    }
}
