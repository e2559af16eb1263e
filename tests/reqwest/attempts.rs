//! What an outer retry's attempts carry, each for itself.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Extensions;
use parking_lot::Mutex;
use planguard::{
    exchange::{Exchange, Ticket, Workload},
    sim::{Answer, Provider, Script},
};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next, Result};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use crate::clients::{Http, client, guarded, plan, request};

/// Notes what each attempt brings to those below planguard.
#[derive(Clone, Default)]
struct Below(Arc<Mutex<Vec<Brought>>>);

type Brought = (Option<Ticket>, Option<Workload>);

#[async_trait]
impl Middleware for Below {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let ticket = extensions.get::<Exchange>().map(Exchange::ticket);
        self.0.lock().push((ticket, extensions.get().copied()));
        next.run(request, extensions).await
    }
}

fn provider(script: Script) -> Provider {
    Provider::builder().latency(Duration::ZERO).mode(script).build()
}

#[tokio::test]
async fn each_attempt_has_an_exchange_of_its_own_and_the_callers_declaration() {
    let busy_twice = Script::new([Answer::overloaded(), Answer::overloaded()]);
    let server = provider(busy_twice).serve().await.unwrap();
    let (plan, below) = (plan(), Below::default());
    let soon = (Duration::from_millis(1), Duration::from_millis(2));
    let policy = ExponentialBackoff::builder().retry_bounds(soon.0, soon.1);
    let client = ClientBuilder::new(client(Http::One, server.addr()))
        .with(RetryTransientMiddleware::new_with_policy(policy.build_with_max_retries(3)))
        .with(plan.middleware())
        .with(below.clone())
        .build();
    let ask = request(server.addr(), false);
    let sent = client
        .post(ask.url().clone())
        .headers(ask.headers().clone())
        .body("{}")
        .with_extension(Workload::Coding)
        .send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let attempts = below.0.lock();
    let serials: Vec<u64> = attempts.iter().map(|(ticket, _)| ticket.unwrap().serial).collect();
    assert_eq!(serials.len(), 3);
    assert!(serials[0] < serials[1] && serials[1] < serials[2], "{serials:?}");
    assert!(attempts.iter().all(|(_, declared)| *declared == Some(Workload::Coding)));
}

#[tokio::test]
async fn an_attempt_that_is_refused_has_no_exchange() {
    let server = provider(Script::default().then(Answer::error(1302))).serve().await.unwrap();
    let (client, plan) = (client(Http::One, server.addr()), plan());
    let client = guarded(&plan, &client);
    let mut extensions = Extensions::new();
    extensions.insert(Workload::Coding);
    let attempt = request(server.addr(), false);
    let again = attempt.try_clone().unwrap();
    client.execute_with_extensions(attempt, &mut extensions).await.unwrap_err();
    let exchange = extensions.get::<Exchange>().expect("one").clone();
    assert!(exchange.is_taken());
    assert!(exchange.reported().is_some());
    assert_eq!(extensions.get::<Workload>(), Some(&Workload::Coding));
    client.execute_with_extensions(again, &mut extensions).await.unwrap_err();
    assert!(extensions.get::<Exchange>().is_none());
}
