//! Whatever is wrong with a server, it is told clearly and with a way out,
//! and never with a password.

use planguard::ledger::{Ledger, LedgerError, RedisLedger, redis::RedisTrouble};

use crate::{
    desk::{Machine, account, halt, ledger, record_of, write},
    server::{Server, free_port},
};

/// What stands beneath `error`.
fn trouble(error: LedgerError) -> RedisTrouble {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2"), "{text}");
    let LedgerError::Unavailable { source, .. } = error else { panic!("{error}") };
    source.downcast_ref::<RedisTrouble>().expect("a RedisTrouble").clone()
}

async fn refused(url: &str) -> RedisTrouble {
    trouble(Machine::new().builder(url).connect().await.unwrap_err())
}

/// That `trouble` says what a person does about it.
fn says(trouble: &RedisTrouble, way_out: &str) {
    assert!(trouble.to_string().contains(way_out), "{trouble}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_repeated() {
    for address in ["", "hunter2", "http://hunter2@host", "redis://", "redis://a:hunter2@h/db"] {
        let trouble = refused(address).await;
        assert!(matches!(trouble, RedisTrouble::Address { .. }), "{address}: {trouble}");
        says(&trouble, "redis://[user:password@]host");
    }
}

#[tokio::test]
async fn a_prefix_with_a_brace_is_refused() {
    let builder = Machine::new().builder("redis://127.0.0.1").prefix("a{b");
    let trouble = trouble(builder.connect().await.unwrap_err());
    assert_eq!(trouble, RedisTrouble::Prefix("a{b".to_owned()));
}

#[tokio::test]
async fn a_host_that_does_not_exist_or_listen() {
    for url in [
        "redis://:hunter2@no-such-host.invalid".to_owned(),
        format!("redis://:hunter2@127.0.0.1:{}", free_port()),
    ] {
        let trouble = refused(&url).await;
        assert!(matches!(trouble, RedisTrouble::Unreachable { .. }), "{trouble}");
        says(&trouble, "correct host and port");
    }
}

#[tokio::test]
async fn a_password_that_is_wrong_or_missing() {
    let Some(server) = Server::with(&["--requirepass", "hunter2"]) else { return };
    let at = format!("127.0.0.1:{}", server.port);
    for url in [format!("redis://:wrong-hunter2@{at}"), format!("redis://{at}")] {
        let trouble = refused(&url).await;
        assert!(matches!(trouble, RedisTrouble::Denied { .. }), "{trouble}");
        says(&trouble, "correct the user and the password");
    }
    let ledger = ledger(&format!("redis://:hunter2@{at}")).await;
    write(&ledger, "ada", halt("h-a")).await;
    let shown = format!("{ledger:?} {} {}", ledger.place(), ledger.release_command("h-a"));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(ledger.place(), format!("redis://{at}/0"));
    let builder = RedisLedger::builder(format!("redis://:hunter2@{at}"));
    assert!(!format!("{builder:?}").contains("hunter2"));
}

/// The rights that the documentation names.
const RIGHTS: &str = "~planguard:* +get +setnx +eval +hget +hmget +hset +hgetall +hincrby +hdel \
                      +sadd +smembers +hello +select +cluster|slots";

#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything_and_nothing_else_is_needed() {
    let Some(server) = Server::start() else { return };
    let () = server.does(&format!("ACL SETUSER agent on >hunter2 {RIGHTS}")).await;
    let url = format!("redis://agent:hunter2@127.0.0.1:{}/0", server.port);
    let ledger = ledger(&url).await;
    write(&ledger, "ada", halt("h-a")).await;
    let hit = planguard::ledger::Fact::Hit { halt: "h-a".to_owned() };
    write(&ledger, "ada", planguard::ledger::Entry::new(2, hit)).await;
    write(&ledger, "ada", halt("h-b")).await;
    assert_eq!(ledger.list().await.unwrap().len(), 1);
    ledger.acknowledge("h-a", crate::desk::word()).await.unwrap();
    assert_eq!(ledger.place(), format!("redis://127.0.0.1:{}/0", server.port));

    let () = server.does("ACL SETUSER agent -hset").await;
    let trouble = trouble(ledger.acknowledge("h-b", crate::desk::word()).await.unwrap_err());
    assert!(matches!(trouble, RedisTrouble::Forbidden { .. }), "{trouble:?}");
    says(&trouble, RIGHTS);
}

#[tokio::test]
async fn a_user_who_may_not_touch_the_keys() {
    let Some(server) = Server::start() else { return };
    let () = server.does("ACL SETUSER agent on >hunter2 ~other:* +@all").await;
    let trouble = refused(&format!("redis://agent:hunter2@127.0.0.1:{}", server.port)).await;
    assert!(matches!(trouble, RedisTrouble::Forbidden { .. }), "{trouble:?}");
}

#[tokio::test]
async fn a_replica_is_told_at_the_start_and_after_a_failover() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    let () = server.does(&format!("REPLICAOF 127.0.0.1 {}", free_port())).await;
    assert_eq!(refused(&server.url()).await, RedisTrouble::Replica);
    says(&RedisTrouble::Replica, "name the primary");
    let epoch = record_of(&ledger, "ada").await.epoch;
    let error = ledger.record(&account("ada"), epoch, halt("h-b")).await.unwrap_err();
    assert_eq!(trouble(error), RedisTrouble::Replica);
    // It may be behind by now: nobody goes by what it says.
    let error = ledger.open(&account("ada")).await.unwrap_err();
    assert_eq!(trouble(error), RedisTrouble::Replica);
    let () = server.does("REPLICAOF NO ONE").await;
    assert_eq!(record_of(&ledger, "ada").await.halts.len(), 1);
}

