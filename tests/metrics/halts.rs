//! Signals, strikes, halts and releases.

use std::time::Duration;

use futures_util::future::join_all;
use metrics_util::debugging::DebuggingRecorder;
use planguard::{
    account::Account,
    breaker::Posture,
    profile::zai,
    sim::{Answer, Mode, Script},
};

use crate::{
    ask, book,
    ledger::Moody,
    wire::{Transport, Wire, guard, provider},
};

fn playing(mode: impl Into<Mode>) -> Wire {
    Wire::in_process(&provider(Transport::InProcess).mode(mode).build())
}

#[tokio::test(start_paused = true)]
async fn a_strike_shows_with_its_signal_and_its_halt() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), playing(Answer::error(1313)));
    ask(&plan, &wire).await.unwrap_err();
    assert_eq!(book.counts("signals_total"), ["zai policy_violation 1"]);
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1"]);
    assert_eq!(book.counts("halts_total"), ["zai latch 1"]);
    assert_eq!(book.counts("requests_total"), ["zai sent 1"]);
    assert_eq!(book.counts("refusals_total"), [""; 0], "it was sent");
}

#[tokio::test(start_paused = true)]
async fn what_no_alert_may_miss_stands_at_zero_before_anything_is_sent() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let _plan = guard().build().unwrap();
    let mut words: Vec<_> = book.series().iter().map(book::Series::words).collect();
    words.sort();
    assert_eq!(words, ["zai confirmed", "zai hold", "zai latch", "zai probation", "zai suspected"]);
    assert!(book.counts("strikes_total").is_empty());
}

#[tokio::test(start_paused = true)]
async fn late_siblings_are_signals_and_no_further_strikes() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    // The last of them is graver, and raises the halt.
    let answers = [1313, 1313, 1313, 1112].map(Answer::error);
    let (plan, wire) = (guard().build().unwrap(), playing(Script::new(answers)));
    join_all((0..4).map(|_| ask(&plan, &wire))).await;
    let signals = ["zai account_locked 1", "zai policy_violation 3"];
    assert_eq!(book.counts("signals_total"), signals);
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1"]);
    assert_eq!(book.counts("halts_total"), ["zai latch 1"]);
    assert_eq!(plan.snapshot()[0].record.strikes.confirmed, 1, "as the ledger has it");
}

#[tokio::test(start_paused = true)]
async fn a_probation_that_relapses_shows_as_both() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let (plan, wire) = (guard().build().unwrap(), playing(Answer::error(1302)));
    join_all((0..2).map(|_| ask(&plan, &wire))).await;
    assert_eq!(book.counts("strikes_total"), ["zai suspected 1"]);
    assert_eq!(book.counts("halts_total"), ["zai probation 1"]);
    tokio::time::sleep(Duration::from_secs(61)).await;
    ask(&plan, &wire).await.unwrap_err();
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1", "zai suspected 1"]);
    assert_eq!(book.counts("halts_total"), ["zai latch 1", "zai probation 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_release_shows_by_what_it_came() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let unknown = || Answer::error(1999).text("something new");
    let answers = [Answer::error(1113), Answer::completion(), unknown(), unknown()];
    let wire = playing(Script::new(answers).then(Answer::completion()));
    let plan = guard().build().unwrap();

    ask(&plan, &wire).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(15 * 60 + 1)).await;
    ask(&plan, &wire).await.expect("the test of an unpaid bill");
    assert_eq!(book.counts("releases_total"), ["zai test 1"]);

    ask(&plan, &wire).await.expect("the first unknown failure passes");
    ask(&plan, &wire).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(10 * 60 + 1)).await;
    ask(&plan, &wire).await.expect("its time is over");
    assert_eq!(book.counts("releases_total"), ["zai test 1", "zai time 1"]);

    // Nothing of this account was ever sent.
    let halt = plan.halt(&Account::named("zai", "other"), "Ada", "on holiday").await.unwrap();
    plan.acknowledge(&halt.id, "Ada", "back").await.unwrap();
    let releases = ["zai person 1", "zai test 1", "zai time 1"];
    assert_eq!(book.counts("releases_total"), releases);
    assert_eq!(book.counts("halts_total"), ["zai hold 2", "zai latch 1"]);
    assert!(book.counts("strikes_total").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_only_reports_shows_signals_and_no_halts() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let plan = guard().posture(Posture::Report).build().unwrap();
    let wire = playing(Answer::error(1313));
    for _ in 0..2 {
        ask(&plan, &wire).await.expect("nothing is stopped");
    }
    assert_eq!(book.counts("signals_total"), ["zai policy_violation 2"]);
    assert_eq!(book.counts("requests_total"), ["zai sent 2"]);
    assert!(book.counts("halts_total").is_empty() && book.counts("strikes_total").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_strike_that_the_ledger_hears_again_is_one_strike() {
    let recorder = DebuggingRecorder::new();
    let (_on, mut book) = book::open(&recorder);
    let ledger = Moody::slow(Duration::from_millis(700));
    let (plan, wire) = (guard().ledger(ledger.clone()), playing(Answer::error(1313)));
    let plan = plan.build().unwrap();
    let account = plan.account_of(&zai(), "a.secret");
    // Somebody else's halt is written while the strike is on its way.
    let meddling = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let by = planguard::ledger::Person::new("Ada", "elsewhere");
        planguard::ledger::latch::halt(&ledger.inner, &account, by, 1).await.unwrap();
    };
    let (struck, ()) = tokio::join!(ask(&plan, &wire), meddling);
    struck.unwrap_err();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(ledger.strikes().await, 1);
    assert_eq!(book.counts("strikes_total"), ["zai confirmed 1"]);
    assert_eq!(book.counts("halts_total"), ["zai latch 1"]);
}
