//! HTTP/2 servers that give up half-way: a typed error or the bytes that came,
//! and the account's slot is free again.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use h2::{Reason, server::SendResponse};
use http::Response;
use planguard::{BoxError, PlanGuard};
use tokio::net::TcpListener;

use crate::{
    bad_wire::{STRIKE, assert_free, is_typed},
    clients::{Front, Http, client, plan, refused, request, strikes},
};

/// How an answer breaks off.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The stream is reset.
    Reset(Reason),
    /// The connection is closed.
    Closed,
}

/// Answers every request with a head of `status`, if there is one, and `body`,
/// and breaks off.
async fn breaking_off(status: Option<u16>, body: &'static str, end: End) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            let Some(Ok((_, respond))) = connection.accept().await else { continue };
            let answered = tokio::spawn(answer(respond, status, body, end));
            // What was sent leaves only while the connection is polled.
            tokio::select! {
                _ = async { while connection.accept().await.is_some() {} } => {}
                _ = answered => {}
            }
        }
    });
    addr
}

async fn answer(mut to: SendResponse<Bytes>, status: Option<u16>, body: &'static str, end: End) {
    let Some(status) = status else {
        if let End::Reset(reason) = end {
            to.send_reset(reason);
            std::future::pending::<()>().await;
        }
        return;
    };
    let head = Response::builder().status(status).header("content-type", "application/json");
    let mut stream = to.send_response(head.body(()).unwrap(), false).unwrap();
    stream.send_data(Bytes::from_static(body.as_bytes()), false).unwrap();
    // So that the bytes are there before the end is.
    tokio::time::sleep(Duration::from_millis(50)).await;
    if let End::Reset(reason) = end {
        stream.send_reset(reason);
        std::future::pending::<()>().await;
    }
}

const ENDS: [End; 4] = [
    End::Reset(Reason::INTERNAL_ERROR),
    End::Reset(Reason::CANCEL),
    End::Reset(Reason::ENHANCE_YOUR_CALM),
    End::Closed,
];

/// Sends one request and reads its body to the end.
async fn ask(front: Front, plan: &PlanGuard, addr: SocketAddr) -> Result<Bytes, BoxError> {
    let response = front.send(plan, &client(Http::Two, addr), request(addr, false)).await?;
    Ok(response.bytes().await?)
}

#[tokio::test]
async fn a_stream_that_is_broken_off_is_the_transports_error_and_no_strike() {
    for (status, body) in [(None, ""), (Some(200), r#"{"choices":["#), (Some(200), "")] {
        for end in ENDS {
            for front in Front::ALL {
                let why = format!("{status:?} {end:?} {front:?}");
                let (addr, plan) = (breaking_off(status, body, end).await, plan());
                let error = ask(front, &plan, addr).await.expect_err(&why);
                assert!(refused(&error).is_none() && is_typed(&*error), "{why}: {error:?}");
                assert_eq!(strikes(&plan), 0, "{why}");
                assert_free(&plan, &why);
            }
        }
    }
}

#[tokio::test]
async fn a_strike_counts_however_its_stream_ends() {
    for end in ENDS {
        for front in Front::ALL {
            let why = format!("{end:?} {front:?}");
            let (addr, plan) = (breaking_off(Some(429), STRIKE, end).await, plan());
            let error = ask(front, &plan, addr).await.expect_err(&why);
            assert_eq!(refused(&error).expect(&why).provider_body().unwrap(), STRIKE, "{why}");
            assert_eq!(strikes(&plan), 1, "{why}");
            assert_free(&plan, &why);
        }
    }
}
