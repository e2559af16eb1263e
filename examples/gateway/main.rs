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
//! | `/metrics` | figures for Prometheus; `figures.rs` lists them |
//! | `/healthz`, `/readyz` | for whoever runs it |

mod answer;
mod app;
mod browser;
mod config;
mod demo;
mod figures;
mod followed;
mod guard;
mod journal;
mod page;
mod places;
mod proxy;
mod releases;
mod route;
mod secret;
mod serve;
mod status;
mod transport;
mod upstream;
mod webhook;

use std::{error::Error, net::SocketAddr, path::PathBuf, process::ExitCode};

use app::App;
use clap::Parser;
use config::Config;
use tokio::net::TcpListener;

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
    let app = App::new(&config).await?;
    if args.check {
        println!("good: {}", app.describe());
        return Ok(());
    }
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error} (--listen names another place)", config.listen)
    })?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            "{address} can be reached from other machines; this gateway is for one user"
        );
    }
    println!("listening on http://{address}: {}", app.describe());
    println!("status: http://{address}/planguard");
    if let Some(server) = &simulated {
        tokio::spawn(demo::reconcile(app.plan(), server.provider().clone()));
        demo::explain(&address.to_string());
    }
    app.serve(listener, stopped()).await;
    Ok(())
}

/// Somebody stops the program.
async fn stopped() {
    asked_to_stop().await;
    tracing::info!("stopping; what is under way may end (once more stops at once)");
    tokio::spawn(async {
        asked_to_stop().await;
        std::process::exit(130);
    });
}

async fn asked_to_stop() {
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
}
