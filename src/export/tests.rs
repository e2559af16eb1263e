//! The documents say the same, say all, and nothing in them gets out of its
//! place.

use std::sync::Arc;

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::*;
use crate::{
    exchange::Workload,
    ledger::{Entry, Fact, KeptEvidence, Place},
    profile::zai,
    signal::{Certainty, Class},
};

/// What a person and a provider wrote.
#[derive(Clone, Debug)]
struct Words {
    account: String,
    message: String,
    agent: String,
    name: String,
    note: String,
}

fn plain() -> Words {
    let words = ["work", "You are breaking our terms.", "a-tool/1.0", "Ada", "stopped the job"];
    let [account, message, agent, name, note] = words.map(str::to_owned);
    Words { account, message, agent, name, note }
}

fn record(words: &Words) -> (Account, Record) {
    let mut signal = Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429);
    signal.code = Some("1313".to_owned());
    signal.message = words.message.clone();
    signal.request_id = Some("20260610204201088e4da7a3644b8c".to_owned());
    signal.rule = Some("fair-use".into());
    let mut evidence = Evidence::new(1_784_800_000_000, "zai", signal);
    evidence.checked_on = Some("2026-11-22".to_owned());
    evidence.place = Some(Place::new("api.z.ai", "/api/coding", "openai", true));
    evidence.model = Some("glm-5.2".to_owned());
    evidence.user_agent = Some(words.agent.clone());
    evidence.declaration = Some(Workload::Coding);
    let kept = KeptEvidence::new("h-bcdfg", Strike::Confirmed, Arc::new(evidence));
    let halt = serde_json::json!({
        "id": "h-bcdfg", "kind": "latch", "reach": "plan", "endpoint": 0, "strike": "confirmed",
        "since": 1_784_800_000_000u64, "epoch": 0, "hits": 1, "phase": {"is": "latched"},
        "pause_ms": 0, "longest_ms": 0, "evidence": [kept],
    });
    let halt = Box::new(serde_json::from_value(halt).unwrap());
    let by = Person::new(&words.name, &words.note);
    let mut record = Record::default();
    record.fold(&Entry::new(1_784_800_000_000, Fact::Halted { halt }));
    record.strikes.suspected = 2;
    record.fold(&Entry::new(
        1_784_803_600_000,
        Fact::Acknowledged { halt: "h-bcdfg".to_owned(), by },
    ));
    (Account::named("zai", &words.account), record)
}

fn document(words: &Words) -> Document {
    Document::find(&[record(words)], "h-bcdfg").unwrap()
}

#[test]
fn the_page_says_what_an_appeal_needs() {
    let page = document(&plain()).to_markdown();
    for part in [
        "# Strike `h-bcdfg` on account `zai/work`",
        "`GLM Coding Plan` of `Z.AI`.",
        "Strikes so far: 1 confirmed, 2 suspected, limit 3.",
        "### 1. 2026-07-23T09:46:40Z, a confirmed strike",
        "- Code: `1313`, status 429",
        "- Request id: `20260610204201088e4da7a3644b8c`",
        "- Read as: `policy_violation`, by rule `fair-use`",
        "```text\nYou are breaking our terms.\n```",
        "- Endpoint: `api.z.ai` under `/api/coding` (`openai`; the plan pays)",
        "- Model: `glm-5.2`",
        "- User-Agent: `a-tool/1.0`",
        "- Kind of work, as declared by the caller: `coding`",
        "- Kind of work, as judged by planguard: not recorded",
        "A person, `Ada`, released the halt at 2026-07-23T10:46:40Z.",
        "```text\nstopped the job\n```",
        "- `international`: <https://z.ai/contact>",
        "No reply time is published.",
        "three or more times",
    ] {
        assert!(page.contains(part), "{part} is not in:\n{page}");
    }
    assert!(!page.contains("bigmodel"), "the links are those of the region:\n{page}");
}

#[test]
fn the_json_says_the_same() {
    let json: serde_json::Value = serde_json::from_str(&document(&plain()).to_json()).unwrap();
    assert_eq!(json["format"], "planguard export 1");
    assert_eq!(json["account"], "zai/work");
    assert_eq!(json["strike"], "h-bcdfg");
    assert_eq!(json["count"]["words"], "1 confirmed, 2 suspected, limit 3");
    assert_eq!(json["count"]["confirmed"], 1);
    assert_eq!(json["plan"]["provider"], "Z.AI");
    assert_eq!(json["state"]["is"], "over");
    assert_eq!(json["answers"][0]["evidence"]["signal"]["message"], "You are breaking our terms.");
    assert_eq!(json["answers"][0]["time"], "2026-07-23T09:46:40Z");
    assert_eq!(json["releases"][0]["name"], "Ada");
    assert_eq!(json["releases"][0]["note"], "stopped the job");
    assert_eq!(json["appeal"][0]["url"], "https://z.ai/contact");
    assert_eq!(json["reply_time"], "No reply time is published.");
}

