//! All parts of a gateway, put together from its configuration.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, middleware, routing::get};
use http::Uri;
use planguard::{PlanGuard, breaker::Events};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    browser::{self, Hosts},
    config::{Config, ConfigError, NonCoding, Timeouts},
    figures, guard, page,
    proxy::{Gateway, proxy},
    releases,
    secret::Secret,
    serve,
    transport::Transport,
    upstream::Upstream,
    webhook::{self, Webhook},
};

pub struct App {
    gateway: Arc<Gateway>,
    transport: Transport,
    webhook: Option<Uri>,
    hosts: Arc<Hosts>,
    non_coding: NonCoding,
    timeouts: Timeouts,
}

impl App {
    /// Checks everything that `config` says, reads its keys and opens its
    /// ledger. Sends nothing.
    pub async fn new(config: &Config) -> Result<Self, ConfigError> {
        let upstreams = upstreams(config)?;
        if let Some(name) = config.timeouts.too_short() {
            let what = format!("[timeouts]: {name} has to be at least 1");
            return Err(config.wrong(&format!("timeouts.{name}"), what));
        }
        let has_key = config.reroute.is_some() || upstreams.iter().any(Upstream::has_key);
        if !config.listen.ip().is_loopback() && has_key {
            let what = format!(
                "{} can be reached from other machines, and whoever does would use a key of this configuration: listen on 127.0.0.1, or leave keys out, so that each client sends its own",
                config.listen
            );
            return Err(config.wrong("listen", what));
        }
        let webhook = config.webhook.as_ref().map(webhook_url).transpose();
        let webhook = webhook.map_err(|error| config.wrong("webhook", error))?;
        figures::begin()?;
        let ledger = guard::ledger(config).await?;
        let plan = guard::guard(config, &upstreams, ledger.clone())?;
        let transport = Transport::new(config.timeouts);
        let gateway = Gateway::new(config, upstreams, plan, ledger, &transport)?;
        Ok(Self {
            gateway: Arc::new(gateway),
            transport,
            webhook,
            hosts: Arc::new(Hosts::new(&config.allow_hosts)),
            non_coding: config.non_coding,
            timeouts: config.timeouts,
        })
    }

    pub fn plan(&self) -> PlanGuard {
        self.gateway.plan.clone()
    }

    /// What is served, without anything secret.
    pub fn describe(&self) -> String {
        let upstreams = self.gateway.upstreams.iter().map(|upstream| {
            let formats: Vec<_> = upstream.formats().map(|(surface, _)| surface.as_str()).collect();
            let key = if upstream.has_key() { "its own key" } else { "the clients' keys" };
            let (path, profile) = (&upstream.path, upstream.profile.id());
            format!("{path} is {profile} ({}) with {key}", formats.join(", "))
        });
        let upstreams: Vec<_> = upstreams.collect();
        let (served, place) = (upstreams.join("; "), self.gateway.ledger.place());
        format!("{served}; other work: {}; halts in {place}", self.non_coding)
    }

    /// Serves until `stop`.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let webhook = self.webhook.map(|url| Webhook::new(self.transport, url));
        let events = self.gateway.plan.events();
        let mut beside = JoinSet::new();
        beside.spawn(listen_to(events, self.gateway.clone(), webhook.clone()));
        beside.spawn(listen_to_releases(self.gateway.clone(), webhook.clone()));
        beside.spawn(figures::keep());
        let stopping = self.gateway.stopping.clone();
        let stop = async move {
            stop.await;
            stopping.send_replace(true);
        };
        let stops = self.gateway.stopping.subscribe();
        let router = router(self.gateway, self.hosts);
        serve::serve(listener, router, self.timeouts, stops, stop).await;
        beside.shutdown().await;
        if let Some(webhook) = webhook {
            webhook.finish().await;
        }
    }
}

fn router(gateway: Arc<Gateway>, hosts: Arc<Hosts>) -> Router {
    Router::new()
        .route("/planguard", get(page::page))
        .route("/planguard/status.json", get(page::json))
        .route("/planguard/events", get(page::events))
        .route("/planguard/page.js", get(page::script))
        .route("/planguard/style.css", get(page::style))
        .route("/metrics", get(figures::metrics))
        .route("/healthz", get(page::healthz))
        .route("/readyz", get(page::readyz))
        .fallback(proxy)
        .with_state(gateway)
        .layer(middleware::from_fn_with_state(hosts, browser::keep_pages_out))
}

/// Writes down what happens to accounts, and tells the operator's webhook.
async fn listen_to(mut events: Events, gateway: Arc<Gateway>, webhook: Option<Webhook>) {
    while let Some(event) = events.next().await {
        gateway.journal.event(&event);
        if let (Some(webhook), Some(message)) = (&webhook, webhook::of_event(&event)) {
            webhook.tell(message);
        }
    }
}

async fn listen_to_releases(gateway: Arc<Gateway>, webhook: Option<Webhook>) {
    let journal = gateway.journal.clone();
    releases::watch(gateway.plan.clone(), releases::LOOK, |release| {
        journal.release(&release);
        if let Some(webhook) = &webhook {
            webhook.tell(webhook::of_release(&release));
        }
    })
    .await;
}

/// All of them: every path leads to one, and none to the gateway's pages.
fn upstreams(config: &Config) -> Result<Vec<Upstream>, ConfigError> {
    let mut known = BTreeSet::new();
    let checked = config.upstream.iter().enumerate().map(|(number, named)| {
        let wrong = |what: String| config.wrong(&format!("upstream.{number}"), what);
        let upstream = Upstream::new(named).map_err(|error| wrong(error.to_string()))?;
        let path = named.path.trim_end_matches('/');
        let shown = if path.is_empty() { "/" } else { path };
        if !known.insert(path) {
            return Err(wrong(format!("two upstreams have the path `{shown}`")));
        }
        let first = path.split('/').nth(1).unwrap_or_default();
        if ["planguard", "metrics", "healthz", "readyz"].contains(&first) {
            return Err(wrong(format!(
                "upstream `{shown}`: that path is one of the gateway's own"
            )));
        }
        Ok(upstream)
    });
    checked.collect()
}

fn webhook_url(secret: &Secret) -> Result<Uri, ConfigError> {
    let url =
        secret.read()?.parse::<Uri>().ok().filter(|url| {
            url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https"))
        });
    url.ok_or_else(|| {
        ConfigError::new(format!("webhook: what {secret} holds is no http:// or https:// URL"))
    })
}
