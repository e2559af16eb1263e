//! Compressed answers over real sockets, whether reqwest decodes them or not.

use std::time::Duration;

use http::StatusCode;
use planguard::{
    exchange::Detection,
    reqwest::harden,
    sim::{Answer, Provider},
};
use reqwest::{Client, ClientBuilder};

use crate::{
    clients::{Front, Http, client_of, plan, refused, request, strikes},
    compress::{ENCODINGS, Encoding, compressed},
};

const STRIKE: &[u8] =
    br#"{"error":{"code":"1313","message":"does not comply with the Fair Usage Policy"}}"#;
const SUCCESS: &[u8] = br#"{"id":"1","choices":[{"message":{"content":"fn main() {}"}}]}"#;

/// A client that hands compressed bodies on, or one that decodes them.
fn client(http: Http, server: &planguard::sim::Server, decodes: bool) -> Client {
    let of = |client: ClientBuilder| match decodes {
        true => client,
        false => client.no_gzip().no_deflate().no_brotli().no_zstd(),
    };
    harden(of(client_of(http, server.addr(), &[]))).build().unwrap()
}

fn provider(status: StatusCode, encoding: Encoding, body: &[u8]) -> Provider {
    answering(status, "application/json", encoding, body)
}

fn answering(status: StatusCode, kind: &str, encoding: Encoding, body: &[u8]) -> Provider {
    let answer = Answer::raw(status, compressed(encoding, body))
        .header("content-type", kind)
        .header("content-encoding", encoding.name());
    Provider::builder().latency(Duration::ZERO).mode(answer).build()
}

fn every() -> impl Iterator<Item = (Http, Front, Encoding, bool)> {
    // reqwest itself knows no deflate without zlib's frame.
    let known =
        |(encoding, decodes): &(Encoding, bool)| *encoding != Encoding::BareDeflate || !decodes;
    let encodings = ENCODINGS.into_iter().flat_map(|e| [(e, false), (e, true)]).filter(known);
    encodings.flat_map(|(encoding, decodes)| {
        let fronts = Http::BOTH.into_iter().flat_map(|http| Front::ALL.map(|front| (http, front)));
        fronts.map(move |(http, front)| (http, front, encoding, decodes))
    })
}

#[tokio::test]
async fn a_strike_is_heard_whoever_decodes_it() {
    for (http, front, encoding, decodes) in every() {
        let provider = provider(StatusCode::TOO_MANY_REQUESTS, encoding, STRIKE);
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, &server, decodes), plan());
        let send = || front.send(&plan, &client, request(server.addr(), false));
        let error = send().await.unwrap_err();
        let body = refused(&error).unwrap().provider_body().unwrap().clone();
        assert_eq!(body, STRIKE, "{front:?} {http:?} {encoding:?} {decodes}");
        send().await.unwrap_err();
        assert_eq!((provider.tally("a").total, strikes(&plan)), (1, 1));
    }
}

#[tokio::test]
async fn a_strike_within_a_stream_is_heard_whoever_decodes_it() {
    let events: String = (0..40)
        .map(|n| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{n}\"}}}}]}}\n\n"))
        .chain([format!("data: {}\n\n", String::from_utf8_lossy(STRIKE))])
        .collect();
    for (http, front, encoding, decodes) in every() {
        let provider = answering(StatusCode::OK, "text/event-stream", encoding, events.as_bytes());
        let server = provider.serve().await.unwrap();
        let (client, plan) = (client(http, &server, decodes), plan());
        let send = || front.send(&plan, &client, request(server.addr(), true));
        let bytes = send().await.unwrap().bytes().await.unwrap();
        let came =
            if decodes { events.clone().into() } else { compressed(encoding, events.as_bytes()) };
        assert_eq!(bytes, came, "{front:?} {http:?} {encoding:?} {decodes}");
        let error = send().await.unwrap_err();
        assert!(refused(&error).is_some(), "{front:?} {http:?} {encoding:?} {decodes}");
        assert_eq!((provider.tally("a").total, strikes(&plan)), (1, 1));
    }
}

#[tokio::test]
async fn a_success_reaches_the_caller_as_without_a_guard() {
    for (http, front, encoding, decodes) in every() {
        let server = provider(StatusCode::OK, encoding, SUCCESS).serve().await.unwrap();
        let (client, plan) = (client(http, &server, decodes), plan());
        let bare = client.execute(request(server.addr(), false)).await.unwrap();
        let through = front.send(&plan, &client, request(server.addr(), false)).await.unwrap();
        assert_eq!(
            through.headers().get("content-encoding"),
            bare.headers().get("content-encoding")
        );
        assert_eq!(through.content_length(), bare.content_length());
        assert_eq!(through.extensions().get::<Detection>().unwrap().uninspected(), None);
        let (bare, through) = (bare.bytes().await.unwrap(), through.bytes().await.unwrap());
        let expected = if decodes { SUCCESS.to_vec() } else { compressed(encoding, SUCCESS) };
        assert_eq!(through, bare, "{front:?} {http:?} {encoding:?} {decodes}");
        assert_eq!(through, expected, "{front:?} {http:?} {encoding:?} {decodes}");
    }
}
