//! What a client repeats by itself: nothing once it is hardened.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use planguard::{
    reqwest::harden,
    sim::{Answer, Metered, Provider, Server},
};
use reqwest::Client;
use tokio::net::TcpListener;

use crate::clients::{Front, Http, client_of, plan, refused, request, strikes};

#[path = "../stack/capture.rs"]
mod capture;

use capture::capture;

/// A provider that sends every plan request to `other.example`, and a client
/// that finds both at its port.
async fn redirecting(hardened: bool) -> (Server, Server, Client) {
    let elsewhere = Provider::builder().latency(Duration::ZERO).metered(Metered::SameAsPlan);
    let elsewhere = elsewhere.mode(Answer::completion()).build();
    let there = elsewhere.serve().await.unwrap();
    let to = format!("http://other.example:{}/api/paas/v4/chat/completions", there.addr().port());
    let here = Provider::builder().latency(Duration::ZERO).mode(Answer::redirect(&to)).build();
    let server = here.serve().await.unwrap();
    let client = client_of(Http::One, server.addr(), &[]).resolve("other.example", there.addr());
    let client = if hardened { harden(client) } else { client };
    (there, server, client.build().unwrap())
}

#[tokio::test]
async fn a_hardened_client_hands_the_redirect_to_its_caller() {
    for front in Front::ALL {
        let (elsewhere, server, client) = redirecting(true).await;
        let response = front.send(&plan(), &client, request(server.addr(), false)).await.unwrap();
        assert!(response.status().is_redirection(), "{}", response.status());
        assert_eq!(response.url().host_str(), Some("api.z.ai"));
        assert_eq!(elsewhere.provider().total().total, 0);
    }
}

#[tokio::test]
async fn a_redirect_that_a_client_follows_is_a_warning_that_names_both_hosts() {
    for front in Front::ALL {
        let (lines, _capturing) = capture();
        let (elsewhere, server, client) = redirecting(false).await;
        let response = front.send(&plan(), &client, request(server.addr(), false)).await.unwrap();
        assert_eq!(response.url().host_str(), Some("other.example"));
        assert_eq!(elsewhere.provider().total().total, 1);
        assert_eq!(lines.with(&["WARN", "api.z.ai", "other.example"]).len(), 1, "{lines:?}");
    }
}

/// An HTTP/2 server that gives back so many requests unprocessed, then
/// answers 429 with a 1313. How many requests it saw.
async fn giving_back(first: u32) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, seen) = (listener.local_addr().unwrap(), Arc::new(AtomicU32::new(0)));
    let counted = seen.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(socket).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    if counted.fetch_add(1, Ordering::SeqCst) < first {
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                        continue;
                    }
                    let head = http::Response::builder().status(429).body(()).unwrap();
                    let mut body = respond.send_response(head, false).unwrap();
                    let error = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;
                    body.send_data(error.into(), true).unwrap();
                }
            });
        }
    });
    (addr, seen)
}

#[tokio::test]
async fn a_hardened_client_does_not_repeat_what_http2_gave_back() {
    for front in Front::ALL {
        let (addr, seen) = giving_back(1).await;
        let client = harden(client_of(Http::Two, addr, &[])).build().unwrap();
        let plan = plan();
        let error = front.send(&plan, &client, request(addr, false)).await.unwrap_err();
        assert!(refused(&error).is_none(), "the transport's own error: {error}");
        assert_eq!((seen.load(Ordering::SeqCst), strikes(&plan)), (1, 0), "{front:?}");
    }
}

/// What `harden` is for. No response and no error shows it, so nobody above
/// the client could report it either.
#[tokio::test]
async fn a_client_that_is_not_hardened_repeats_it_in_silence() {
    for front in Front::ALL {
        let (addr, seen) = giving_back(2).await;
        let client = client_of(Http::Two, addr, &[]).build().unwrap();
        let plan = plan();
        let error = front.send(&plan, &client, request(addr, false)).await.unwrap_err();
        assert!(refused(&error).is_some());
        assert_eq!((seen.load(Ordering::SeqCst), strikes(&plan)), (3, 1));
    }
}
