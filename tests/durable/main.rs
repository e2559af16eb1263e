//! A halt outlives its process: proofs on the file, with real processes that
//! are killed, crowded, kept out and left without room.
//!
//! By default the long ones make a tenth of their rounds;
//! `PLANGUARD_PROOFS=whole` makes all of them. Each prints what it counted.

#[path = "../support/crowd.rs"]
mod crowd;
mod desk;
mod killed;
#[path = "../support/ledger.rs"]
mod ledger;
mod one_file;
mod places;
#[path = "../support/process.rs"]
mod process;
mod room;
mod told;
mod trials;

/// One of the processes. Does nothing if no other test has started it.
#[test]
fn child() {
    match std::env::var(desk::ROLE).as_deref() {
        Ok("killed") => killed::child(),
        Ok("one file") => one_file::child(),
        Ok("places") => places::child(),
        Ok("room") => room::child(),
        Ok("strikes") => told::striker(),
        Ok("asks") => told::asker(),
        Ok("trials") => trials::child(),
        Ok(role) => panic!("no child is called `{role}`"),
        Err(_) => {}
    }
}
