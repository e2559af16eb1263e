//! Long loads.

use std::time::{Duration, Instant};

use planguard::BoxError;
use tokio::task::JoinSet;

use crate::{
    asked::{Client, Plan},
    child::{Child, Holds},
    figures::Times,
};

/// Many streams at once.
#[derive(Default)]
pub struct Crowd {
    pub first_byte: Times,
    pub streams: usize,
    /// Before; when the first crowd stood; at the end of the last.
    pub memory_kib: [u64; 3],
    /// Of the process, for all streams.
    pub cpu_ms: u64,
}

impl Crowd {
    /// Adds a later crowd through the same proxy.
    pub fn add(&mut self, later: Self) {
        if self.streams == 0 {
            self.memory_kib = later.memory_kib;
        }
        self.memory_kib[2] = later.memory_kib[2];
        self.first_byte.add(later.first_byte);
        self.streams += later.streams;
        self.cpu_ms += later.cpu_ms;
    }
}

/// What was held before and after clients and answers that broke off.
pub struct Soak {
    pub broken: usize,
    pub before: Holds,
    pub after: Holds,
}

impl Soak {
    /// Memory may stay with the allocator; the rest may not stay at all.
    pub fn is_clean(&self) -> bool {
        self.after.descriptors <= self.before.descriptors + 2
            && self.after.tasks <= self.before.tasks + 2
            && self.after.memory_kib <= self.before.memory_kib + 16 * 1024
    }
}

/// `streams` callers, each of which begins anew when its stream has ended.
pub async fn crowd(
    client: &Client,
    child: &Child,
    streams: u32,
    length: Duration,
) -> Result<Crowd, BoxError> {
    let before = child.holds().await?;
    let until = Instant::now() + length;
    let middle = async {
        tokio::time::sleep(length / 4).await;
        child.holds().await
    };
    let callers = (0..streams).map(|n| async move {
        let mut times = Vec::new();
        // Not all in one moment.
        tokio::time::sleep(Duration::from_millis(u64::from(n % 1_000))).await;
        while Instant::now() < until {
            times.push(client.whole(n).await?);
        }
        Ok::<_, BoxError>(times)
    });
    let (middle, times) = tokio::join!(middle, futures_util::future::join_all(callers));
    let end = child.holds().await?;
    let times: Vec<Vec<_>> = times.into_iter().collect::<Result<_, _>>()?;
    let times: Vec<_> = times.into_iter().flatten().collect();
    let streams = times.len();
    let memory_kib = [before.memory_kib, middle?.memory_kib, end.memory_kib];
    let cpu_ms = end.cpu_ms - before.cpu_ms;
    Ok(Crowd { first_byte: times.into(), streams, memory_kib, cpu_ms })
}

/// Callers that drop their streams at any moment, before a provider that
/// breaks off.
pub async fn soak(gateway: &Child, plan: Plan) -> Result<Soak, BoxError> {
    // Once through, so that what is made once is there.
    broken_off(gateway, plan.at_once, Duration::from_secs(3)).await;
    let before = at_rest(gateway).await?;
    let broken = broken_off(gateway, plan.at_once, plan.length).await;
    let after = at_rest(gateway).await?;
    Ok(Soak { broken, before, after })
}

async fn broken_off(gateway: &Child, at_once: u32, length: Duration) -> usize {
    let until = Instant::now() + length;
    let mut callers = JoinSet::new();
    for n in 0..at_once {
        let client = Client::new(&gateway.url, "/v1/chat/completions");
        callers.spawn(async move {
            let mut broken = 0;
            while Instant::now() < until {
                let patience = Duration::from_millis(u64::from(n * 7 % 300) + 1);
                let _ = tokio::time::timeout(patience, client.whole(n)).await;
                broken += 1;
            }
            broken
        });
    }
    callers.join_all().await.into_iter().sum()
}

/// What is held once nobody asks any more and idle connections are closed.
async fn at_rest(gateway: &Child) -> Result<Holds, BoxError> {
    let mut last = gateway.holds().await?;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = gateway.holds().await?;
        let settled = now.descriptors == last.descriptors && now.tasks == last.tasks;
        last = now;
        if settled {
            break;
        }
    }
    Ok(last)
}
