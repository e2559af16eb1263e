//! The status page: rendered here, readable without a script, live with one.

use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use http::{HeaderName, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

use crate::{
    journal::{Entry, Kind},
    proxy::Gateway,
    status::{AccountStatus, HaltStatus, Status, rfc3339, status},
};

/// What another program did to the ledger is looked for so often, while
/// somebody looks at the page.
const LOOK: Duration = Duration::from_secs(1);

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

pub async fn page(State(gateway): State<Arc<Gateway>>) -> Response {
    let body = render(&status(&gateway).await).into_string();
    (POLICY, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

pub async fn json(State(gateway): State<Arc<Gateway>>) -> Response {
    (POLICY, Json(status(&gateway).await)).into_response()
}

pub async fn style() -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (POLICY, content_type, include_str!("page.css")).into_response()
}

pub async fn script() -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (POLICY, content_type, include_str!("page.js")).into_response()
}

/// Whether the process is there.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it may let anything pass: its ledger answers.
pub async fn readyz(State(gateway): State<Arc<Gateway>>) -> Response {
    match gateway.plan.ledger().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

/// Says that the page would look different, each time that it would.
pub async fn events(
    State(gateway): State<Arc<Gateway>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = gateway.journal.changes();
    let shown = looks(&status(&gateway).await);
    let stream =
        stream::unfold((gateway, changes, shown), |(gateway, mut changes, shown)| async move {
            let mut stops = gateway.stopping.subscribe();
            loop {
                tokio::select! {
                    _ = tokio::time::timeout(LOOK, changes.changed()) => {}
                    _ = stops.wait_for(|stops| *stops) => return None,
                }
                let now = looks(&status(&gateway).await);
                if now != shown {
                    // Bursts are shown as one.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    let event = Event::default().data("changed");
                    return Some((Ok(event), (gateway, changes, now)));
                }
            }
        });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// What is the same as long as nothing to be seen has changed.
fn looks(status: &Status) -> u64 {
    let mut hasher = DefaultHasher::new();
    let shown = (&status.accounts, &status.ledger_trouble, &status.timeline);
    serde_json::to_string(&shown).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

fn render(status: &Status) -> Markup {
    let halted = status.accounts.iter().filter(|account| account.is_halted()).count();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { @if halted > 0 { "(" (halted) " halted) " } "planguard gateway" }
                link rel="stylesheet" href="/planguard/style.css";
                script src="/planguard/page.js" defer {}
                noscript { meta http-equiv="refresh" content="10"; }
            }
            body {
                header {
                    h1 { "planguard gateway" }
                    p #summary role="status" { (summary(status, halted)) }
                }
                main {
                    section #accounts aria-labelledby="accounts-title" {
                        h2 #accounts-title { "Accounts" }
                        @if status.posture == "report" {
                            p.alarm { "Posture report: nothing is stopped, only told." }
                        }
                        @if let Some(trouble) = &status.ledger_trouble {
                            p.alarm { "The ledger cannot be read: " (trouble) }
                        }
                        @if status.accounts.is_empty() { p { "No account has been used yet." } }
                        @for account in &status.accounts { (account_card(account)) }
                    }
                    section #timeline aria-labelledby="timeline-title" {
                        h2 #timeline-title { "Timeline" }
                        (timeline(&status.timeline))
                    }
                    section aria-labelledby="terms-title" {
                        h2 #terms-title { "What the terms say" }
                        @for notice in &status.notices {
                            details {
                                summary { (notice.plan) ", as known on " (notice.checked_on) }
                                pre { (notice.text) }
                            }
                        }
                    }
                }
                footer {
                    p { "Ledger: " code { (status.ledger) } ". The same as data: "
                        a href="/planguard/status.json" { "status.json" } "." }
                }
            }
        }
    }
}

fn summary(status: &Status, halted: usize) -> Markup {
    html! {
        @match (halted, status.accounts.len()) {
            (0, all) => { "Nothing is halted (known accounts: " (all) ")." }
            (halted, all) => { strong { (halted) " of " (all) " accounts halted" } ": nothing is sent for them." }
        }
        " As of " time datetime=(rfc3339(status.at)) { (rfc3339(status.at)) } "."
    }
}

