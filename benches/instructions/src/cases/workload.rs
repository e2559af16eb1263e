//! The non-coding guard: one request judged.

use std::{hint::black_box, sync::OnceLock};

use planguard::workload::{Classifier, Limits, OwnModel, View};
use serde_json::{Value, json};

use super::Case;

/// A request of 4 KB whose person's words fill most of it.
pub static SHORT: Case = judging("a request of 4 KB", |rounds| judge(short(), rounds));
/// A coding agent's request of 300 KB, in the middle of a session.
pub static LONG: Case = judging("an agent's request of 300 KB", |rounds| judge(long(), rounds));

const fn judging(name: &'static str, run: fn(u32)) -> Case {
    Case { rounds: (10, 60), ..Case::each(name, run) }
}

fn judge(body: &[u8], rounds: u32) {
    let model = OwnModel::default();
    for _ in 0..rounds {
        let view = View::read(black_box(body), Limits::default()).expect("a view");
        black_box(model.classify(&view));
    }
}

fn short() -> &'static [u8] {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    BODY.get_or_init(|| {
        let words = "Our importer rejects invoices whose due date lies before the invoice date, although the \
                     supplier allows it. In `importer/rules.py` the check `due >= issued` is too strict; make it \
                     a warning, keep the row, and write a test for both cases. ";
        let code = "def check(row: Row) -> None:\n    if row.due < row.issued:\n        raise Invalid(row.id)\n";
        let text = format!("{}\n```python\n{}```\n", words.repeat(6), code.repeat(20));
        body(&json!([
            {"role": "system", "content": "You help with code."},
            {"role": "user", "content": text},
        ]))
    })
}

fn long() -> &'static [u8] {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    BODY.get_or_init(|| {
        let system = "# Rules\n- Use the tools.\n- Answer \"briefly\", in one line.\n".repeat(600);
        let file = "fn main() {\n    println!(\"{}\", std::env::args().count());\n}\n".repeat(50);
        let mut turns = vec![json!({"role": "system", "content": system})];
        turns.push(json!({"role": "user", "content": "make the counter skip the program's name"}));
        for n in 0..60 {
            let arguments = json!({"path": format!("src/part_{n}.rs")}).to_string();
            let call = json!({"id": format!("c{n}"), "type": "function",
                "function": {"name": "read", "arguments": arguments}});
            turns.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
            turns.push(json!({"role": "tool", "tool_call_id": format!("c{n}"), "content": file}));
        }
        body(&Value::Array(turns))
    })
}

fn body(messages: &Value) -> Vec<u8> {
    json!({"model": "glm-5.2", "stream": true, "messages": messages}).to_string().into_bytes()
}
