//! The provider on loopback: HTTP/1 and HTTP/2.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
};

use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tower_service::Service as _;

use super::provider::Provider;

/// How a provider is served on loopback.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ServeOptions {
    max_concurrent_streams: Option<u32>,
}

impl ServeOptions {
    /// HTTP/1 and HTTP/2, with hyper's limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many HTTP/2 streams a connection may have open at once. A client
    /// queues what is above it.
    #[must_use]
    pub fn max_concurrent_streams(mut self, streams: u32) -> Self {
        self.max_concurrent_streams = Some(streams);
        self
    }
}

impl Provider {
    /// Serves on a free port of 127.0.0.1, until the [`Server`] is dropped.
    /// HTTP/1, and HTTP/2 for a client that starts with it (prior knowledge).
    /// No TLS.
    ///
    /// A request arrives when its head was read. Real sockets and a paused
    /// clock do not go together: tokio then advances the clock while bytes are
    /// under way.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn serve(&self) -> io::Result<Server> {
        self.serve_with(ServeOptions::new()).await
    }

    /// As [`serve`](Self::serve), with options.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn serve_with(&self, options: ServeOptions) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, self.clone(), options)).abort_handle();
        Ok(Server { addr, provider: self.clone(), task })
    }
}

/// A provider on loopback. Dropping it closes the port and every connection.
pub struct Server {
    addr: SocketAddr,
    provider: Provider,
    task: AbortHandle,
}

impl Server {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of `path` on it, as in `url("/api/anthropic/v1/messages")`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The provider that it serves.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// Owns the connections, so that they end with it.
async fn accept(listener: TcpListener, provider: Provider, options: ServeOptions) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that failed before it was accepted is the
                // client's affair.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, provider.clone(), options.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, provider: Provider, options: ServeOptions) {
    // Events of a stream must leave as they come; a failure only delays them.
    let _ = stream.set_nodelay(true);
    let service = provider.service();
    let service = service_fn(move |request: Request<Incoming>| service.clone().call(request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    if let Some(streams) = options.max_concurrent_streams {
        builder.http2().max_concurrent_streams(streams);
    }
    // A broken connection is what the client sees; there is nobody to tell here.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
