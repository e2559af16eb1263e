//! A plain POST to the operator, when a person should look.

use std::time::Duration;

use http::Uri;
use planguard::breaker::{Event, What};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::{releases::Release, status::rfc3339, transport::Transport};

/// Pauses between the tries.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// How long the gateway's end waits for what is not told yet.
const LAST: Duration = Duration::from_secs(10);

/// Where messages go. Its URL is often a secret, so no log names it.
#[derive(Clone)]
pub struct Webhook {
    transport: Transport,
    url: Uri,
    under_way: TaskTracker,
}

impl Webhook {
    pub fn new(transport: Transport, url: Uri) -> Self {
        Self { transport, url, under_way: TaskTracker::new() }
    }

    /// Sends `message`, in a task of its own.
    pub fn tell(&self, message: Value) {
        let webhook = self.clone();
        self.under_way.spawn(async move { webhook.send(message.to_string()).await });
    }

    /// Waits a little for messages that are under way. There are no more.
    pub async fn finish(&self) {
        self.under_way.close();
        if tokio::time::timeout(LAST, self.under_way.wait()).await.is_err() {
            tracing::error!("the webhook did not take {} messages", self.under_way.len());
        }
    }

    async fn send(&self, message: String) {
        for pause in PAUSES.iter().map(Some).chain([None]) {
            let told = self.transport.post(self.url.clone(), message.clone()).await;
            match (told, pause) {
                (Ok(status), _) if status.is_success() => return,
                (_, Some(pause)) => tokio::time::sleep(*pause).await,
                (Ok(status), None) => tracing::error!(%status, "the webhook took no message"),
                (Err(error), None) => tracing::error!(%error, "the webhook took no message"),
            }
        }
    }
}

/// What a person should hear of an event.
pub fn of_event(event: &Event) -> Option<Value> {
    let (name, details) = match &event.what {
        What::Halted { halt } => ("halt", json!(halt)),
        What::Relapsed { halt } => ("relapse", json!(halt)),
        What::OneBeforeLimit { strikes, limit } => {
            ("one_before_the_limit", json!({ "strikes": strikes.of(*limit) }))
        }
        _ => return None,
    };
    let at = rfc3339(event.at);
    Some(json!({ "event": name, "account": event.account, "at": at, "details": details }))
}

pub fn of_release(release: &Release) -> Value {
    let at = std::time::UNIX_EPOCH + Duration::from_millis(release.released.at);
    json!({
        "event": "release",
        "account": release.account,
        "at": rfc3339(at),
        "details": release.released,
    })
}
