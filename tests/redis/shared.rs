//! What processes on one server do to each other.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use planguard::{
    account::Account,
    ledger::{Changed, Entry, Fact, Lease, Ledger, LedgerError, MemoryLedger, Phase, RedisLedger},
};

use crate::{
    desk::{Machine, account, due, halt, ledger, record_of, word, write},
    server::Server,
};

async fn has_changed(ledger: &RedisLedger, account: &Account, version: u64) -> bool {
    match ledger.changed(account, version) {
        Changed::No => false,
        Changed::Yes => true,
        Changed::Ask(asked) => asked.await.unwrap(),
        _ => unreachable!("no other answer is known"),
    }
}

/// So many processes, each with a connection and a disk of its own.
async fn ledgers(server: &Server, n: usize) -> Vec<(Machine, RedisLedger)> {
    join_all((0..n).map(|_| async {
        let machine = Machine::new();
        let ledger = machine.ledger(&server.url()).await;
        (machine, ledger)
    }))
    .await
}

#[tokio::test]
async fn it_keeps_what_a_memory_ledger_keeps() {
    let Some(server) = Server::start() else { return };
    let (redis, memory) = (ledger(&server.url()).await, MemoryLedger::new());
    let entries = [
        halt("h-a"),
        Entry::new(2, Fact::Hit { halt: "h-a".to_owned() }),
        Entry::new(3, Fact::NoticeShown),
        due("h-b"),
        Entry::new(4, Fact::Hit { halt: "h-b".to_owned() }),
        Entry::new(5, Fact::Hit { halt: "h-a".to_owned() }),
        Entry::new(6, Fact::Hit { halt: "h-nobody".to_owned() }),
    ];
    for entry in entries {
        let there = write(&redis, "ada", entry.clone()).await;
        assert_eq!(there, write(&memory, "ada", entry).await);
    }
    let lease = Lease::new("p", 9, 99);
    let claimed = redis.claim(&account("ada"), "h-b", lease.clone()).await.unwrap();
    assert_eq!(
        claimed.record,
        memory.claim(&account("ada"), "h-b", lease.clone()).await.unwrap().record
    );
    let given = redis.release(&account("ada"), "h-b", lease.clone()).await.unwrap();
    assert_eq!(given.record, memory.release(&account("ada"), "h-b", lease).await.unwrap().record);
    redis.acknowledge("h-a", word()).await.unwrap();
    memory.acknowledge("h-a", word()).await.unwrap();
    let late = Entry::new(7, Fact::Hit { halt: "h-a".to_owned() });
    assert_eq!(write(&redis, "ada", late.clone()).await, write(&memory, "ada", late).await);
    write(&redis, "bob", halt("h-c")).await;
    write(&memory, "bob", halt("h-c")).await;
    assert_eq!(redis.list().await.unwrap(), memory.list().await.unwrap());
    // A process on another machine reads the same.
    let other = ledger(&server.url()).await;
    assert_eq!(other.list().await.unwrap(), memory.list().await.unwrap());
}

#[tokio::test]
async fn of_those_who_halt_at_once_one_wins_and_the_others_hear_of_it() {
    let Some(server) = Server::start() else { return };
    let ledgers = ledgers(&server, 8).await;
    for round in 0..50 {
        let about = account(&format!("a{round}"));
        let halts = ledgers.iter().enumerate().map(|(i, (_, ledger))| {
            let (about, entry) = (about.clone(), halt(&format!("h-{i}")));
            async move { ledger.record(&about, 0, entry).await }
        });
        let answers = join_all(halts).await;
        let won: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(won.len(), 1);
        for answer in &answers {
            if let Err(error) = answer {
                let LedgerError::Conflict(opened) = error else { panic!("{error}") };
                assert_eq!(opened.record, won[0].record);
            }
        }
        assert_eq!(won[0].record.strikes.confirmed, 1);
    }
}

#[tokio::test]
async fn no_late_answer_is_lost_between_others_who_write() {
    let Some(server) = Server::start() else { return };
    let ledgers = ledgers(&server, 8).await;
    write(&ledgers[0].1, "ada", halt("h-a")).await;
    let all = ledgers.iter().map(|(_, ledger)| async move {
        for round in 0..50 {
            let fact = match round % 5 {
                4 => Fact::NoticeShown,
                _ => Fact::Hit { halt: "h-a".to_owned() },
            };
            let opened = ledger.record(&account("ada"), 0, Entry::new(2, fact)).await.unwrap();
            assert!(opened.record.halt("h-a").is_some());
        }
    });
    join_all(all).await;
    for (_, ledger) in &ledgers {
        let record = record_of(ledger, "ada").await;
        assert_eq!(record.halts[0].hits, 1 + 8 * 40);
        assert_eq!(record.revision, 1 + 8 * 50);
        assert_eq!((record.epoch, record.halts.len()), (1, 1));
    }
}

