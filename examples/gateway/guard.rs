//! The guard of all upstreams, from the configuration.

use std::{collections::BTreeMap, sync::Arc};

use planguard::{
    PlanGuard,
    ledger::{FileLedger, Ledger, RedisLedger, default_place},
    profile::Profile,
    workload::{Action, Metered},
};

use crate::{
    config::{Config, ConfigError, NonCoding, Reroute},
    upstream::{Upstream, bases},
};

/// The store that `config` names, or this login's.
pub async fn ledger(config: &Config) -> Result<Arc<dyn Ledger>, ConfigError> {
    let trouble = |error: planguard::ledger::LedgerError| config.wrong("ledger", error);
    Ok(match config.ledger.as_deref() {
        Some(url) if url.starts_with("redis://") || url.starts_with("rediss://") => {
            Arc::new(RedisLedger::connect(url).await.map_err(trouble)?)
        }
        Some(path) => Arc::new(FileLedger::open(path).map_err(trouble)?),
        None => {
            let place = default_place().map_err(|error| ConfigError::new(error.to_string()))?;
            Arc::new(FileLedger::open(place).map_err(trouble)?)
        }
    })
}

/// One guard for all upstreams: an account that two of them share is one.
pub fn guard(
    config: &Config,
    upstreams: &[Upstream],
    ledger: Arc<dyn Ledger>,
) -> Result<PlanGuard, ConfigError> {
    let mut profiles: BTreeMap<&str, (&str, Profile)> = BTreeMap::new();
    for (number, (upstream, named)) in upstreams.iter().zip(&config.upstream).enumerate() {
        let (id, source) = (upstream.profile.id(), named.profile.as_str());
        let (known, _) = profiles.entry(id).or_insert((source, upstream.profile.clone()));
        // A guard has one profile of an id, and would not know the other's hosts.
        if *known != source {
            let what = format!(
                "the profiles `{known}` and `{source}` both have the id `{id}`: give one another id"
            );
            return Err(config.wrong(&format!("upstream.{number}.profile"), what));
        }
    }
    for (number, upstream) in upstreams.iter().enumerate() {
        let own = upstream.profile.id();
        let others = profiles.iter().filter(|(id, _)| **id != own);
        if let Some((other, _)) =
            { others }.find(|(_, (_, profile))| upstream.is_claimed_by(profile))
        {
            let what = format!(
                "the profiles `{own}` and `{other}` both claim its URLs, and one account cannot be guarded by two: use one of them for both"
            );
            return Err(config.wrong(&format!("upstream.{number}.profile"), what));
        }
    }
    let mut profiles = profiles.into_values().map(|(_, profile)| profile);
    let Some(first) = profiles.next() else {
        return Err(ConfigError::new("there is no [[upstream]] to send anything to"));
    };
    profiles
        .fold(PlanGuard::builder(first), |builder, profile| builder.profile(profile))
        .posture(config.posture)
        .sensitivity(config.sensitivity)
        .non_coding(action(config)?)
        .trust_declarations(config.trust_declarations)
        .ledger(ledger)
        .build()
        .map_err(|error| ConfigError::new(error.to_string()))
}

fn action(config: &Config) -> Result<Action, ConfigError> {
    Ok(match (config.non_coding, &config.reroute) {
        (NonCoding::Block, _) => Action::Block,
        (NonCoding::Warn, _) => Action::Warn,
        (NonCoding::Report, _) => Action::Report,
        (NonCoding::Reroute, Some(reroute)) => {
            let metered = metered(reroute);
            Action::Reroute(metered.map_err(|what| config.wrong("reroute", what))?)
        }
        (NonCoding::Reroute, None) => {
            let what = "non_coding = \"reroute\" needs a [reroute] with a key";
            return Err(config.wrong("non_coding", what));
        }
    })
}

fn metered(reroute: &Reroute) -> Result<Metered, String> {
    let wrong = |what: String| format!("[reroute]: {what}");
    let key = reroute.key.read().map_err(|error| wrong(error.to_string()))?;
    let places = bases(&reroute.openai, &reroute.responses, &reroute.anthropic).map_err(wrong)?;
    let metered = places
        .into_iter()
        .fold(Metered::new(key), |metered, (surface, base)| metered.at(surface, base));
    Ok(reroute.models.iter().fold(metered, |metered, (from, to)| metered.model(from, to)))
}
