//! Whole guards over one server: nothing is sent that should not be.

use std::time::{Duration, Instant};

use planguard::{breaker::LedgerTrouble, refusal::Reason};

use crate::{
    desk::{Machine, ask, guard, kind_provider, provider, reason, strike},
    proxy::{Proxy, Weather},
    server::Server,
};

/// More than a deadline of 250 ms takes on a busy machine, and less than what
/// hangs.
const SOON: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn a_strike_on_one_machine_stops_all() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    let (here, there) = (one.guard(&server.url()).await, other.guard(&server.url()).await);
    let provider = provider();
    // The other one has looked before.
    ask(&there, &provider, "b").await.unwrap();
    let halt = strike(&here, &provider, "a").await;
    let refused = ask(&there, &provider, "a").await.unwrap_err();
    assert_eq!(refused.halt(), Some(&*halt));
    assert!(
        refused.to_string().contains(&format!("--ledger 'redis://127.0.0.1:{}/0'", server.port))
    );
    assert_eq!(provider.tally("a").total, 2);
    there.acknowledge(&halt, "Ada", "stopped the job").await.unwrap();
    // Said on the other machine, it holds on this one: the request leaves.
    let _ = ask(&here, &provider, "a").await;
    assert_eq!(provider.tally("a").total, 3);
}

#[tokio::test]
async fn while_the_server_is_down_nothing_leaves() {
    let Some(mut server) = Server::start() else { return };
    let machine = Machine::new();
    let here = machine.guard(&server.url()).await;
    let provider = provider();
    ask(&here, &provider, "b").await.unwrap();
    let halt = strike(&here, &provider, "a").await;
    server.stop();
    for id in ["a", "b", "never-seen"] {
        let began = Instant::now();
        let refused = ask(&here, &provider, id).await.unwrap_err();
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert_eq!(refused.reason(), Reason::LedgerUnavailable);
        let detail = refused.detail().unwrap();
        assert!(detail.contains("start the server, or correct host and port"), "{detail}");
    }
    assert_eq!((provider.tally("a").total, provider.tally("b").total), (2, 1));
    server.start_again();
    // Its data is lost; the copy on this machine is not.
    assert_eq!(ask(&here, &provider, "a").await.unwrap_err().halt(), Some(&*halt));
    assert_eq!(provider.tally("a").total, 2);
    assert_eq!(ask(&here, &provider, "b").await.unwrap_err().reason(), Reason::AccountHalted);
    assert_eq!(provider.tally("b").total, 2, "its second request is found fault with");
}

#[tokio::test]
async fn whoever_lets_calls_pass_meanwhile_still_stops_those_that_it_knows_as_halted() {
    let Some(mut server) = Server::start() else { return };
    let machine = Machine::new();
    let here = guard(machine.ledger(&server.url()).await, LedgerTrouble::Pass);
    let (bad, kind) = (provider(), kind_provider());
    strike(&here, &bad, "a").await;
    server.stop();
    assert_eq!(reason(ask(&here, &bad, "a").await), Reason::AccountHalted);
    assert_eq!(bad.tally("a").total, 2);
    ask(&here, &kind, "b").await.unwrap();
    assert_eq!(kind.tally("b").total, 1);
}

#[tokio::test]
async fn a_program_that_starts_while_the_server_is_down_goes_by_the_copy_on_its_machine() {
    let Some(mut server) = Server::start() else { return };
    let machine = Machine::new();
    let (bad, kind) = (provider(), kind_provider());
    let halt = strike(&machine.guard(&server.url()).await, &bad, "a").await;
    server.stop();
    let later = || machine.builder(&server.url()).connect_later().unwrap();
    let careful = guard(later(), LedgerTrouble::Refuse);
    assert_eq!(reason(ask(&careful, &bad, "a").await), Reason::LedgerUnavailable);
    let bold = guard(later(), LedgerTrouble::Pass);
    assert_eq!(ask(&bold, &bad, "a").await.unwrap_err().halt(), Some(&*halt));
    ask(&bold, &kind, "b").await.unwrap();
    assert_eq!((bad.tally("a").total, kind.tally("b").total), (2, 1));
    server.start_again();
    assert_eq!(ask(&careful, &bad, "a").await.unwrap_err().halt(), Some(&*halt));
    assert_eq!(ask(&bold, &bad, "a").await.unwrap_err().halt(), Some(&*halt));
    ask(&careful, &kind, "b").await.unwrap();
    assert_eq!((bad.tally("a").total, kind.tally("b").total), (2, 2));
}

