mod clients;
mod earlier;
mod editors;
mod hostile;
mod properties;
mod shapes;

use serde_json::{Value, json};

use super::{Limits, View};

/// What is read of `body`, which has to be something.
fn view(body: &Value) -> View {
    read(body.to_string()).expect("a view")
}

fn read(body: impl AsRef<[u8]>) -> Option<View> {
    View::read(body.as_ref(), Limits::default())
}

fn chat(messages: Value) -> Value {
    json!({"model": "glm-4.6", "messages": messages, "stream": true})
}

fn says(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// What an agent offers, whatever it is asked.
fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "read_file", "parameters": {}}}])
}
