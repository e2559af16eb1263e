//! Accepting clients: HTTP/1.1 and 2, bounded in number and patience.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

use crate::config::Timeouts;

/// How many connections are open at once; more wait for the kernel.
const CONNECTIONS: usize = 4_096;
/// What begins a connection that speaks HTTP/2 from the start.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves until `stop`, then lets what is under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    timeouts: Timeouts,
    stops: watch::Receiver<bool>,
    stop: impl Future<Output = ()>,
) {
    let head = Duration::from_secs(timeouts.client_head_secs);
    let grace = Duration::from_secs(timeouts.shutdown_secs);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(head);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, permit)) = accepted else { continue };
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        let mut stops = stops.clone();
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _permit = permit;
            // Events of a stream must leave as they come.
            let _ = stream.set_nodelay(true);
            tokio::select! {
                begun = tokio::time::timeout(head, begun(&stream)) => match begun {
                    Ok(()) => {}
                    Err(_) => return,
                },
                _ = stops.wait_for(|stops| *stops) => return,
            }
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // A connection that breaks is the client's affair.
            let _ = watcher.watch(connection.into_owned()).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("{} s are over: what is still under way is cut off", grace.as_secs());
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            // No descriptor is free, say: others will end.
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Waits until it is clear which HTTP a connection speaks. Telling them apart
/// has no deadline of its own in hyper-util.
async fn begun(stream: &TcpStream) {
    let mut head = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut head).await {
            Ok(read) if read > 0 && read < head.len() && head[..read] == PREFACE[..read] => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            _ => return,
        }
    }
}
