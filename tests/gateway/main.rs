//! The gateway of `examples/gateway`, as its clients meet it: over loopback,
//! in front of an upstream that writes down what arrives.

#[path = "../../examples/gateway/answer.rs"]
mod answer;
#[path = "../../examples/gateway/app.rs"]
mod app;
#[path = "../../examples/gateway/browser.rs"]
mod browser;
#[path = "../stack/capture.rs"]
mod capture;
#[path = "../../examples/gateway/config.rs"]
mod config;
#[path = "../../examples/gateway/figures.rs"]
mod figures;
#[path = "../../examples/gateway/followed.rs"]
mod followed;
#[path = "../../examples/gateway/guard.rs"]
mod guard;
#[path = "../../examples/gateway/journal.rs"]
mod journal;
#[path = "../../examples/gateway/page.rs"]
mod page;
#[path = "../../examples/gateway/places.rs"]
mod places;
#[path = "../../examples/gateway/proxy.rs"]
mod proxy;
#[path = "../../examples/gateway/releases.rs"]
mod releases;
#[path = "../../examples/gateway/route.rs"]
mod route;
#[path = "../../examples/gateway/secret.rs"]
mod secret;
#[path = "../../examples/gateway/serve.rs"]
mod serve;
#[path = "../../examples/gateway/status.rs"]
mod status;
#[path = "../../examples/gateway/transport.rs"]
mod transport;
#[path = "../../examples/gateway/upstream.rs"]
mod upstream;
#[path = "../../examples/gateway/webhook.rs"]
mod webhook;

#[path = "../redis/server.rs"]
#[allow(dead_code)]
mod server;

mod bad;
mod desk;
mod halted;
mod passed;
mod seen;
mod settings;