#[test]
fn a_strike_that_nobody_has_is_not_found() {
    assert_eq!(Document::find(&[record(&plain())], "h-other"), None);
    assert_eq!(Document::find(&[], "h-bcdfg"), None);
}

#[test]
fn a_halt_without_evidence_is_told_as_far_as_it_is_known() {
    let (account, mut record) = record(&plain());
    record.evidence.clear();
    let page = Document::find(&[(account, record)], "h-bcdfg").unwrap().to_markdown();
    assert!(page.contains("Nothing is recorded of an answer of the provider."), "{page}");
    assert!(page.contains("A person, `Ada`"), "{page}");
}

#[test]
fn a_plan_that_is_not_built_in_has_no_limit_and_no_links() {
    let (_, record) = record(&plain());
    let account = Account::named("acme", "work");
    let document = Document::find(&[(account.clone(), record.clone())], "h-bcdfg").unwrap();
    let page = document.to_markdown();
    assert!(page.contains("Strikes so far: 1 confirmed, 2 suspected.\n"), "{page}");
    assert!(page.contains("is not built in"), "{page}");
    let told = Document::new(&account, &record, "h-bcdfg", Some(&zai())).unwrap();
    assert!(told.to_markdown().contains("<https://z.ai/contact>"));
}

/// What a renderer shows: headings, code, and whatever is neither.
fn rendered(page: &str) -> (usize, Vec<String>, Vec<String>) {
    let (mut headings, mut codes, mut others) = (0, Vec::new(), Vec::new());
    let mut block: Option<String> = None;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(Tag::CodeBlock(_)) => block = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => codes.extend(block.take()),
            Event::Text(text) => match &mut block {
                Some(block) => block.push_str(&text),
                None => others.push(text.into_string()),
            },
            Event::Code(code) => codes.push(code.into_string()),
            Event::Html(html) | Event::InlineHtml(html) => others.push(format!("html {html}")),
            Event::Start(Tag::Link { dest_url, .. }) => others.push(format!("link {dest_url}")),
            Event::Start(Tag::Image { dest_url, .. }) => others.push(format!("image {dest_url}")),
            _ => {}
        }
    }
    (headings, codes, others)
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("```".to_owned()),
        Just("`".to_owned()),
        Just("\n```\n# Forged\n".to_owned()),
        Just("~~~\n".to_owned()),
        Just("</code><script>alert(1)</script>".to_owned()),
        Just("[x](https://evil.example)".to_owned()),
        Just("\u{1b}[2J\u{202e}\r\n\0".to_owned()),
        Just(" ".to_owned()),
        Just("\n\n- ".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(part, 1..6)
        .prop_map(|parts| parts.concat())
        .prop_filter("nothing has a text of its own", |text| !text.is_empty())
}

fn any_words() -> impl Strategy<Value = Words> {
    (any_text(), any_text(), any_text(), any_text(), any_text()).prop_map(
        |(account, message, agent, name, note)| Words { account, message, agent, name, note },
    )
}

proptest! {
    /// A name, a note or an answer of any bytes is shown as code, whole, and
    /// changes nothing around it.
    #[test]
    fn nothing_from_outside_leaves_its_place(words in any_words()) {
        let page = document(&words).to_markdown();
        let benign = rendered(&document(&plain()).to_markdown());
        let (headings, codes, others) = rendered(&page);
        prop_assert_eq!(headings, benign.0, "{}", page);
        prop_assert_eq!(&others, &benign.2, "{}", page);
        prop_assert_eq!(codes.len(), benign.1.len(), "{}", page);
        let unprintable = |c: char| crate::refusal::is_unprintable(c) && !matches!(c, '\n' | '\t');
        prop_assert!(!page.chars().any(unprintable), "{}", page);
        let visible = |text: &str| -> String {
            let shown = |c: char| if unprintable(c) { c.escape_unicode().to_string() } else { c.into() };
            text.chars().map(shown).collect()
        };
        for text in [&words.message, &words.note] {
            let whole = visible(text);
            prop_assert!(codes.iter().any(|code| code.trim_end_matches('\n') == whole.trim_end_matches('\n')), "{:?} in\n{}", whole, page);
        }
        for text in [&words.name, &words.agent] {
            let whole = visible(text).replace('\n', "\\u{a}").replace('\t', "\\u{9}");
            prop_assert!(codes.contains(&whole), "{:?} in\n{}", whole, page);
        }
        let json: serde_json::Value = serde_json::from_str(&document(&words).to_json()).unwrap();
        prop_assert_eq!(&json["releases"][0]["note"], &words.note);
        prop_assert_eq!(document(&words).to_markdown(), page, "the same, to the letter");
    }
}
