//! Bodies as real clients write them, in small.

use serde_json::{Value, json};

use super::{chat, says, tools, view};

const ASKED: &str = "Write a poem about autumn rain";

#[test]
fn claude_code_speaks_behind_reminders_and_before_a_system_turn() {
    let body = json!({
        "model": "glm-4.6",
        "system": [
            says("x-anthropic-billing-header: cc_version=2.1.330; cch=1f2e3;"),
            says("You are Claude Code, Anthropic's official CLI."),
        ],
        "messages": [
            {"role": "user", "content": [
                says("<system-reminder>\nCall Read before Edit.\n</system-reminder>"),
                says("<system-reminder>\nToday is Monday, <b>really</b>.\n</system-reminder>\n"),
                says(ASKED),
            ]},
            {"role": "system", "content": "# Environment\nIs a git repository: true"},
        ],
        "tools": tools(),
    });
    let view = view(&body);
    assert_eq!(view.newest, ASKED);
    assert!(view.turn_start && !view.own_call);
    assert_eq!((view.earlier.len(), view.system.as_str()), (0, ""));
}

#[test]
fn claude_code_asks_for_a_title_by_itself() {
    let body = json!({
        "system": [
            says("x-anthropic-billing-header: cc_version=2.1.330; cch=99999;"),
            says("You are Claude Code, Anthropic's official CLI."),
            says("Generate a concise title for this session, in sentence case."),
        ],
        "messages": [{"role": "user", "content": [says("<session>\nfix the login page\n</session>")]}],
    });
    let view = view(&body);
    assert_eq!(view.newest, "fix the login page");
    assert!(view.own_call && !view.turn_start);
    assert_eq!(view.system, "Generate a concise title for this session, in sentence case.");
}

#[test]
fn the_bill_is_no_part_of_the_systems_mark() {
    let mark = |bill: &str, text: &str| {
        let body = json!({
            "system": [says(&format!("x-anthropic-billing-header: cch={bill};")), says(text)],
            "messages": [{"role": "user", "content": "hello"}],
        });
        view(&body).system_mark().expect("a mark")
    };
    assert_eq!(mark("11111", "Be brief."), mark("22222", "Be brief."));
    assert_ne!(mark("11111", "Be brief."), mark("11111", "Be quick."));
}

#[test]
fn a_summary_that_claude_code_asks_for_is_its_own_call() {
    let view = view(&chat(json!([
        {"role": "user", "content": "rename the parser"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "Your task is to create a detailed summary of the conversation so far."},
    ])));
    assert!(view.own_call && !view.turn_start);
    assert_eq!(view.earlier, ["rename the parser"]);
}

#[test]
fn opencode_quotes_what_was_said_on_its_command_line() {
    for (said, heard) in [
        ("\"Fix the bug in calc.py\"", "Fix the bug in calc.py"),
        ("\"Print \\\"hello\\\" twice\"", "Print \"hello\" twice"),
        ("\"first\" and \"second\"", "\"first\" and \"second\""),
        ("\"", "\""),
        ("\"the path is C:\\\"", "the path is C:\\"),
    ] {
        let view = view(&chat(json!([{"role": "user", "content": said}])));
        assert_eq!(view.newest, heard);
    }
}

#[test]
fn opencode_asks_for_a_title_by_itself() {
    for content in [
        json!([says("Generate a title for this conversation:\n"), says("\"Fix the bug\"")]),
        json!("Generate a title for this conversation:\n"),
    ] {
        let mut messages = vec![
            json!({"role": "system", "content": "You are a title generator. You output ONLY a thread title."}),
            json!({"role": "user", "content": content}),
        ];
        if content.is_string() {
            messages.push(json!({"role": "user", "content": "\"Fix the bug\""}));
        }
        let view = view(&chat(Value::Array(messages)));
        assert!(view.own_call && !view.turn_start);
        assert!(view.newest.contains("Fix the bug"), "{}", view.newest);
    }
}

