//! A success that quotes anything at all, at any depth of quoting, is a
//! success: a model that talks about an error is not in trouble itself.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use planguard_fuzz::{claim, verdict_at_any_chunking};
use serde_json::json;

fuzz_target!(|input: (u8, Vec<u8>, &str)| {
    let (endpoint, lengths, text) = input;
    let inner: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
    let openai = json!({
        "id": "1",
        "choices": [{
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": text,
                "tool_calls": [{"function": {"name": "report", "arguments": text}}],
            },
        }],
    });
    let anthropic = json!({
        "type": "message",
        "stop_reason": "tool_use",
        "content": [
            {"type": "text", "text": text},
            {"type": "tool_use", "id": "1", "name": "report", "input": inner},
        ],
    });
    for body in [openai, anthropic] {
        let body = body.to_string();
        let verdict = |media, body: &str| {
            let (claim, body) = (claim(endpoint), body.as_bytes());
            verdict_at_any_chunking(&claim, StatusCode::OK, media, body, &lengths)
        };
        assert_eq!(verdict("application/json", &body), None, "{body}");
        let stream = format!("data: {body}\n\ndata: [DONE]\n\n");
        assert_eq!(verdict("text/event-stream", &stream), None, "{stream}");
    }
});
