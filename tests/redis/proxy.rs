//! A network between a ledger and its server that can be slow, or gone.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What becomes of bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weather {
    /// They arrive.
    Fair,
    /// Answers arrive so much later.
    Slow(Duration),
    /// They are lost, and nobody hears of it.
    Partition,
}

pub struct Proxy {
    addr: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
}

impl Proxy {
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let weather = Arc::new(watch::channel(Weather::Fair).0);
        let now = weather.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, false, now.clone()));
                tokio::spawn(carry(far_in, near_out, true, now.clone()));
            }
        });
        Self { addr, weather }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    pub fn becomes(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    back: bool,
    weather: watch::Receiver<Weather>,
) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes).await {
        let now = *weather.borrow();
        match now {
            Weather::Slow(by) if back => tokio::time::sleep(by).await,
            Weather::Fair | Weather::Slow(_) => {}
            // What is lost of a stream cannot be followed by the rest of it.
            Weather::Partition => return hold(from, to).await,
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}

/// Keeps a connection open on which nothing arrives any more.
async fn hold(mut from: OwnedReadHalf, _to: OwnedWriteHalf) {
    let mut bytes = [0; 1024];
    while let Ok(1..) = from.read(&mut bytes).await {}
}
