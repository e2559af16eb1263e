//! How far back is read for what the newest words mean.

use serde_json::{Value, json};

use super::{chat, view};

const TASK: &str = "Fix the panic in src/parser.rs on empty input";
const DISH: &str = "How long do I braise a shoulder of beef with carrots?";

fn user(words: &str) -> Value {
    json!({"role": "user", "content": words})
}

fn answer(words: &str) -> Value {
    json!({"role": "assistant", "content": words})
}

/// A call, and what it gave back.
fn call(path: &str) -> [Value; 2] {
    let arguments = json!({"path": path}).to_string();
    [
        json!({"role": "assistant", "tool_calls": [{"function": {"arguments": arguments}}]}),
        json!({"role": "tool", "content": format!("the text of {path}")}),
    ]
}

fn coding() -> Vec<Value> {
    let [read, text] = call("src/parser.rs");
    vec![user("Add a parser for dates to the crate"), user(TASK), read, text, answer("Fixed.")]
}

#[test]
fn nothing_is_read_past_words_that_stand_alone() {
    for dish in
        [DISH, "\u{600e}\u{4e48}\u{7ea2}\u{70e7}\u{725b}\u{8089}\u{548c}\u{571f}\u{8c46}\u{ff1f}"]
    {
        let own = vec![user(dish), answer("Three hours."), user("and for six?")];
        let alone = view(&chat(own.clone().into()));
        assert_eq!(alone.earlier, [dish]);
        assert_eq!(alone.answers, ["Three hours."]);
        let behind = view(&chat([coding(), own].concat().into()));
        assert!(behind == alone, "{:?} {:?}", behind.earlier, behind.calls);
    }
}

#[test]
fn go_on_leads_back_to_what_is_gone_on_with() {
    let mut turns = coding();
    turns.extend([user("go on"), answer("Next: the tests.")]);
    turns.extend(call("tests/parser.rs"));
    turns.extend([answer("Done."), user("ok, the next")]);
    let view = view(&chat(turns.into()));
    assert_eq!(view.newest, "ok, the next");
    assert_eq!(view.earlier, ["go on", TASK]);
    assert_eq!(view.calls, ["tests/parser.rs", "src/parser.rs"]);
    assert_eq!(view.result, "the text of tests/parser.rs");
}

#[test]
fn who_goes_on_in_many_words_still_goes_on() {
    for words in [
        "I like it! Could you please carry on like this?",
        "Let's go with your first recommendation then",
        "Why did you choose this over the alternative?",
        "No, that is not what I wanted, please undo the last thing",
        "Oui, c'est parfait, tu peux continuer comme \u{e7}a",
        "Ja, genau so, mach bitte einfach weiter",
        "\u{597d}\u{7684}\u{ff0c}\u{8bf7}\u{7ee7}\u{7eed}\u{628a}\u{5269}\u{4e0b}\u{7684}\u{4e5f}\u{505a}\u{5b8c}",
    ] {
        let turns = [coding(), vec![user(words), answer("That is done."), user("ok, next")]];
        let view = view(&chat(turns.concat().into()));
        assert_eq!(view.earlier[..2], [words, TASK], "{words}");
    }
}

#[test]
fn what_a_client_says_for_itself_does_not_end_the_reading() {
    let own = [
        "# AGENTS.md instructions for the crate\n\nRun the tests before each commit.",
        "[read_file for 'src/parser.rs'] Result:\nfn parse(text: &str) -> Option<Date>",
        "<system-reminder>\nThe list of what is to do is empty at present.\n</system-reminder>",
    ];
    for own in own {
        let view = view(&chat(json!([user(TASK), answer("I look."), user(own), user("go on")])));
        assert_eq!(view.newest, "go on", "{own}");
        assert_eq!(view.earlier, [TASK], "{own}");
    }
}
