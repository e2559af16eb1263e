//! A plain POST to the operator, when a person should look.

use std::time::Duration;

use http::Uri;
use planguard::breaker::{Event, What};
use serde_json::{Value, json};

use crate::{status::rfc3339, transport::Transport};

/// Pauses between the tries.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// Sends `event`, if it is one that a person should hear of. The URL is often
/// a secret, so no log names it.
pub async fn tell(transport: &Transport, url: &Uri, event: &Event) {
    let Some(body) = message(event) else { return };
    let body = body.to_string();
    for pause in PAUSES.iter().map(Some).chain([None]) {
        let told = transport.post(url.clone(), body.clone()).await;
        match (told, pause) {
            (Ok(status), _) if status.is_success() => return,
            (_, Some(pause)) => tokio::time::sleep(*pause).await,
            (Ok(status), None) => tracing::error!(%status, "the webhook did not take an event"),
            (Err(error), None) => tracing::error!(%error, "the webhook did not take an event"),
        }
    }
}

fn message(event: &Event) -> Option<Value> {
    let (name, details) = match &event.what {
        What::Halted { halt } => ("halt", json!(halt)),
        What::Relapsed { halt } => ("relapse", json!(halt)),
        What::Released { halt, by, .. } => ("release", json!({ "id": halt, "by": by })),
        What::OneBeforeLimit { strikes, limit } => {
            ("one_before_the_limit", json!({ "strikes": strikes.of(*limit) }))
        }
        _ => return None,
    };
    Some(json!({
        "event": name,
        "account": event.account,
        "at": rfc3339(event.at),
        "details": details,
    }))
}
