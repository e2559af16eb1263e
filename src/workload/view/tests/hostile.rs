//! Bodies that want to break something.

use serde_json::{Value, json};

use super::{chat, read, says, view};

/// A user's turn whose content is `raw`, as it stands.
fn raw(content: &str) -> String {
    format!("{{\"messages\":[{{\"role\":\"user\",\"content\":{content}}}]}}")
}

/// A text of 4 MiB of this over and over, but for the room for a frame.
fn lots(of: &str) -> String {
    some(of, (4 << 20) - 1_024)
}

fn some(of: &str, bytes: usize) -> String {
    of.repeat(bytes / of.len())
}

#[test]
fn values_of_the_wrong_kind_are_left_out() {
    for strange in ["5", "null", "true", "{\"text\":\"x\"}", "[[\"x\"]]", "[{\"text\":5}]"] {
        let body = format!(
            "{{\"model\":{strange},\"system\":{strange},\"tools\":{strange},\"thinking\":{strange},\"messages\":[
                {{\"role\":{strange},\"content\":\"x\"}},
                {{\"role\":\"user\",\"content\":\"hello\"}},
                {{\"role\":\"assistant\",\"content\":{strange},\"tool_calls\":{strange}}},
                {{\"role\":\"user\",\"content\":{strange}}}]}}"
        );
        let view = read(&body).expect(strange);
        assert_eq!((view.newest.as_str(), view.calls.len()), ("hello", 0), "{strange}");
    }
}

#[test]
fn parts_of_unknown_type_are_left_out() {
    let view = view(&chat(json!([{"role": "user", "content": [
        {"type": "hologram", "data": "x"}, 5, null, [says("within")], {}, "plain", says("hello"),
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]}])));
    assert_eq!(view.newest, "plain\nhello");
}

#[test]
fn of_a_key_that_is_there_twice_the_last_one_counts() {
    let body = "{\"messages\":[{\"role\":\"user\",\"content\":\"first\"}],\
                 \"messages\":[{\"role\":\"system\",\"role\":\"user\",\"content\":\"a\",\"content\":\"last\"}]}";
    let view = read(body).expect("a view");
    assert_eq!((view.newest.as_str(), view.earlier.len()), ("last", 0));
}

#[test]
fn lone_surrogates_are_replaced() {
    let view = read(raw("\"\\ud83d hello \\ude00\"")).expect("a view");
    assert_eq!(view.newest, "\u{fffd} hello \u{fffd}");
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced() {
    let mut body = raw("\"hello _ you\"").into_bytes();
    let at = body.iter().position(|byte| *byte == b'_').unwrap();
    body[at] = 0xff;
    assert_eq!(read(&body).expect("a view").newest, "hello \u{fffd} you");
}

#[test]
fn a_pair_of_surrogates_is_not_cut_in_half() {
    for length in 690..705 {
        let text = "a".repeat(length);
        let view =
            read(raw(&format!("\"{text}{}\"", "\\ud83e\\udd80".repeat(200)))).expect("a view");
        assert!(!view.newest.contains('\u{fffd}'), "{length}");
    }
}

#[test]
fn a_body_that_is_cut_anywhere_is_no_view() {
    let body = chat(json!([
        {"role": "system", "content": [says("Be \"brief\".")]},
        {"role": "user", "content": "\u{1f980} \\ \n </task>"},
        {"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]},
    ]));
    let body = body.to_string();
    assert!(read(&body).is_some());
    for end in 0..body.len() {
        assert!(read(&body.as_bytes()[..end]).is_none(), "cut at {end}");
    }
}

#[test]
fn a_body_over_the_limit_is_not_looked_at() {
    let body = raw("\"hello\"");
    let limits = |body_bytes| super::Limits { body_bytes };
    assert!(super::View::read(body.as_bytes(), limits(body.len())).is_some());
    assert!(super::View::read(body.as_bytes(), limits(body.len() - 1)).is_none());
}

#[test]
fn ten_thousand_messages_are_read_from_their_end() {
    let turn = |n| json!({"role": if n % 2 == 0 { "user" } else { "assistant" }, "content": format!("turn {n}")});
    let view = view(&chat((0..10_001).map(turn).collect()));
    assert_eq!(view.newest, "turn 10000");
    assert_eq!(view.earlier, ["turn 9998", "turn 9996", "turn 9994", "turn 0"]);
}

#[test]
fn ten_thousand_tools_results_hide_no_person() {
    for calls in [200, 5_000] {
        let mut turns = vec![json!({"role": "user", "content": "rewrite it all"})];
        for _ in 0..calls {
            turns.push(json!({"role": "assistant", "tool_calls": [{"function": {"arguments": "{\"path\":\"a.rs\"}"}}]}));
            turns.push(json!({"role": "tool", "content": "ok"}));
        }
        let view = view(&chat(Value::Array(turns)));
        assert_eq!((view.newest.as_str(), view.turn_start), ("rewrite it all", false));
        assert_eq!((view.calls.len(), view.result.as_str()), (4, "ok"));
    }
}

#[test]
fn deep_nesting_is_crossed_wherever_it_stands() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        format!(
            "{{\"x\":{deep},\"messages\":[{deep},{{\"role\":\"user\",\"content\":\"hello\",\"x\":{deep}}}]}}"
        ),
        raw(&format!("[{deep},{{\"type\":{deep}}},{{\"text\":\"hello\"}}]")),
        format!(
            "{{\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}},{{\"role\":\"assistant\",\"content\":[\
              {{\"type\":\"tool_use\",\"input\":{deep}}},{{\"function\":{{\"arguments\":{deep}}}}}]}}]}}"
        ),
    ] {
        assert_eq!(read(&body).expect("a view").newest, "hello");
    }
    assert!(read(raw(&deep)).is_none());
    assert!(read(&deep).is_none());
}

#[test]
fn an_image_costs_no_room() {
    let image = format!("data:image/png;base64,{}", lots("QUJD"));
    let view = view(&chat(json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": image}}, says("what is this?"),
    ]}])));
    assert_eq!(view.newest, "what is this?");
    assert!(view.result.is_empty() && view.calls.is_empty());
}

#[test]
fn a_text_of_four_mebibytes_fills_no_more_than_a_window() {
    for text in ["\\\\", "<", "\\n", "word "] {
        let body = raw(&format!("\"{}\"", lots(text)));
        let limit = super::Limits::default().body_bytes;
        assert!((limit - 2_048..=limit).contains(&body.len()));
        assert!(read(&body).is_none_or(|view| size(&view) < 8_192), "{text}");
    }
}

/// Texts that are dear for who goes back over them: if one is looked at once
/// more for each of its marks, this test takes hours.
#[test]
fn no_text_takes_more_than_a_few_looks() {
    let long_name = format!("<{}>", "n".repeat(60));
    let texts = [
        "\\\\",
        "<",
        "</",
        "<a ",
        "<a>",
        "<a \\\\",
        "\\u003c",
        "\\u003c\\u003c/",
        "<system-reminder>",
        "<context/>",
        "</system-reminder>",
        "<feedback>",
        "<system-reminder></system-reminder>",
        &long_name,
        "\\\"",
        "\\n",
        "\\n\\n ",
        "\\u005c",
        "\\ud83d",
        "\u{4e2d}",
        "`",
        "=",
        ".",
        "a.b/",
        "[x] Result",
        "word ",
        "\\u0022",
        "\\\\n",
    ];
    for text in texts {
        let whole = some(text, 256 << 10);
        let parts = some(&format!("{{\"text\":\"{text}\"}},"), 256 << 10);
        for content in [
            format!("\"{whole}\""),
            format!("\"[a b] Result {whole}\""),
            format!("\"<feedback>{whole}</feedback>\""),
            format!("[{parts}{{}}]"),
        ] {
            let view = read(raw(&content));
            assert!(view.is_none_or(|view| size(&view) < 8_192), "{text}");
        }
    }
}

#[test]
fn names_without_end_are_not_looked_for_again_and_again() {
    let names: String = (0..100_000).map(|n| format!("<info-{n}>")).collect();
    assert!(read(raw(&format!("\"{names}\""))).is_some());
}

#[test]
fn lines_of_the_system_are_not_compared_again_and_again() {
    let system: String = (0..60_000).map(|n| format!("rule number {n} of the client\\n")).collect();
    let turn = "{\"role\":\"user\",\"content\":\"[a b] Result\\nrule number 1 of the client\\nrule number 2 of the client\"},";
    let said = "{\"role\":\"user\",\"content\":\"hello\\nrule number 1 of the client\\nrule number 2 of the client\"}";
    let body = format!("{{\"system\":\"{system}\",\"messages\":[{}{said}]}}", turn.repeat(10_000));
    assert_eq!(read(&body).expect("a view").newest, "hello");
    let body =
        format!("{{\"system\":\"{system}\",\"messages\":[{said},{}{{}}]}}", turn.repeat(10_000));
    assert!(read(&body).is_some_and(|view| !view.turn_start));
}

#[test]
fn many_lines_that_are_the_systems_are_no_persons() {
    let system: String = (0..100).map(|n| format!("rule number {n} of the client\n")).collect();
    let said = format!("{system}hello there, you all\n{system}");
    let view = view(&chat(json!([
        {"role": "system", "content": system}, {"role": "user", "content": said},
    ])));
    assert_eq!(view.newest, "hello there, you all");
}

#[test]
fn a_tag_that_nobody_closes_hides_no_reminder() {
    let view = view(&chat(json!([{"role": "user", "content": [says(
        "why is Arc<Context> not Send, and x <n? Vec<EditorInfo>\n<system-reminder>\nuse the tools\n</system-reminder>"
    )]}])));
    assert_eq!(view.newest, "why is Arc<Context> not Send, and x <n? Vec<EditorInfo>");
}

#[test]
fn a_view_holds_no_more_than_its_windows() {
    let text = lots("word ");
    let parts: Vec<_> = (0..200).map(|n| says(&format!("{n} {}", &text[..5_000]))).collect();
    let call = json!({"type": "tool_use", "input": {"a": &text[..9_000], "b": [&text[..9_000]]}});
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(json!({"role": "user", "content": parts}));
        turns.push(json!({"role": "assistant", "content": [says(&text[..9_000]), call, call, call, call, call]}));
        turns.push(json!({"role": "user", "content": [{"type": "tool_result", "content": &text[..90_000]}]}));
    }
    turns.push(json!({"role": "user", "content": text[..90_000]}));
    let view = view(&json!({"model": &text[..9_000], "system": &text[..2_900], "messages": turns}));
    assert!(size(&view) < 8_192, "{} bytes", size(&view));
    assert_eq!((view.earlier.len(), view.calls.len(), view.answers.len()), (1, 4, 1));
}

/// How many bytes the texts of a view have.
fn size(view: &super::View) -> usize {
    let lists = [&view.earlier, &view.answers, &view.calls];
    let lists: usize = lists.into_iter().flatten().map(String::len).sum();
    view.newest.len()
        + view.result.len()
        + view.system.len()
        + view.model().map_or(0, str::len)
        + lists
}
