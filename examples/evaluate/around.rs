//! What can be put around a request: an agent's system text and tools, or a
//! long coding session before it.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::rows::Row;

/// The system texts and tools of one agent, in two wire formats.
pub struct Frame {
    chat: Value,
    messages: Value,
}

impl Frame {
    /// The frame of the first opencode request with tools, of each wire
    /// format, in `captures`.
    pub fn of(captures: &[Row], file: &Path) -> anyhow::Result<Self> {
        let first = |shape: &str| {
            let bodies = captures
                .iter()
                .filter(|row| row.shape == shape && row.client.starts_with("opencode"));
            bodies
                .filter_map(|row| serde_json::from_str::<Value>(row.body()).ok())
                .find(|body| body["tools"].as_array().is_some_and(|tools| !tools.is_empty()))
                .with_context(|| {
                    format!("{}: no {shape} request of opencode with tools", file.display())
                })
        };
        Ok(Self { chat: first("openai_chat")?, messages: first("anthropic_messages")? })
    }

    /// Puts the frame around `body`; what it has of its own stays behind it.
    pub fn put_around(&self, shape: &str, mut body: Value) -> anyhow::Result<String> {
        let system = systems(&self.chat["messages"]);
        match shape {
            "openai_chat" => {
                body["messages"] = system.into_iter().chain(turns(&body)).collect();
                body["tools"] = self.chat["tools"].clone();
            }
            "anthropic_messages" => {
                let own = blocks(&body["system"]);
                let system = blocks(&self.messages["system"]);
                body["system"] = system.into_iter().chain(own).collect();
                body["tools"] = self.messages["tools"].clone();
            }
            "openai_responses" => {
                let texts = system.iter().filter_map(|turn| turn["content"].as_str());
                let own = body["instructions"].as_str();
                body["instructions"] = texts.chain(own).collect::<Vec<_>>().join("\n").into();
                body["tools"] = flat(&self.chat["tools"]);
            }
            _ => bail!("`{shape}` is no shape of a request"),
        }
        Ok(body.to_string())
    }
}

fn systems(turns: &Value) -> Vec<Value> {
    let turns = turns.as_array().into_iter().flatten();
    turns.filter(|turn| turn["role"] == "system").cloned().collect()
}

fn blocks(system: &Value) -> Vec<Value> {
    match system {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    }
}

/// Tools as the Responses API has them.
fn flat(tools: &Value) -> Value {
    let tools = tools.as_array().into_iter().flatten();
    tools
        .map(|tool| {
            let mut flat = tool["function"].clone();
            flat["type"] = "function".into();
            flat
        })
        .collect()
}

/// The turns of a request.
fn turns(body: &Value) -> Vec<Value> {
    match (&body["messages"], &body["input"]) {
        (Value::Array(turns), _) | (_, Value::Array(turns)) => turns.clone(),
        (_, Value::String(text)) => vec![json!({"role": "user", "content": text})],
        _ => Vec::new(),
    }
}

/// A coding session: the turns of coding requests of one wire format, one
/// request after the other.
pub struct Session(Vec<Value>);

impl Session {
    /// One of so many bytes, or a little more; none if `rows` have too little.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row>, shape: &str, bytes: usize) -> Option<Self> {
        let coding = rows.filter(|row| row.shape == shape && row.is_other() == Some(false));
        let (mut session, mut length) = (Vec::new(), 0);
        for row in coding {
            let body = serde_json::from_str::<Value>(row.body()).ok()?;
            let own = turns(&body).into_iter();
            let own = own.filter(|turn| turn["role"] != "system" && turn["role"] != "developer");
            // So that the next person's turn does not continue this one.
            let answer = json!({"role": "assistant", "content": "Done."});
            for turn in own.chain([answer]) {
                length += turn.to_string().len();
                session.push(turn);
            }
            if length >= bytes {
                return Some(Self(session));
            }
        }
        None
    }

    /// Puts the session before the turns of `body`, behind its system texts.
    pub fn put_before(&self, mut body: Value) -> String {
        let (system, own): (Vec<_>, Vec<_>) = turns(&body)
            .into_iter()
            .partition(|turn| turn["role"] == "system" || turn["role"] == "developer");
        let key = if body["input"].is_null() { "messages" } else { "input" };
        body[key] = system.into_iter().chain(self.0.iter().cloned()).chain(own).collect();
        body.to_string()
    }
}
