//! The suite for any ledger, on a server: for machines that share nothing
//! else, and for programs of one machine.

use planguard::sim::conformance::check;

use crate::{
    desk::{self, Machine},
    server::Server,
};

#[tokio::test]
async fn the_suite_passes_for_machines_without_a_copy() {
    let Some(server) = Server::start() else { return };
    let report = check(async || desk::ledger(&server.url()).await).await.unwrap();
    assert_eq!(report.passed.len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_for_programs_of_one_machine() {
    let Some(server) = Server::start() else { return };
    let machine = Machine::new();
    let report = check(async || machine.ledger(&server.url()).await).await.unwrap();
    assert_eq!(report.passed.len(), 18);
}
