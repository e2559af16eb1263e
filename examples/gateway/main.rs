//! A gateway for programs that cannot take planguard's layers: any client, one
//! base URL, halted on the first strike.
//!
//! ```text
//! cargo run --release --features gateway --example gateway
//! cargo run --release --features gateway --example gateway -- --config gateway.toml
//! ```
//!
//! The first serves a simulated provider, so that a halt can be watched; the
//! second what `gateway.toml` names (`examples/gateway/gateway.toml` is one,
//! with every setting explained). For one user, on this machine: whoever
//! reaches it uses the plan, and a plan's terms may forbid relaying it at all.
//!
//! | path | what |
//! |---|---|
//! | `/v1/chat/completions`, `/v1/responses`, `/v1/messages`, `/v1/models` | the upstream, with or without `/v1` |
//! | `/planguard`, `/planguard/status.json` | who is halted, why, and how to release it |
//! | `/healthz`, `/readyz` | for whoever runs it |

mod answer;
mod browser;
mod config;
mod demo;
mod guard;
mod journal;
mod page;
mod proxy;
mod route;
mod secret;
mod serve;
mod status;
mod transport;
mod upstream;
mod webhook;

use std::{
    error::Error, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration,
};

use axum::{Router, middleware, routing::get};
use clap::Parser;
use config::{Config, ConfigError};
use proxy::{Gateway, proxy};
use tokio::net::TcpListener;
use upstream::Upstream;

#[derive(Parser)]
#[command(about = "A gateway that keeps its clients inside the terms of an LLM plan")]
struct Args {
    /// What is served. Without it: a simulated provider.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Look whether the configuration is good, and serve nothing.
    #[arg(long)]
    check: bool,
    /// Listen here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let mut config = match &args.config {
        Some(path) => Config::load(path)?,
        None => Config::default().with_environment()?,
    };
    config.listen = args.listen.unwrap_or(config.listen);
    // Kept until the end: it is deleted when it is dropped.
    let folder = tempfile::tempdir()?;
    let simulated = match args.config {
        Some(_) => None,
        None => {
            let (server, demo) = demo::demo(config, &folder.path().join("ledger.jsonl")).await?;
            config = demo;
            Some(server)
        }
    };
    let upstreams: Result<Vec<_>, _> = config.upstream.iter().map(Upstream::new).collect();
    let upstreams = upstreams?;
    let only_here = config.listen.ip().is_loopback();
    if !only_here && upstreams.iter().any(Upstream::has_key) {
        return Err(ConfigError::new(format!(
            "{} can be reached from other machines, and whoever does would use the key of this configuration: listen on 127.0.0.1, or leave `key` out, so that each client sends its own",
            config.listen
        ))
        .into());
    }
    let webhook = config.webhook.as_ref().map(webhook_url).transpose()?;
    let ledger = guard::ledger(&config).await?;
    let plan = guard::guard(&config, &upstreams, ledger.clone())?;
    let transport = transport::Transport::new(config.timeouts)?;
    let gateway = Arc::new(Gateway::new(&config, upstreams, plan.clone(), ledger, &transport)?);
    if args.check {
        println!("good: {}", describe(&config, &gateway));
        return Ok(());
    }
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error} (--listen names another place)", config.listen)
    })?;
    let address = listener.local_addr()?;
    if !only_here {
        tracing::warn!(
            "{address} can be reached from other machines; planguard's gateway is for one user"
        );
    }
    tokio::spawn(listen_to_events(gateway.clone(), transport, webhook));
    println!("listening on http://{address}: {}", describe(&config, &gateway));
    println!("status: http://{address}/planguard");
    if let Some(server) = &simulated {
        tokio::spawn(demo::reconcile(plan, server.provider().clone()));
        demo::explain(&address.to_string());
    }
    let hosts = Arc::new(browser::Hosts::new(&config.allow_hosts));
    let grace = Duration::from_secs(config.timeouts.shutdown_secs);
    serve::serve(listener, router(gateway, hosts), grace, stopped()).await;
    Ok(())
}

fn router(gateway: Arc<Gateway>, hosts: Arc<browser::Hosts>) -> Router {
    Router::new()
        .route("/planguard", get(page::page))
        .route("/planguard/status.json", get(page::json))
        .route("/planguard/events", get(page::events))
        .route("/planguard/page.js", get(page::script))
        .route("/planguard/style.css", get(page::style))
        .route("/healthz", get(page::healthz))
        .route("/readyz", get(page::readyz))
        .fallback(proxy)
        .with_state(gateway)
        .layer(middleware::from_fn_with_state(hosts, browser::keep_pages_out))
}

async fn listen_to_events(
    gateway: Arc<Gateway>,
    transport: transport::Transport,
    webhook: Option<http::Uri>,
) {
    let mut events = gateway.plan.events();
    while let Some(event) = events.next().await {
        gateway.journal.event(&event);
        if let Some(url) = webhook.clone() {
            let transport = transport.clone();
            tokio::spawn(async move { webhook::tell(&transport, &url, &event).await });
        }
    }
}

fn webhook_url(secret: &secret::Secret) -> Result<http::Uri, ConfigError> {
    let url = secret.read()?.parse::<http::Uri>().ok().filter(|url| url.host().is_some());
    url.ok_or_else(|| ConfigError::new(format!("webhook: what {secret} holds is no URL")))
}

/// What is served, without anything secret.
fn describe(config: &Config, gateway: &Gateway) -> String {
    let upstreams = gateway.upstreams.iter().map(|upstream| {
        let formats: Vec<_> = upstream.formats().map(|(surface, _)| surface.as_str()).collect();
        let key = if upstream.has_key() { "its own key" } else { "the clients' keys" };
        let (path, profile) = (&upstream.path, upstream.profile.id());
        format!("{path} is {profile} ({}) with {key}", formats.join(", "))
    });
    let upstreams: Vec<_> = upstreams.collect();
    format!(
        "{}; other work: {:?}; halts in {}",
        upstreams.join("; "),
        config.non_coding,
        gateway.ledger.place()
    )
}

/// Somebody stops the program.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminated) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
    tracing::info!("stopping; what is under way may end");
}
