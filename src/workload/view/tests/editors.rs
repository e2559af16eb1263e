//! Bodies of clients that put their own words into a person's turn, in small.

use serde_json::{Value, json};

use super::{chat, says, tools, view};

const ASKED: &str = "Write a poem about autumn rain";

const RULES: &str = "To suggest changes to a file you MUST return the entire content.\n\nUse this *file listing* format:\n\npath/to/filename.js\n```\n// entire file content ...\n```\n\nEvery *file listing* MUST use this format.";

fn aider(said: &str) -> Value {
    chat(json!([
        {"role": "system", "content": format!("Act as an expert software developer.\n{RULES}")},
        {"role": "user", "content": "Change the greeting to be more casual"},
        {"role": "assistant", "content": "Ok, I will:\n\n1. Switch the greeting."},
        {"role": "user", "content": "I switched to a new code base. Please don't consider the above files."},
        {"role": "assistant", "content": "Ok."},
        {"role": "user", "content": "I have *added these files to the chat* so you can edit them.\n\ncalc.py\n```\nx = 1\n```"},
        {"role": "assistant", "content": "Ok, any changes I propose will be to those files."},
        {"role": "user", "content": format!("{said}\n\n{RULES}")},
    ]))
}

#[test]
fn aider_repeats_its_rules_behind_what_is_said() {
    for said in [ASKED, "continue", "two lines\nof which one is short"] {
        let view = view(&aider(said));
        assert_eq!(view.newest, said);
        assert!(view.turn_start);
    }
}

#[test]
fn aiders_examples_and_files_are_no_persons_turns() {
    let view = view(&aider(ASKED));
    assert!(view.earlier.is_empty(), "{:?}", view.earlier);
    assert!(view.answers.is_empty(), "{:?}", view.answers);
}

#[test]
fn aiders_frame_is_no_persons_system_text() {
    assert_eq!(view(&aider(ASKED)).system, "");
    let told = json!({"system": "Act as an expert translator.", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(view(&told).system, "Act as an expert translator.");
}

#[test]
fn a_fence_of_a_persons_own_is_kept() {
    let said = format!("{ASKED}\n```\nwith this line\n```");
    assert_eq!(view(&aider(&said)).newest, said);
}

#[test]
fn who_says_nothing_but_what_the_system_says_is_heard() {
    let view = view(&aider(""));
    assert!(view.newest.starts_with("To suggest changes"), "{}", view.newest);
}

fn cline(turns: &[&str]) -> Value {
    let details = "<environment_details>\n# Current Time\n10:00\n</environment_details>";
    let mut messages = vec![json!({"role": "system", "content": "You are Cline."})];
    for (at, text) in turns.iter().enumerate() {
        if at > 0 {
            messages.push(json!({"role": "assistant", "content": "<read_file>\n<path>a.rs</path>\n</read_file>"}));
        }
        let parts: Vec<_> = text.split('|').chain([details]).map(says).collect();
        messages.push(json!({"role": "user", "content": parts}));
    }
    chat(Value::Array(messages))
}

#[test]
fn cline_puts_a_task_in_tags() {
    let view = view(&cline(&["<task>\nfix the build\n</task>"]));
    assert_eq!(view.newest, "fix the build");
    assert!(view.turn_start);
}

#[test]
fn what_cline_says_of_a_tool_is_no_persons_turn() {
    for result in [
        "[read_file for 'a.rs'] Result:|fn main() {}",
        "[read_file for 'app/[id]/page.tsx'] Result:|export default",
        "[attempt_completion] Result:|",
        "[ERROR] You did not use a tool in your previous response!",
    ] {
        let view = view(&cline(&["<task>\nfix the build\n</task>", result]));
        assert_eq!(view.newest, "fix the build", "{result}");
        assert!(!view.turn_start, "{result}");
        assert!(view.result.starts_with('['), "{result}");
    }
}

#[test]
fn what_a_person_says_of_a_tools_result_is_heard() {
    let denied = "[write_to_file for 'a.rs'] Result:|The user denied this operation and provided the following feedback:\n<feedback>\nuse tabs\n</feedback>";
    let told = view(&cline(&["<task>\nfix the build\n</task>", denied]));
    assert_eq!((told.newest.as_str(), told.turn_start), ("use tabs", false));
    assert_eq!(told.earlier, ["fix the build"]);

    let answer = "[ask_followup_question for 'Which?'] Result:|<answer>\nthe second\n</answer>";
    let told = view(&cline(&["<task>\nfix the build\n</task>", answer]));
    assert_eq!((told.newest.as_str(), told.turn_start), ("the second", false));

    let resumed =
        "[TASK RESUMPTION] This task was interrupted.\n<user_message>\ngo on\n</user_message>";
    let told = view(&cline(&["<task>\nfix the build\n</task>", resumed]));
    assert_eq!((told.newest.as_str(), told.turn_start), ("go on", false));
}

#[test]
fn what_a_person_says_when_the_work_is_done_begins_a_turn() {
    let done = "[attempt_completion] Result:|The user has provided feedback on the results.\n<feedback>\nwrite me a poem\n</feedback>";
    let told = view(&cline(&["<task>\nfix the build\n</task>", done]));
    assert_eq!((told.newest.as_str(), told.turn_start), ("write me a poem", true));
}

#[test]
fn cursor_puts_a_query_in_tags_behind_its_data() {
    let text = "<additional_data>\n<current_file>\nPath: a.rs\n</current_file>\n</additional_data>\n\n<user_query>\nwhy is this slow?\n</user_query>";
    let body =
        json!({"model": "m", "tools": tools(), "messages": [{"role": "user", "content": text}]});
    let view = view(&body);
    assert_eq!(view.newest, "why is this slow?");
    assert!(view.turn_start);
}
