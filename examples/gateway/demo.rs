//! Without a configuration: a simulated provider behind the gateway, that
//! objects to the fourth request.

use std::{io, path::Path, time::Duration};

use planguard::{
    PlanGuard,
    sim::{Ladder, Provider, Server},
};

use crate::{
    config::{Config, Upstream},
    releases,
};

const STRIKE_AT: u64 = 4;

/// The simulated provider, and a configuration that leads to it.
pub async fn demo(config: Config, ledger: &Path) -> io::Result<(Server, Config)> {
    let provider = Provider::builder().mode(Ladder::at_request(STRIKE_AT)).build();
    let server = provider.serve().await?;
    let upstream = Upstream { via: Some(server.url("")), ..Upstream::zai() };
    let ledger = config.ledger.clone().or_else(|| Some(ledger.display().to_string()));
    Ok((server, Config { upstream: vec![upstream], ledger, ..config }))
}

/// Once a person has released an account, the simulated provider is content
/// too.
pub async fn reconcile(plan: PlanGuard, provider: Provider) {
    releases::watch(plan, Duration::from_millis(100), |_| {
        for account in provider.accounts() {
            provider.lift(&account);
        }
    })
    .await;
}

pub fn explain(address: &str) {
    println!(
        "\nA simulated provider stands behind this gateway. It objects to the {STRIKE_AT}th request of an account.\n\
         Send it some, and watch http://{address}/planguard meanwhile:\n\n  \
         for n in 1 2 3 4 5 6; do\n    \
         curl -sS http://{address}/v1/chat/completions -H 'authorization: Bearer me.secret' \\\n      \
         -H 'content-type: application/json' \\\n      \
         -d '{{\"model\":\"glm-5.2\",\"messages\":[{{\"role\":\"user\",\"content\":\"Rename foo to bar in main.rs\"}}]}}'; echo\n  \
         done\n\n\
         The command that releases the account stands in the refusal and on the page; from this repository `planguard` is\n\n  \
         cargo run --release --features cli --bin planguard -- …\n"
    );
}
