//! planguard's way down: from the request to the layer below.

use std::{convert::Infallible, hint::black_box, sync::Arc};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::{BodyExt, Empty};
use planguard::{
    PlanGuard,
    account::Account,
    breaker::{BreakerLayer, bench},
    exchange::{Detection, Exchange, Report, SignalSink, Ticket, Uninspected},
    ledger::MemoryLedger,
    profile::{Claim, Registry, zai},
};
use tower::{Layer, Service, service_fn};

use super::{Case, now, request};

pub const GATE: Case = Case::each("gate", |rounds| {
    assert_eq!(bench::OpenGate::new().calls(rounds, 1_795_000_000_000), rounds);
});

pub const ADMISSION: Case = Case::each("admission", |rounds| {
    let layer = warm();
    let request = request::fresh(());
    for _ in 0..rounds {
        let request = black_box(&request);
        assert!(bench::admit(&layer, request.uri(), request.headers()));
    }
});

pub const HAND_OFF: Case = Case::each("hand-off", |rounds| {
    let (claim, account) = (claim(), Account::named("zai", "bench"));
    let sink: Arc<dyn SignalSink> = Arc::new(Deaf);
    for serial in 0..rounds {
        let ticket = Ticket { epoch: 0, serial: serial.into() };
        let exchange = Exchange::new(claim.clone(), account.clone(), ticket, sink.clone());
        let mut extensions = Extensions::new();
        extensions.insert(exchange.clone());
        black_box((&extensions, &exchange));
    }
});

pub const DETECTION: Case = Case::each("detection", |rounds| {
    let claim = claim();
    for _ in 0..rounds {
        let detection = Detection::new(claim.clone());
        let mut extensions = Extensions::new();
        extensions.insert(detection.clone());
        black_box((&extensions, &detection));
    }
});

pub const LAYER: Case = Case::each("breaker-layer", |rounds| {
    let mut service = warm().layer(service_fn(answer));
    for _ in 0..rounds {
        let response = now(service.call(black_box(request::fresh(())))).expect("it was admitted");
        black_box(response);
    }
})
.without(&BARE_CALL);

const BARE_CALL: Case = Case::each("bare-call", |rounds| {
    let mut service = service_fn(answer);
    for _ in 0..rounds {
        black_box(now(service.call(black_box(request::fresh(())))).expect("it answers"));
    }
});

async fn answer(request: Request<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    // What a detector does with it; without one the breaker would complain.
    if let Some(exchange) = request.extensions().get::<Exchange>() {
        exchange.take();
    }
    Ok(Response::new(Empty::new()))
}

/// A breaker that has read its ledger: what every call but the first meets.
fn warm() -> BreakerLayer {
    let guard = PlanGuard::builder(zai())
        .ledger(MemoryLedger::new())
        .build()
        .expect("the built-in profile is sound");
    let layer = guard.breaker_layer();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let mut service = layer.layer(service_fn(answer));
        // The first call reads the ledger and writes the notice there, the
        // second one reads that.
        for _ in 0..2 {
            let response = service.call(request::fresh(())).await.expect("the account is open");
            response.into_body().collect().await.expect("it is empty");
        }
    });
    layer
}

fn claim() -> Claim {
    Registry::new(&[zai()]).claim(&request::uri(), &request::headers()).expect("it is claimed")
}

struct Deaf;

impl SignalSink for Deaf {
    fn report(&self, _: &Exchange, _: &Report) {}
    fn uninspected(&self, _: &Exchange, _: &Uninspected) {}
}