fn codex(more: &[Value]) -> Value {
    let mut input = vec![
        json!({"type": "message", "role": "developer", "content": [
            {"type": "input_text", "text": "<permissions instructions>\nread only\n</permissions instructions>"},
        ]}),
        json!({"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "# AGENTS.md instructions for /work\n\n<INSTRUCTIONS>\nUse cargo.\n</INSTRUCTIONS>"},
            {"type": "input_text", "text": "<environment_context>\n  <cwd>/work</cwd>\n</environment_context>"},
        ]}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": ASKED}]}),
    ];
    input.extend(more.iter().cloned());
    json!({"model": "gpt", "instructions": "You are Codex.", "input": input, "tools": [{"type": "function"}]})
}

#[test]
fn codex_speaks_behind_its_instructions_and_environment() {
    let view = view(&codex(&[]));
    assert_eq!((view.newest.as_str(), view.earlier.len()), (ASKED, 0));
    assert!(view.turn_start);
}

#[test]
fn what_codex_calls_and_gets_back_is_no_persons_turn() {
    let view = view(&codex(&[
        json!({"type": "reasoning", "summary": [], "encrypted_content": "x"}),
        json!({"type": "function_call", "name": "shell", "arguments": "{\"command\":[\"ls\",\"src\"],\"n\":1}", "call_id": "1"}),
        json!({"type": "function_call_output", "call_id": "1", "output": "main.rs"}),
        json!({"type": "local_shell_call", "action": {"type": "exec", "command": ["git", "diff"]}}),
        json!({"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin Patch\n*** End Patch"}),
        json!({"type": "custom_tool_call_output", "output": [{"type": "input_text", "text": "applied"}]}),
    ]));
    assert_eq!(view.newest, ASKED);
    assert!(!view.turn_start);
    assert_eq!(view.result, "applied");
    assert_eq!(view.calls, ["*** Begin Patch\n*** End Patch", "git\ndiff\nexec", "ls\nsrc"]);
}

#[test]
fn a_turn_that_was_broken_off_in_codex_is_no_persons() {
    let view = view(&codex(&[json!({"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "<turn_aborted>\nThe user interrupted the turn on purpose.\n</turn_aborted>"},
    ]})]));
    assert_eq!(view.newest, ASKED);
}

#[test]
fn qwen_code_speaks_behind_four_reminders() {
    let mut parts: Vec<_> = (0..4)
        .map(|n| says(&format!("<system-reminder>\nreminder {n}\n</system-reminder>")))
        .collect();
    parts.push(says("translate this"));
    let view = view(&chat(json!([{"role": "user", "content": parts}])));
    assert_eq!(view.newest, "translate this");
}

#[test]
fn sillytavern_has_three_system_messages_and_a_persona() {
    let view = view(&chat(json!([
        {"role": "system", "content": "Write Mirela's next reply in a fictional chat."},
        {"role": "system", "content": "Mirela is an airship pirate."},
        {"role": "system", "content": "[Start a new Chat]"},
        {"role": "assistant", "content": "Ahoy."},
        {"role": "user", "content": "We fly into a storm."},
    ])));
    assert_eq!(view.newest, "We fly into a storm.");
    assert_eq!(view.answers, ["Ahoy."]);
    assert_eq!(
        view.system,
        "Write Mirela's next reply in a fictional chat.\nMirela is an airship pirate.\n[Start a new Chat]"
    );
    assert!(view.turn_start);
}

#[test]
fn tags_that_go_spells_with_escapes_are_tags() {
    let body = chat(json!([{"role": "user", "content": [
        says("<system-reminder>\nuse \"tools\" & <b>\n</system-reminder>\nwhat does a<b mean?"),
    ]}]));
    for (open, close) in [("\\u003c", "\\u003e"), ("\\u003C", "\\u003E"), ("<", "\\u003e")] {
        let text = body.to_string().replace('<', open).replace('>', close);
        let view = super::read(&text).expect("a view");
        assert_eq!(view.newest, "what does a<b mean?");
    }
}