fn account_card(account: &AccountStatus) -> Markup {
    let (tally, strikes) = (&account.workload, account.strikes);
    html! {
        article.card.(account.standing) {
            h3 { (account.account) " " span.badge { (account.standing) } }
            p.plan { (account.plan) }
            p.strikes {
                "Strikes: " strong { (strikes) } "."
                @if strikes.is_last_before_limit() { " " strong.alarm { "The next one may end the account." } }
                @if let Some(wording) = &account.strike_wording { " In the terms: “" (wording) "”" }
            }
            @for halt in &account.halts { (halt_card(halt)) }
            dl {
                dt { "Unanswered" } dd { (account.unanswered) }
                dt { "In flight" } dd { (account.in_flight) }
                dt { "Waiting" } dd { (account.waiting) }
                dt { "Coding" } dd { (tally.coding) }
                dt { "Other work" } dd { (tally.non_coding) }
                dt { "Unclear" } dd { (tally.unclear) }
                dt { "Blocked" } dd { (tally.blocked) }
                dt { "Rerouted" } dd { (tally.rerouted) }
            }
        }
    }
}

fn halt_card(halt: &HaltStatus) -> Markup {
    html! {
        section.halt {
            h4 { "Halt " code { (halt.id) } ": " (halt.standing) }
            @if let Some(words) = &halt.provider_message {
                blockquote { p { (words) } footer {
                    "the provider, "
                    @if let Some(code) = &halt.code { "code " (code) ", " }
                    @if let Some(status) = halt.status { "status " (status) ", " }
                    @if let Some(class) = halt.class { code { (class) } }
                } }
            }
            @if let Some(by) = &halt.by { p { "Halted by " (by) } }
            @if let Some(hint) = &halt.hint { p { (hint) } }
            p {
                "Since " (moment(&halt.since)) " (answers so far: " (halt.answers) "). "
                @match (&halt.until, halt.standing) {
                    (Some(_), "due") => {
                        "Its time was over at " (moment(&halt.until))
                        ": the next request tests it."
                    }
                    (Some(_), _) => { "Time moves it on at " (moment(&halt.until)) "." }
                    (None, _) => { "Only a person ends it." }
                }
            }
            @if let Some(sent) = &halt.sent {
                p {
                    "What was sent: "
                    @if let Some(model) = &sent.model { code { (model) } ", " }
                    @if let Some(workload) = sent.workload { "taken for " (workload) ", " }
                    @if let Some(client) = &sent.client { "by " (client) ", " }
                    (moment(&sent.at)) "."
                }
            }
            p { "Read the provider's words, settle what led to them, then release it:" }
            pre tabindex="0" { code { (halt.release) } }
        }
    }
}

fn timeline(entries: &[Entry]) -> Markup {
    if entries.is_empty() {
        return html! { p { "Nothing has happened yet." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="timeline-title" {
            table {
                thead { tr {
                    @for title in ["When", "What", "Account", "Client", "Model", "Workload", "Answer"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody { @for entry in entries { (line(entry)) } }
            }
        }
    }
}

fn line(entry: &Entry) -> Markup {
    let what = match entry.what {
        Kind::Request => "request",
        Kind::Refusal => "refused",
        Kind::Strike => "strike",
        Kind::Halt => "halt",
        Kind::Release => "release",
        Kind::Warning => "warning",
    };
    html! {
        tr.(what) {
            td { time datetime=(rfc3339(entry.at)) { (rfc3339(entry.at)) } }
            td { (what) }
            td { (or_dash(entry.account.as_deref())) }
            td { (or_dash(entry.client.as_deref())) }
            td { (or_dash(entry.model.as_deref())) }
            td { (or_dash(entry.workload)) }
            td {
                @if let Some(status) = entry.status { (status) " " }
                @if let Some(text) = &entry.text { (text) }
                @if entry.status.is_none() && entry.text.is_none() { "under way" }
            }
        }
    }
}

fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}

fn moment(at: &Option<String>) -> Markup {
    html! { @if let Some(at) = at { time datetime=(at) { (at) } } }
}