#[tokio::test]
async fn a_strike_while_the_server_is_down_is_written_when_it_is_back() {
    let Some(mut server) = Server::start() else { return };
    let (one, other) = (Machine::new(), Machine::new());
    let here = guard(one.ledger(&server.url()).await, LedgerTrouble::Pass);
    let provider = provider();
    ask(&here, &provider, "a").await.unwrap();
    server.stop();
    let refused = ask(&here, &provider, "a").await.unwrap_err();
    server.start_again();
    // The writer tries again by itself.
    let there = other.ledger(&server.url()).await;
    let account = here.account_of(&planguard::profile::zai(), "a.secret");
    let halted = async {
        use planguard::ledger::Ledger as _;
        loop {
            let record = there.open(&account).await.unwrap().record;
            if record.halt(refused.halt().unwrap()).is_some() {
                return record;
            }
            tokio::task::yield_now().await;
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(20), halted).await.unwrap();
    assert_eq!(record.strikes.confirmed, 1);
    assert_eq!(provider.tally("a").total, 2);
}

#[tokio::test]
async fn a_server_that_is_slow_or_cut_off_keeps_nobody_waiting_and_lets_nothing_leave() {
    let Some(server) = Server::start() else { return };
    for weather in [Weather::Slow(Duration::from_secs(2)), Weather::Partition] {
        let proxy = Proxy::before(server.port).await;
        let (machine, other) = (Machine::new(), Machine::new());
        let here = machine.guard(&proxy.url()).await;
        let provider = provider();
        let id = format!("{weather:?}").replace(['(', ')'], "");
        ask(&here, &provider, &id).await.unwrap();
        proxy.becomes(weather);
        let began = Instant::now();
        let refused = ask(&here, &provider, &id).await.unwrap_err();
        assert!(began.elapsed() < SOON, "{weather:?}: {:?}", began.elapsed());
        assert_eq!(refused.reason(), Reason::LedgerUnavailable, "{weather:?}");
        let detail = refused.detail().unwrap();
        assert!(detail.contains("no answer within 250 ms"), "{detail}");
        // Meanwhile another machine, which has a way to the server, strikes.
        let there = other.guard(&server.url()).await;
        let halt = ask(&there, &provider, &id).await.unwrap_err().halt().unwrap().to_owned();
        assert_eq!(reason(ask(&here, &provider, &id).await), Reason::LedgerUnavailable);
        proxy.becomes(Weather::Fair);
        // The first calls may still meet the old connection.
        let back = async {
            loop {
                let refused = ask(&here, &provider, &id).await.unwrap_err();
                if refused.reason() != Reason::LedgerUnavailable {
                    return refused;
                }
            }
        };
        let refused = tokio::time::timeout(Duration::from_secs(20), back).await.unwrap();
        assert_eq!(refused.halt(), Some(&*halt), "{weather:?}");
        assert_eq!(provider.tally(&id).total, 2, "{weather:?}");
    }
}

#[tokio::test]
async fn a_strike_over_a_slow_server_is_told_after_two_seconds_and_written_later() {
    let Some(server) = Server::start() else { return };
    let proxy = Proxy::before(server.port).await;
    let (machine, other) = (Machine::new(), Machine::new());
    let here = guard(machine.ledger(&proxy.url()).await, LedgerTrouble::Pass);
    let provider = provider();
    ask(&here, &provider, "a").await.unwrap();
    proxy.becomes(Weather::Slow(Duration::from_secs(2)));
    let began = Instant::now();
    let refused = ask(&here, &provider, "a").await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let there = other.ledger(&server.url()).await;
    let account = here.account_of(&planguard::profile::zai(), "a.secret");
    let written = async {
        use planguard::ledger::Ledger as _;
        while there.open(&account).await.unwrap().record.halt(refused.halt().unwrap()).is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), written).await.unwrap();
    assert_eq!(provider.tally("a").total, 2);
}
