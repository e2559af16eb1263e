//! Where the recipes send their calls: to a simulated provider on loopback,
//! or to the endpoint that the environment names.

use std::sync::Arc;

use planguard::{
    BoxError,
    ledger::{FileLedger, Ledger, MemoryLedger, default_place},
    reqwest::harden,
    sim::{Ladder, Mode, Provider, Server},
};

/// One endpoint, and a key for it.
pub struct Upstream {
    pub base_url: String,
    pub api_key: String,
    /// How often a recipe asks.
    pub calls: u32,
    simulated: Option<(Provider, Server)>,
}

impl Upstream {
    /// The endpoint of `PLANGUARD_BASE_URL` and `PLANGUARD_API_KEY`; without
    /// them a simulated one whose second answer is a strike.
    pub async fn from_env() -> Result<Self, BoxError> {
        let set = |name| std::env::var(name).ok();
        match (set("PLANGUARD_BASE_URL"), set("PLANGUARD_API_KEY")) {
            (Some(base_url), Some(api_key)) => {
                let base_url = base_url.trim_end_matches('/').to_owned();
                Ok(Self { base_url, api_key, calls: 1, simulated: None })
            }
            (None, None) => Self::simulated(Ladder::at_request(2)).await,
            _ => Err("set both PLANGUARD_BASE_URL and PLANGUARD_API_KEY, or neither".into()),
        }
    }

    pub async fn simulated(mode: impl Into<Mode>) -> Result<Self, BoxError> {
        let provider = Provider::builder().mode(mode).build();
        let server = provider.serve().await?;
        Ok(Self {
            base_url: format!("http://api.z.ai:{}/api/coding/paas/v4", server.addr().port()),
            api_key: "recipe.secret".to_owned(),
            calls: 3,
            simulated: Some((provider, server)),
        })
    }

    /// A client that sends each request once, and finds the simulated host.
    pub fn client(&self) -> reqwest::Client {
        let client = harden(reqwest::Client::builder());
        let client = match &self.simulated {
            Some((_, server)) => client.no_proxy().resolve("api.z.ai", server.addr()),
            None => client,
        };
        client.build().expect("a client")
    }

    /// The ledger of this login, which a guard has without asking; a simulated
    /// strike stays out of it.
    pub fn ledger(&self) -> Result<Arc<dyn Ledger>, BoxError> {
        Ok(match &self.simulated {
            Some(_) => Arc::new(MemoryLedger::new()),
            None => Arc::new(FileLedger::open(default_place()?)?),
        })
    }

    /// How many requests arrived, if that is known.
    pub fn hits(&self) -> Option<u64> {
        self.simulated.as_ref().map(|(provider, _)| provider.total().total)
    }
}
