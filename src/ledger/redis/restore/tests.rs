//! Nothing that is known is lost, and nothing that was released comes back.

use super::*;
use crate::ledger::{Entry, Fact, HaltKind, Person};

fn halt(id: &str, kind: &str) -> Fact {
    let halt = serde_json::json!({
        "id": id, "kind": kind, "reach": "plan", "endpoint": 0, "strike": "confirmed",
        "since": 1, "epoch": 0, "hits": 1, "phase": {"is": "latched"}, "pause_ms": 0,
        "longest_ms": 0
    });
    Fact::Halted { halt: Box::new(serde_json::from_value(halt).unwrap()) }
}

fn latch(id: &str) -> Fact {
    halt(id, "latch")
}

fn release(id: &str) -> Fact {
    Fact::Acknowledged { halt: id.to_owned(), by: Person::new("Ada", "mended it") }
}

/// One thing after the other, from `at` on.
fn after(mut record: Record, at: u64, facts: impl IntoIterator<Item = Fact>) -> Record {
    for (at, fact) in (at..).zip(facts) {
        record.fold(&Entry::new(at, fact));
    }
    record
}

fn folded(facts: impl IntoIterator<Item = Fact>) -> Record {
    after(Record::default(), 1, facts)
}

fn open(record: &Record) -> Vec<&str> {
    record.halts.iter().map(|halt| halt.id.as_str()).collect()
}

#[test]
fn a_record_that_is_as_new_or_newer_has_lost_nothing() {
    let here = folded([latch("h-a")]);
    assert!(!is_lost(&here, &here));
    assert!(!is_lost(&after(here.clone(), 9, [release("h-a")]), &here));
    assert!(!is_lost(&Record::default(), &Record::default()));
}

#[test]
fn an_older_record_or_another_history_of_the_same_length_has() {
    let here = folded([latch("h-a")]);
    assert!(is_lost(&Record::default(), &here));
    assert!(is_lost(&folded([latch("h-b")]), &here));
}

#[test]
fn what_is_lost_comes_back_with_its_strikes_above_all_revisions() {
    let here = folded([latch("h-a"), release("h-a"), latch("h-b")]);
    let record = restored(&Record::default(), &here);
    assert_eq!((open(&record), record.strikes), (vec!["h-b"], here.strikes));
    assert_eq!(record.released, here.released);
    assert!(record.revision > here.revision && record.epoch > here.epoch);
    assert!(!is_lost(&record, &here));
}

#[test]
fn what_either_side_has_released_stays_released() {
    let here = folded([latch("h-a"), latch("h-b"), release("h-a")]);
    // Another machine brought both back, and a person released the other one.
    let there = folded([latch("h-a"), release("h-b")]);
    let there = after(there, 9, [latch("h-b"), release("h-b")]);
    for record in [restored(&there, &here), restored(&here, &there)] {
        assert_eq!(open(&record), [""; 0]);
        assert_eq!(record.released.len(), 2);
    }
}

#[test]
fn halts_that_began_after_the_loss_count_beside_the_others() {
    let here = folded([latch("h-a"), release("h-a"), latch("h-b")]);
    let there = folded([latch("h-c")]);
    let record = restored(&there, &here);
    assert_eq!((open(&record), record.strikes.confirmed), (vec!["h-b", "h-c"], 3));
    // Once more changes nothing but the numbers.
    let again = restored(&record, &here);
    assert_eq!((&again.halts, again.strikes), (&record.halts, record.strikes));
}

#[test]
fn an_older_backup_does_not_count_its_strikes_twice() {
    let backup = folded([latch("h-a")]);
    let here = after(backup.clone(), 9, [latch("h-b")]);
    assert_eq!(restored(&backup, &here).strikes.confirmed, 2);
}

#[test]
fn the_graver_word_about_a_halt_counts() {
    let here = folded([halt("h-a", "probation"), Fact::NoticeShown]);
    let there = folded([latch("h-a")]);
    assert_eq!(restored(&there, &here).halts[0].kind, HaltKind::Latch);
    assert_eq!(restored(&here, &there).halts[0].kind, HaltKind::Latch);
}

#[test]
fn the_careful_side_of_everything_else() {
    let with = |slots, began, notice| Record {
        reduced_slots: slots,
        probation_began: began,
        notice_shown: notice,
        ..Record::default()
    };
    let record = restored(&with(Some(3), None, Some(1)), &with(Some(2), Some(5), None));
    assert_eq!(
        (record.reduced_slots, record.probation_began, record.notice_shown),
        (Some(2), Some(5), Some(1))
    );
}

#[test]
fn no_more_releases_are_remembered_than_a_record_does() {
    let many = |from: u32| {
        folded((from..from + 8).flat_map(|i| {
            let id = format!("h-{i}");
            [latch(&id), release(&id)]
        }))
    };
    let record = restored(&many(0), &many(100));
    assert_eq!(record.released.len(), RELEASED_KEPT);
}

#[test]
fn the_largest_numbers_stay_where_they_are() {
    let largest = Record { revision: u64::MAX, epoch: u64::MAX, ..Record::default() };
    let record = restored(&Record::default(), &largest);
    assert_eq!((record.revision, record.epoch), (u64::MAX, u64::MAX));
}
