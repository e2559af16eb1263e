//! The suite passes the ledgers of this crate, and fails each broken one by the
//! check that it breaks.

use planguard::{
    ledger::{FileLedger, Ledger, MemoryLedger},
    sim::conformance::{Failure, broken, check},
};

async fn failing<L: Ledger>(open: impl AsyncFn() -> L) -> Failure {
    let failure = check(open).await.expect_err("a broken ledger");
    let text = failure.to_string();
    assert!(text.contains(failure.check) && text.contains(&failure.expected), "{text}");
    failure
}

#[tokio::test]
async fn memory_passes() {
    let ledger = MemoryLedger::new();
    let report = check(async || ledger.clone()).await.unwrap();
    assert_eq!(report.passed.len(), 18);
    // Another run beside what the first one left.
    assert_eq!(check(async || ledger.clone()).await.unwrap(), report);
}

#[tokio::test]
async fn a_file_passes() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ledger.jsonl");
    let report = check(async || FileLedger::open(&place).unwrap()).await.unwrap();
    assert_eq!(report.passed.len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_passes_on_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ledger.jsonl");
    check(async || FileLedger::open(&place).unwrap()).await.unwrap();
}

#[tokio::test]
async fn clones_of_one_handle_on_a_file_pass() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = FileLedger::open(folder.path().join("ledger.jsonl")).unwrap();
    check(async || ledger.clone()).await.unwrap();
}

#[tokio::test]
async fn a_ledger_that_forgets_on_reopening_fails() {
    let failure = failing(async || broken::ForgetsOnReopen::default()).await;
    assert_eq!(failure.check, "keeps_it_when_reopened");
}

#[tokio::test]
async fn a_ledger_that_accepts_a_stale_id_fails() {
    let ledger = broken::AcceptsStaleId(MemoryLedger::new());
    assert_eq!(failing(async || ledger.clone()).await.check, "refuses_a_stale_id");
}

#[tokio::test]
async fn a_ledger_that_answers_before_it_has_written_fails() {
    let store = MemoryLedger::new();
    let open = async || broken::AnswersBeforeItHasWritten::open(store.clone());
    assert_eq!(failing(open).await.check, "writes_before_it_answers");
}

#[tokio::test]
async fn a_ledger_that_gives_two_holders_the_trial_fails() {
    let ledger = broken::GivesTwoHoldersTheTrial::open(MemoryLedger::new());
    assert_eq!(failing(async || ledger.clone()).await.check, "lends_a_trial_to_one_holder");
}
