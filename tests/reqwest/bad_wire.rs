//! Servers that break the protocol: a typed error or the bytes that came, in
//! bounded time, and the account's slot is free again.

use std::{error::Error, net::SocketAddr};

use planguard::{BoxError, PlanGuard};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::clients::{Front, Http, client, plan, refused, request, strikes};

/// Answers every connection by `respond`, once a request's end has come.
pub async fn serve<F>(respond: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"}") && socket.read_buf(&mut request).await.unwrap_or(0) > 0 {
            }
            tokio::spawn(respond(socket));
        }
    });
    addr
}

/// Writes `bytes` and closes.
async fn writing(bytes: &'static str) -> SocketAddr {
    serve(move |mut socket| async move {
        let _ = socket.write_all(bytes.as_bytes()).await;
        let _ = socket.shutdown().await;
    })
    .await
}

/// Sends one request and reads its body to the end.
async fn ask(front: Front, plan: &PlanGuard, addr: SocketAddr) -> Result<Vec<u8>, BoxError> {
    let client = client(Http::One, addr);
    let response = front.send(plan, &client, request(addr, false)).await?;
    Ok(response.bytes().await?.to_vec())
}

pub fn assert_free(plan: &PlanGuard, why: &str) {
    let account = &plan.snapshot()[0];
    assert_eq!((account.unanswered, account.in_flight, account.waiting), (0, 0, 0), "{why}");
}

/// Whether reqwest's own error is in it.
pub fn is_typed(error: &(dyn Error + 'static)) -> bool {
    error.is::<reqwest::Error>()
        || error.is::<reqwest_middleware::Error>()
        || error.source().is_some_and(is_typed)
}

pub const STRIKE: &str = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;

#[tokio::test]
async fn a_broken_answer_is_the_transports_error_and_no_strike() {
    for (what, bytes) in [
        ("nothing", ""),
        ("half a head", "HTTP/1.1 429 Too Ma"),
        ("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"),
        ("a bad length", "HTTP/1.1 200 OK\r\ncontent-length: minus one\r\n\r\n{}"),
        ("two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x"),
        ("a cut-off success", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"choices\":["),
        (
            "garbage for a chunk's size",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnone\r\n{\"choices\":[]}\r\n",
        ),
        (
            "a chunk that is too short",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"choices\":[]}\r\n0\r\n\r\n",
        ),
    ] {
        for front in Front::ALL {
            let (addr, plan) = (writing(bytes).await, plan());
            let error = ask(front, &plan, addr).await.expect_err(what);
            assert!(refused(&error).is_none(), "{what}: {error}");
            assert!(is_typed(&*error), "{what}: {error:?}");
            assert_eq!(strikes(&plan), 0, "{what}");
            assert_free(&plan, what);
        }
    }
}

#[tokio::test]
async fn a_strike_counts_however_its_connection_ends() {
    for (what, head, after) in [
        ("the announced length never comes", "content-length: 4000", ""),
        ("no length, closed", "connection: close", ""),
        ("garbage after the chunk", "transfer-encoding: chunked", "\r\nnone\r\n"),
    ] {
        for front in Front::ALL {
            let chunked = head.starts_with("transfer");
            let body = match chunked {
                true => format!("{:x}\r\n{STRIKE}{after}", STRIKE.len()),
                false => STRIKE.to_owned(),
            };
            let bytes = format!("HTTP/1.1 429 Too Many Requests\r\n{head}\r\n\r\n{body}");
            let (addr, plan) = (writing(bytes.leak()).await, plan());
            let error = ask(front, &plan, addr).await.expect_err(what);
            assert!(refused(&error).is_some(), "{what}: {error}");
            assert_eq!(strikes(&plan), 1, "{what}");
            assert_free(&plan, what);
        }
    }
}

#[tokio::test]
async fn a_reset_after_the_head_gives_the_slot_back() {
    for front in Front::ALL {
        let addr = serve(|mut socket| async move {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"choi";
            let _ = socket.write_all(head.as_bytes()).await;
            let _ = socket.set_zero_linger();
        })
        .await;
        let plan = plan();
        for _ in 0..6 {
            ask(front, &plan, addr).await.unwrap_err();
        }
        assert_free(&plan, "reset");
    }
}

#[tokio::test]
async fn endless_headers_end_in_an_error() {
    for front in Front::ALL {
        let addr = serve(|mut socket| async move {
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while socket.write_all(&[b"x-pad: ", &[b'y'; 1000][..], b"\r\n"].concat()).await.is_ok()
            {
            }
        })
        .await;
        let plan = plan();
        ask(front, &plan, addr).await.unwrap_err();
        assert_free(&plan, "headers");
    }
}
