//! What the fronts are: thread-safe, and Send where they are awaited.

use planguard::{
    GuardedClient, PlanMiddleware,
    breaker::BreakerMiddleware,
    detect::DetectMiddleware,
    reqwest::{HttpService, ReqwestService},
};
use reqwest::Client;
use reqwest_middleware::{ClientWithMiddleware, Middleware};
use tower::Service;

fn shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
fn middleware<T: Middleware>() {}
fn sends<S: Service<reqwest::Request, Future: Send + 'static>>() {}
fn sends_and_syncs<S: Service<reqwest::Request, Future: Send + Sync + 'static>>() {}

#[test]
fn middlewares_and_services_are_clone_send_and_sync() {
    shared::<PlanMiddleware>();
    shared::<BreakerMiddleware>();
    shared::<DetectMiddleware>();
    middleware::<PlanMiddleware>();
    middleware::<BreakerMiddleware>();
    middleware::<DetectMiddleware>();
    shared::<GuardedClient<Client>>();
    shared::<GuardedClient<ClientWithMiddleware>>();
    shared::<ReqwestService<HttpService<Client>>>();
}

#[test]
fn their_futures_go_where_the_clients_go() {
    sends::<GuardedClient<Client>>();
    sends::<GuardedClient<ClientWithMiddleware>>();
    // As far as the client's own does.
    sends_and_syncs::<Client>();
    sends_and_syncs::<GuardedClient<Client>>();
}
