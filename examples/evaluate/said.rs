//! All that stands in the user's role: what a reader sees who knows nothing of
//! clients.

use serde_json::Value;

/// The texts of all turns in the user's role, one below the other. Empty for
/// what is no request.
pub fn by_user(body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return String::new() };
    let mut said = Vec::new();
    for turns in [&body["messages"], &body["input"]] {
        said.extend(turns.as_str());
        for turn in turns.as_array().into_iter().flatten() {
            if turn["role"] == "user" {
                said.extend(turn["content"].as_str());
                let parts = turn["content"].as_array().into_iter().flatten();
                said.extend(parts.filter_map(|part| part["text"].as_str()));
            }
        }
    }
    said.join("\n")
}