#[tokio::test]
async fn a_server_out_of_memory_still_answers_who_is_halted() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    let () = server.does("CONFIG SET maxmemory 1").await;
    assert_eq!(record_of(&ledger, "ada").await.halts.len(), 1);
    let error = ledger.record(&account("ada"), 1, halt("h-b")).await.unwrap_err();
    assert_eq!(trouble(error), RedisTrouble::Full);
    assert_eq!(refused(&server.url()).await, RedisTrouble::Full);
    says(&RedisTrouble::Full, "maxmemory");
    let () = server.does("CONFIG SET maxmemory 0").await;
    assert_eq!(write(&ledger, "ada", halt("h-b")).await.halts.len(), 2);
}

#[tokio::test]
async fn another_schema_is_left_alone_and_named() {
    for (schema, way_out) in [("0", "choose another prefix"), ("2", "update this program")] {
        let Some(server) = Server::start() else { return };
        let ledger = ledger(&server.url()).await;
        write(&ledger, "ada", halt("h-a")).await;
        // Another version of planguard has changed it beside this process.
        let () = server.does(&format!("HSET planguard:{{zai/ada}}:record schema {schema}")).await;
        let found = trouble(ledger.open(&account("ada")).await.unwrap_err());
        let RedisTrouble::Schema { key, .. } = &found else { panic!("{found:?}") };
        assert_eq!(key, "planguard:{zai/ada}:record");
        says(&found, way_out);
        let hit = planguard::ledger::Fact::Hit { halt: "h-a".to_owned() };
        let hit = planguard::ledger::Entry::new(2, hit);
        for entry in [halt("h-b"), hit] {
            assert_eq!(trouble(ledger.record(&account("ada"), 1, entry).await.unwrap_err()), found);
        }
        let hits: i64 = server.does("EXISTS planguard:{zai/ada}:hits").await;
        assert_eq!(hits, 0, "nothing is written");

        let () = server.does(&format!("SET planguard:schema {schema}")).await;
        let found = refused(&server.url()).await;
        assert!(matches!(&found, RedisTrouble::Schema { key, .. } if key == "planguard:schema"));
        says(&found, way_out);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_read_stops_its_account_and_changes_nothing() {
    let key = "planguard:{zai/ada}:record";
    for broken in [
        &["HSET", key, "record", "not json"][..],
        &["HSET", key, "record", "{\"epoch\":-1}"],
        &["HDEL", key, "record"],
        &["HSET", key, "stamp", "yesterday"],
        &["HSET", "planguard:{zai/ada}:hits", "h-a", "many"],
    ] {
        let Some(server) = Server::start() else { return };
        let ledger = ledger(&server.url()).await;
        write(&ledger, "ada", halt("h-a")).await;
        write(&ledger, "bob", halt("h-c")).await;
        let () = server.does_all(broken).await;
        let before: Vec<String> = server.does(&format!("HGETALL {key}")).await;
        let found = trouble(ledger.open(&account("ada")).await.unwrap_err());
        assert!(matches!(found, RedisTrouble::Corrupt { .. }), "{broken:?}: {found:?}");
        says(&found, "correct it");
        assert!(ledger.record(&account("ada"), 1, halt("h-b")).await.is_err());
        assert_eq!(server.does::<Vec<String>>(&format!("HGETALL {key}")).await, before);
        assert_eq!(record_of(&ledger, "bob").await.halts.len(), 1);
    }
}

#[tokio::test]
async fn a_number_that_no_process_wrote_is_no_danger() {
    let Some(server) = Server::start() else { return };
    let ledger = ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    let () = server.does(&format!("HSET planguard:{{zai/ada}}:hits h-a {}", u64::MAX)).await;
    let () = server.does(&format!("HSET planguard:{{zai/ada}}:record late {}", u64::MAX)).await;
    let record = record_of(&ledger, "ada").await;
    assert_eq!((record.revision, record.halts[0].hits), (u64::MAX, u32::MAX));
}

#[tokio::test]
async fn a_key_of_another_program_is_left_alone() {
    for key in ["planguard:accounts", "planguard:{zai/ada}:record", "planguard:{zai/ada}:hits"] {
        let Some(server) = Server::start() else { return };
        let ledger = ledger(&server.url()).await;
        let () = server.does(&format!("SET {key} theirs")).await;
        let found = trouble(ledger.record(&account("ada"), 0, halt("h-a")).await.unwrap_err());
        assert!(matches!(found, RedisTrouble::Foreign { .. }), "{key}: {found:?}");
        says(&found, "choose another prefix");
        assert_eq!(server.does::<String>(&format!("GET {key}")).await, "theirs");
    }
}

#[tokio::test]
async fn a_shadow_that_cannot_be_opened_is_told_at_the_start() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    std::fs::write(machine.shadow(), "hello\n").unwrap();
    let error = machine.builder(&server.url()).connect().await.unwrap_err();
    assert!(error.to_string().contains("shadow.jsonl"), "{error}");
    let without = RedisLedger::builder(server.url()).without_shadow().connect().await.unwrap();
    write(&without, "ada", halt("h-a")).await;
}

#[test]
fn without_a_runtime_it_says_so() {
    use futures_util::FutureExt as _;
    let connecting = Machine::new().builder("redis://127.0.0.1").connect();
    let error = connecting.now_or_never().expect("it does not wait").unwrap_err();
    assert_eq!(trouble(error), RedisTrouble::NoRuntime);
}
