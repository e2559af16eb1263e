//! Checks that a [`Ledger`] keeps what planguard promises.
//!
//! Whoever writes one runs [`check`] in a test. It takes a function that opens
//! the store, each time as another process, or the same program after a
//! restart, would:
//!
//! ```
//! use planguard::{ledger::FileLedger, sim::conformance};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), conformance::Failure> {
//! let folder = tempfile::tempdir().unwrap();
//! let place = folder.path().join("ledger.jsonl");
//! let report = conformance::check(async || FileLedger::open(&place).unwrap()).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! For a store that lives in the process, that is another clone of it:
//!
//! ```
//! # use planguard::{ledger::MemoryLedger, sim::conformance};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), conformance::Failure> {
//! let ledger = MemoryLedger::new();
//! conformance::check(async || ledger.clone()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each run makes up accounts and halts of its own, so the store may have held
//! others before; it leaves about 130 accounts in it. Use a store of your tests
//! all the same, since other accounts' halts are read too.
//!
//! | check | what holds |
//! |---|---|
//! | `tells_its_place` | place and release command are for people |
//! | `folds_each_entry` | every kind of entry is folded as [`Record::fold`](crate::ledger::Record::fold) does |
//! | `keeps_it_when_reopened` | what was answered with `Ok` is there after a restart |
//! | `writes_before_it_answers` | and is there for others at once |
//! | `opening_releases_nothing` | no opening, and no time that has passed, changes a record |
//! | `compares_the_epoch` | an entry against another epoch is a [`Conflict`](crate::ledger::LedgerError::Conflict), and changes nothing |
//! | `takes_what_holds_in_any_epoch` | a hit, an observation and a notice are no conflict |
//! | `releases_the_named_halt_alone` | strikes, other halts and other accounts stay |
//! | `refuses_a_stale_id` | a halt that is over or unknown is not released, and the open one is named |
//! | `obeys_the_rules_of_release` | last chance, and no two releases by a script within 10 minutes |
//! | `lends_a_trial_that_is_due` | not before its time, and of no other halt |
//! | `lends_a_trial_to_one_holder` | of many who ask at once |
//! | `takes_a_trial_back_from_its_holder` | and from nobody else |
//! | `sees_what_others_write` | [`changed`](Ledger::changed) says so after any write by another |
//! | `loses_nothing_in_a_crowd` | many who write at once through several handles |
//! | `lists_every_account` | with its record |
//! | `keeps_any_text` | in names, notes, ids and messages, and 1 MiB of it |
//! | `keeps_any_number` | up to the largest, and times that run backwards |
//!
//! The suite has four ledgers that break a promise each, in [`broken`]: they
//! have to fail it, and they show what a failure looks like. It cannot see all
//! that a store may do wrong: whether the disk has what `fsync` was told, say.

pub mod broken;
mod crowd;
mod desk;
mod epochs;
mod kept;
mod leases;
mod releases;
mod report;
mod texts;

use self::desk::Desk;
pub use self::report::{Failure, Report};
use crate::ledger::Ledger;

/// Puts the ledger that `open` opens to every check.
///
/// `open` has to open the same store each time. Needs a tokio runtime with
/// time enabled; takes about 300 writes.
///
/// # Errors
///
/// The first check that fails, with what it expected.
pub async fn check<L: Ledger>(open: impl AsyncFn() -> L) -> Result<Report, Failure> {
    let desk = Desk::new(&open);
    let mut report = Report::default();
    report.heard("tells_its_place", kept::place(&desk).await)?;
    report.heard("folds_each_entry", kept::folded(&desk).await)?;
    report.heard("keeps_it_when_reopened", kept::reopened(&desk).await)?;
    report.heard("writes_before_it_answers", kept::written(&desk).await)?;
    report.heard("opening_releases_nothing", kept::opened(&desk).await)?;
    report.heard("compares_the_epoch", epochs::compared(&desk).await)?;
    report.heard("takes_what_holds_in_any_epoch", epochs::any(&desk).await)?;
    report.heard("releases_the_named_halt_alone", releases::named(&desk).await)?;
    report.heard("refuses_a_stale_id", releases::stale(&desk).await)?;
    report.heard("obeys_the_rules_of_release", releases::rules(&desk).await)?;
    report.heard("lends_a_trial_that_is_due", leases::due(&desk).await)?;
    report.heard("lends_a_trial_to_one_holder", leases::one_holder(&desk).await)?;
    report.heard("takes_a_trial_back_from_its_holder", leases::back(&desk).await)?;
    report.heard("sees_what_others_write", crowd::seen(&desk).await)?;
    report.heard("loses_nothing_in_a_crowd", crowd::at_once(&desk).await)?;
    report.heard("lists_every_account", crowd::listed(&desk).await)?;
    report.heard("keeps_any_text", texts::any(&desk).await)?;
    report.heard("keeps_any_number", texts::numbers(&desk).await)?;
    Ok(report)
}
