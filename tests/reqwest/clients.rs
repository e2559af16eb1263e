//! Clients of a provider on loopback, with a guard around them.

use std::net::SocketAddr;

use planguard::{
    BoxError, PlanGuard, ledger::MemoryLedger, profile::zai, refusal::Refused, reqwest::HttpService,
};
use reqwest::{Body, Client, ClientBuilder, Method, Request, Response, Url};
use reqwest_middleware::ClientWithMiddleware;
use tower::{Layer, ServiceExt};

/// How a guard gets around a client.
#[derive(Clone, Copy, Debug)]
pub enum Front {
    Middleware,
    Service,
    /// The service of a client that may have middlewares below.
    OverMiddleware,
    /// The tower layers around a client.
    Layer,
}

impl Front {
    pub const ALL: [Self; 4] = [Self::Middleware, Self::Service, Self::OverMiddleware, Self::Layer];

    /// Sends `request` by `client`, guarded by `plan`.
    pub async fn send(
        self,
        plan: &PlanGuard,
        client: &Client,
        request: Request,
    ) -> Result<Response, BoxError> {
        match self {
            Self::Middleware => Ok(guarded(plan, client).execute(request).await?),
            Self::Service => plan.reqwest_service(client.clone()).oneshot(request).await,
            Self::OverMiddleware => {
                let client = ClientWithMiddleware::from(client.clone());
                plan.reqwest_service(client).oneshot(request).await
            }
            Self::Layer => {
                let service = plan.layer().layer(HttpService::new(client.clone()));
                Ok(service.oneshot(request.try_into()?).await?.map(Body::wrap).into())
            }
        }
    }
}

pub fn guarded(plan: &PlanGuard, client: &Client) -> ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(client.clone()).with(plan.middleware()).build()
}

pub fn plan() -> PlanGuard {
    PlanGuard::builder(zai()).ledger(MemoryLedger::new()).on_notice(|_| {}).build().unwrap()
}

#[derive(Clone, Copy, Debug)]
pub enum Http {
    One,
    Two,
}

impl Http {
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];
}

/// A client that finds `api.z.ai`, and every name in `also`, at `addr`.
pub fn client_of(http: Http, addr: SocketAddr, also: &[&str]) -> ClientBuilder {
    let mut client = Client::builder().no_proxy().resolve("api.z.ai", addr);
    for host in also {
        client = client.resolve(host, addr);
    }
    match http {
        Http::One => client.http1_only(),
        Http::Two => client.http2_prior_knowledge(),
    }
}

pub fn client(http: Http, addr: SocketAddr) -> Client {
    planguard::reqwest::harden(client_of(http, addr, &[])).build().unwrap()
}

/// A request of the plan, to the provider at `addr`.
pub fn request(addr: SocketAddr, stream: bool) -> Request {
    let url = format!("http://api.z.ai:{}/api/coding/paas/v4/chat/completions", addr.port());
    let mut request = Request::new(Method::POST, Url::parse(&url).unwrap());
    let headers = request.headers_mut();
    headers.insert("authorization", "Bearer a.secret".parse().unwrap());
    headers.insert("user-agent", "planguard-tests/1".parse().unwrap());
    let body = format!(r#"{{"model":"glm-5.2","messages":[],"stream":{stream}}}"#);
    *request.body_mut() = Some(body.into());
    request
}

pub fn refused(error: &BoxError) -> Option<&Refused> {
    Refused::find(error.as_ref())
}

/// The confirmed strikes of all accounts.
pub fn strikes(plan: &PlanGuard) -> u32 {
    plan.snapshot().iter().map(|account| account.record.strikes.confirmed).sum()
}
