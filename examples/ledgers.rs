//! What a ledger costs: the look of each admission, and a write.
//!
//! ```sh
//! redis-server --port 6400 --save "" --appendonly yes &
//! cargo run --release --features redis --example ledgers -- redis://127.0.0.1:6400
//! ```
//!
//! Without an address it measures memory and file alone. It writes under keys
//! of its own (`planguard-example:*`), and leaves them.

use std::time::{Duration, Instant};

use planguard::{
    account::Account,
    ledger::{Changed, Entry, Fact, FileLedger, Ledger, LedgerError, MemoryLedger, RedisLedger},
};

const LOOKS: usize = 20_000;
const WRITES: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    println!(
        "{:<8} {:>12} {:>12} {:>12} {:>12}",
        "", "look, µs", "of 100, 99", "write, µs", "of 100, 99"
    );
    row("memory", &MemoryLedger::new()).await?;
    row("file", &FileLedger::open(folder.path().join("ledger.jsonl"))?).await?;
    if let Some(address) = std::env::args().nth(1) {
        let ledger = |shadow: &str| {
            let path = folder.path().join(shadow);
            RedisLedger::builder(&address).prefix("planguard-example").shadow(path)
        };
        row("redis", &ledger("shadow.jsonl").connect().await?).await?;
        row("cached", &ledger("cached.jsonl").cached_for(Duration::from_secs(1)).connect().await?)
            .await?;
    }
    Ok(())
}

async fn row(name: &str, ledger: &dyn Ledger) -> Result<(), LedgerError> {
    let account = Account::named("zai", "example");
    let (mut looks, mut writes) = (Vec::new(), Vec::new());
    for _ in 0..WRITES {
        let began = Instant::now();
        ledger.record(&account, 0, Entry::new(1, Fact::NoticeShown)).await?;
        writes.push(began.elapsed());
    }
    let seen = ledger.open(&account).await?.version;
    for _ in 0..LOOKS {
        let began = Instant::now();
        let changed = match ledger.changed(&account, seen) {
            Changed::Ask(asked) => asked.await?,
            Changed::No => false,
            _ => true,
        };
        looks.push(began.elapsed());
        assert!(!changed, "nobody else writes");
    }
    let (look, late_look) = (at(&mut looks, 50), at(&mut looks, 99));
    let (write, late_write) = (at(&mut writes, 50), at(&mut writes, 99));
    println!("{name:<8} {look:>12.1} {late_look:>12.1} {write:>12.1} {late_write:>12.1}");
    Ok(())
}

/// Within how many microseconds so many of a hundred were done.
fn at(times: &mut [Duration], of_a_hundred: usize) -> f64 {
    times.sort_unstable();
    times[times.len() * of_a_hundred / 100].as_secs_f64() * 1e6
}
