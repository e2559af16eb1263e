//! A server that has lost its data is told again, and what a person has
//! released stays released.

use planguard::ledger::{Ledger, LedgerError, RedisLedger};

use crate::{
    desk::{Machine, account, ask, halt, ledger, provider, record_of, strike, word, write},
    server::Server,
};

#[tokio::test]
async fn a_restart_of_everything_finds_the_halt_in_the_copy() {
    let Some(mut server) = Server::start() else { return };
    let machine = Machine::new();
    let provider = provider();
    let halt = {
        let guard = machine.guard(&server.url()).await;
        strike(&guard, &provider, "a").await
    };
    server.stop();
    server.start_again();
    let guard = machine.guard(&server.url()).await;
    let refused = ask(&guard, &provider, "a").await.unwrap_err();
    assert_eq!(refused.halt(), Some(&*halt));
    assert!(refused.provider_message().is_some(), "with the provider's words");
    assert_eq!(provider.tally("a").total, 2);
    // By now a machine that knows nothing hears it from the server.
    let stranger = Machine::new();
    let other = stranger.guard(&server.url()).await;
    assert_eq!(ask(&other, &provider, "a").await.unwrap_err().halt(), Some(&*halt));
    assert_eq!(provider.tally("a").total, 2);
}

#[tokio::test]
async fn a_machine_that_only_looked_keeps_a_copy_too() {
    let Some(server) = Server::start() else { return };
    let (striker, witness) = (Machine::new(), Machine::new());
    write(&striker.ledger(&server.url()).await, "ada", halt("h-a")).await;
    record_of(&witness.ledger(&server.url()).await, "ada").await;
    let () = server.does("FLUSHALL").await;
    let witness = witness.ledger(&server.url()).await;
    assert!(record_of(&witness, "ada").await.halt("h-a").is_some());
    let stranger = ledger(&server.url()).await;
    assert_eq!(record_of(&stranger, "ada").await.strikes.confirmed, 1);
}

#[tokio::test]
async fn the_list_and_a_release_find_what_only_the_copy_knows() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let ledger = machine.ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    write(&ledger, "bob", halt("h-b")).await;
    let () = server.does("FLUSHALL").await;
    assert_eq!(ledger.list().await.unwrap().len(), 2);
    let () = server.does("FLUSHALL").await;
    let (about, opened) = ledger.acknowledge("h-a", word()).await.unwrap();
    assert_eq!((about, opened.record.halts.len()), (account("ada"), 0));
    assert_eq!(opened.record.strikes.confirmed, 1, "strikes stay counted");
}

#[tokio::test]
async fn an_old_copy_does_not_bring_back_what_a_person_has_released() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    write(&one.ledger(&server.url()).await, "ada", halt("h-a")).await;
    // The first machine is off while somebody releases it on the second.
    other.ledger(&server.url()).await.acknowledge("h-a", word()).await.unwrap();
    let one = one.ledger(&server.url()).await;
    assert_eq!(record_of(&one, "ada").await.halts, []);
    assert!(ask_again(&one, "h-a").await.contains("Ada released it"));
}

#[tokio::test]
async fn nor_does_it_after_a_loss_that_the_releasing_machine_made_good() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    write(&one.ledger(&server.url()).await, "ada", halt("h-a")).await;
    let releasing = other.ledger(&server.url()).await;
    releasing.acknowledge("h-a", word()).await.unwrap();
    let () = server.does("FLUSHALL").await;
    record_of(&releasing, "ada").await;
    assert_eq!(record_of(&one.ledger(&server.url()).await, "ada").await.halts, []);
}

#[tokio::test]
async fn a_release_that_comes_late_to_the_server_ends_what_an_old_copy_brought_back() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    write(&one.ledger(&server.url()).await, "ada", halt("h-a")).await;
    let releasing = other.ledger(&server.url()).await;
    releasing.acknowledge("h-a", word()).await.unwrap();
    let () = server.does("FLUSHALL").await;
    let one = one.ledger(&server.url()).await;
    // Nobody could know better: it stays stopped, which is the safe side.
    assert_eq!(record_of(&one, "ada").await.halts.len(), 1);
    assert_eq!(record_of(&releasing, "ada").await.halts, []);
    assert_eq!(record_of(&one, "ada").await.halts, []);
}

#[tokio::test]
async fn a_halt_that_began_after_the_loss_counts_beside_those_of_the_copy() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    let first = one.ledger(&server.url()).await;
    write(&first, "ada", halt("h-a")).await;
    write(&first, "ada", halt("h-b")).await;
    let () = server.does("FLUSHALL").await;
    let second = other.ledger(&server.url()).await;
    write(&second, "ada", halt("h-c")).await;
    let record = record_of(&first, "ada").await;
    assert_eq!((record.halts.len(), record.strikes.confirmed), (3, 3));
    // Whoever has seen either history takes it over.
    assert!(record.revision > 2);
    assert_eq!(record_of(&second, "ada").await, record);
}

#[tokio::test]
async fn an_older_backup_is_brought_up_to_date() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let ledger = machine.ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    let key = "planguard:{zai/ada}:record";
    let backup: Vec<String> = server.does(&format!("HGETALL {key}")).await;
    ledger.acknowledge("h-a", word()).await.unwrap();
    write(&ledger, "ada", halt("h-b")).await;
    let words: Vec<&str> = ["HSET", key].into_iter().chain(backup.iter().map(|s| &**s)).collect();
    let () = server.does_all(&words).await;
    let record = record_of(&ledger, "ada").await;
    assert!(record.halt("h-b").is_some() && record.halt("h-a").is_none());
    assert_eq!((record.halts.len(), record.strikes.confirmed), (1, 2));
}

#[tokio::test]
async fn a_copy_that_vanishes_or_cannot_be_written_stops_nobody() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let ledger = machine.ledger(&server.url()).await;
    write(&ledger, "ada", halt("h-a")).await;
    std::fs::remove_file(machine.shadow()).unwrap();
    assert_eq!(write(&ledger, "ada", halt("h-b")).await.halts.len(), 2);
    assert_eq!(record_of(&ledger, "bob").await.revision, 0);
    assert_eq!(ledger.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_file_a_running_process_is_the_copy() {
    let Some(server) = Server::start() else { return };
    let ledger = RedisLedger::builder(server.url()).without_shadow().connect().await.unwrap();
    write(&ledger, "ada", halt("h-a")).await;
    let () = server.does("FLUSHALL").await;
    assert_eq!(record_of(&ledger, "ada").await.halts.len(), 1);
}

#[tokio::test]
async fn a_process_that_never_saw_the_halt_asks_the_copy_that_another_one_wrote() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let (here, there) = (machine.ledger(&server.url()).await, machine.ledger(&server.url()).await);
    let seen = here.open(&account("ada")).await.unwrap().version;
    write(&there, "ada", halt("h-a")).await;
    let () = server.does("FLUSHALL").await;
    // The server says the same as it did: nothing.
    let about = account("ada");
    let planguard::ledger::Changed::Ask(asked) = here.changed(&about, seen) else {
        panic!("it asks the server");
    };
    assert!(asked.await.unwrap());
    assert_eq!(record_of(&here, "ada").await.halts.len(), 1);
}

/// What is said to somebody who releases `halt` again.
async fn ask_again(ledger: &RedisLedger, halt: &str) -> String {
    let error = ledger.acknowledge(halt, word()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NoSuchHalt { .. }));
    error.to_string()
}