#[tokio::test]
async fn one_trial_across_holders() {
    let Some(server) = Server::start() else { return };
    let ledgers = ledgers(&server, 8).await;
    for round in 0..100 {
        let about = account(&format!("a{round}"));
        ledgers[0].1.record(&about, 0, due("h-a")).await.unwrap();
        let claims = ledgers.iter().enumerate().map(|(i, (_, ledger))| {
            let (about, lease) = (about.clone(), Lease::new(format!("p{i}"), 9, 99));
            async move { ledger.claim(&about, "h-a", lease).await }
        });
        let lent: Vec<_> = join_all(claims)
            .await
            .into_iter()
            .enumerate()
            .filter_map(|(i, answer)| match answer {
                Ok(_) => Some(i),
                Err(LedgerError::Conflict(_)) => None,
                Err(error) => panic!("{error}"),
            })
            .collect();
        let [holder] = *lent else { panic!("{lent:?} have the trial") };
        let phase = ledgers[7].1.open(&about).await.unwrap().record.halts[0].phase.clone();
        assert_eq!(phase, Phase::Trial { holder: format!("p{holder}"), until: 99 });
    }
}

#[tokio::test]
async fn who_asks_after_a_write_has_returned_sees_it() {
    let Some(server) = Server::start() else { return };
    let ledgers = ledgers(&server, 2).await;
    let [(_, here), (_, there)] = &ledgers[..] else { unreachable!() };
    let about = account("ada");
    let mut seen = there.open(&about).await.unwrap().version;
    for round in 0..500 {
        assert!(!has_changed(there, &about, seen).await);
        let fact = match round % 2 {
            0 => halt(&format!("h-{round}")).fact,
            _ => Fact::Hit { halt: format!("h-{}", round - 1) },
        };
        let epoch = here.open(&about).await.unwrap().record.epoch;
        let wrote = here.record(&about, epoch, Entry::new(2, fact)).await.unwrap();
        assert!(has_changed(there, &about, seen).await);
        let opened = there.open(&about).await.unwrap();
        assert_eq!(opened, wrote);
        seen = opened.version;
    }
}

#[tokio::test]
async fn a_cache_asks_once_in_the_time_that_it_was_given() {
    let Some(mut server) = Server::start() else { return };
    let machine = Machine::new();
    let lazy = Duration::from_secs(3_600);
    let cached = machine.builder(&server.url()).cached_for(lazy).connect().await.unwrap();
    let about = account("ada");
    let seen = cached.open(&about).await.unwrap().version;
    server.stop();
    assert!(matches!(cached.changed(&about, seen), Changed::No));
    assert!(matches!(cached.changed(&about, seen + 1), Changed::Ask(_)));
    assert!(matches!(cached.changed(&account("bob"), seen), Changed::Ask(_)));
}

#[tokio::test]
async fn ledgers_with_different_prefixes_share_nothing() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let here = machine.ledger(&server.url()).await;
    let other = Machine::new();
    let there = other.builder(&server.url()).prefix("other").connect().await.unwrap();
    write(&here, "ada", halt("h-a")).await;
    assert_eq!(there.list().await.unwrap(), []);
    assert_eq!(record_of(&there, "ada").await.revision, 0);
}

#[tokio::test]
async fn an_account_that_was_listed_and_not_written_is_none() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    // Its writer was killed between the two.
    let () = server.does("SADD planguard:accounts zai/ada").await;
    assert_eq!(ledger.list().await.unwrap(), []);
    let error = ledger.acknowledge("h-a", word()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NoSuchHalt { .. }), "{error}");
}

#[tokio::test]
async fn an_account_that_the_list_has_lost_can_be_released() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    let () = server.does("DEL planguard:accounts").await;
    let (about, opened) = ledger.acknowledge("h-a", word()).await.unwrap();
    assert_eq!((about, opened.record.halts.len()), (account("ada"), 0));
    let listed: Vec<String> = server.does("SMEMBERS planguard:accounts").await;
    assert_eq!(listed, ["zai/ada"]);
}

#[tokio::test]
async fn no_key_has_a_time_to_live() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    write(&ledger, "ada", Entry::new(2, Fact::Hit { halt: "h-a".to_owned() })).await;
    let mut keys: Vec<String> = server.does("KEYS *").await;
    keys.sort();
    let expected = [
        "planguard:accounts",
        "planguard:schema",
        "planguard:{zai/ada}:hits",
        "planguard:{zai/ada}:record",
    ];
    assert_eq!(keys, expected);
    for key in keys {
        let left: i64 = server.does(&format!("TTL {key}")).await;
        assert_eq!(left, -1, "{key}");
    }
}

#[test]
fn it_serves_several_runtimes_even_if_one_stands_still() {
    let Some(server) = Server::start() else { return };
    let new = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (new(), new());
    let machine = Machine::new();
    let ledger = Arc::new(first.block_on(machine.ledger(&server.url())));
    first.block_on(write(&*ledger, "ada", halt("h-a")));
    // Nobody drives the first one here.
    assert_eq!(second.block_on(record_of(&*ledger, "ada")).halts.len(), 1);
    drop(first);
    assert_eq!(second.block_on(record_of(&*ledger, "ada")).halts.len(), 1);
    assert_eq!(new().block_on(record_of(&*ledger, "ada")).halts.len(), 1);
}
