//! A program that is started anew for each call, and has nothing but its
//! ledger's file.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use planguard::{
    PlanGuard,
    breaker::{Event, Events},
    ledger::{FileLedger, Ledger},
    sim::Provider,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::stacks::{Ask, Client, boxed};

/// What may still be said of calls whose bodies are read: of so many.
const RECENT: usize = 8;

/// What the guards of all starts have said.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<(VecDeque<Events>, Vec<Event>)>>);

impl Said {
    fn hear(&self, started: Option<Events>) {
        let mut said = self.0.lock().expect("no caller panics");
        let (recent, all) = &mut *said;
        recent.extend(started);
        all.extend(recent.iter_mut().flat_map(|events| std::iter::from_fn(|| events.try_next())));
        let old = recent.len().saturating_sub(RECENT);
        recent.drain(..old);
    }

    /// All of it, so far.
    pub fn all(&self) -> Vec<Event> {
        self.hear(None);
        self.0.lock().expect("no caller panics").1.clone()
    }
}

/// A client whose every call is made by a program of its own, guarded by what
/// `guard` makes of the ledger that it finds.
pub fn each_call(
    provider: &Provider,
    guard: impl Fn(Arc<dyn Ledger>) -> PlanGuard + Send + Sync + 'static,
) -> (Client, Said) {
    let folder = tempfile::tempdir().expect("a folder");
    let (provider, said) = (provider.clone(), Said::default());
    let heard = said.clone();
    let start = Arc::new(move || {
        let ledger = FileLedger::open(folder.path().join("ledger.jsonl")).expect("a ledger");
        let plan = guard(Arc::new(ledger));
        heard.hear(Some(plan.events()));
        plan.layer().layer(provider.service())
    });
    let client = boxed(service_fn(move |ask: Ask| {
        let start = start.clone();
        async move { start().oneshot(ask).await }
    }));
    (client, said)
}
