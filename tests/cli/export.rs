//! A strike as a document for an appeal.

use planguard::sim::{Ladder, Provider};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, signal},
    guarded::{ask, guard},
};

#[tokio::test]
async fn a_strike_is_exported_while_it_is_open_and_after_its_release() {
    let desk = Desk::new();
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    let plan = guard(&desk.path());
    let refused = ask(&plan, &provider).await.unwrap_err();
    let (halt, words) = (refused.halt().unwrap(), refused.provider_message().unwrap());
    let page = desk.run(&["export", halt]);
    page.says(
        0,
        &[
            &format!("# Strike `{halt}` on account `zai/team`"),
            words,
            "1 confirmed, 0 suspected, limit 3",
            "my-tool/1.0",
            "No reply time is published.",
            "https://",
        ],
    );
    desk.run(&["show", "team"]).says(3, &["Evidence", &format!("planguard export {halt}")]);
    let document = desk.run(&["export", halt, "--json"]);
    let document: Value = serde_json::from_str(&document.out).unwrap();
    assert_eq!(document["answers"][0]["evidence"]["signal"]["message"], words);
    let release = ["acknowledge", halt, "--by", "Ada", "--note", "wrote to support"];
    desk.run(&[&release[..], &["--no-terminal"]].concat()).says(0, &[]);
    desk.run(&["export", halt]).says(0, &[words, "wrote to support"]);
}

#[test]
fn an_unknown_strike_names_those_that_are_known() {
    let desk = Desk::begun();
    desk.run(&["export", "h-none"]).says(4, &["knows no halt `h-none`; it knows none"]);
    desk.halted("ada", "h-a", json!({}));
    desk.run(&["export", "h-none"]).says(4, &["it knows h-a"]);
    assert_eq!(desk.json(4, &["export", "h-none"])["error"], "unknown");
}

#[test]
fn words_in_a_document_drive_no_terminal() {
    let desk = Desk::begun();
    let words = "\u{1b}[2J\u{9b}31m\u{7}\u{200b}\ta\n```\n# Released";
    desk.halted("ada", "h-a", json!({ "signal": signal("policy_violation", words) }));
    for args in [&["export", "h-a"][..], &["export", "h-a", "--json"]] {
        let ran = desk.run(args);
        let harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || c == '\u{200b}';
        assert!(ran.code == 0 && !ran.out.contains(harmful), "{ran:?}");
    }
    let document = desk.run(&["export", "h-a", "--json"]).out;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["answers"][0]["signal"]["message"], words);
}
