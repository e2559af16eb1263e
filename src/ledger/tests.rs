//! Folding is the same everywhere, compare-and-set holds, and JSON keeps all.

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;
use crate::signal::{Certainty, Class, Reach, Reset, ResetSource, Signal};

fn ids() -> impl Strategy<Value = String> {
    (0..4u8).prop_map(|id| format!("h-{id}"))
}

fn holders() -> impl Strategy<Value = String> {
    (0..2u8).prop_map(|holder| format!("p{holder}"))
}

/// Mostly small, now and then as large as a hostile file can hold.
fn numbers() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..1_000u64, 1 => Just(u64::MAX)]
}

fn kinds() -> impl Strategy<Value = HaltKind> {
    prop_oneof![Just(HaltKind::Hold), Just(HaltKind::Probation), Just(HaltKind::Latch)]
}

fn strikes() -> impl Strategy<Value = Option<Strike>> {
    prop_oneof![Just(None), Just(Some(Strike::Suspected)), Just(Some(Strike::Confirmed))]
}

fn phases() -> impl Strategy<Value = Phase> {
    prop_oneof![
        Just(Phase::Latched),
        (numbers(), any::<bool>()).prop_map(|(until, test)| Phase::Held { until, test }),
        numbers().prop_map(|until| Phase::Cooling { until }),
        (holders(), numbers()).prop_map(|(holder, until)| Phase::Trial { holder, until }),
        numbers().prop_map(|since| Phase::Watching { since }),
    ]
}

fn signals() -> impl Strategy<Value = Signal> {
    let class = proptest::sample::select(Class::ALL.as_slice());
    (class, "\\PC{0,8}", any::<Option<u32>>(), any::<bool>()).prop_map(
        |(class, message, reset, rule)| {
            let mut signal = Signal::new(class, Certainty::Confirmed, 429);
            signal.code = Some("1302".into());
            signal.message = message;
            signal.reset = reset.map(|secs| {
                Reset::new(crate::clock::from_millis(u64::from(secs) * 1_000), ResetSource::Body)
            });
            signal.rule = rule.then(|| "throttle".into());
            signal.reach = rule.then_some(Reach::Plan);
            signal
        },
    )
}

fn people() -> impl Strategy<Value = Person> {
    ("\\PC{0,8}", "\\PC{0,8}").prop_map(|(name, note)| Person::new(name, note))
}

fn halts() -> impl Strategy<Value = Halt> {
    let signal = proptest::option::of(signals());
    let place =
        (0..3u16, prop_oneof![Just(Reach::Endpoint), Just(Reach::Plan), Just(Reach::Profile)]);
    let counts = (numbers(), any::<u32>(), any::<u32>(), any::<u32>());
    (ids(), kinds(), place, signal, proptest::option::of(people()), strikes(), phases(), counts)
        .prop_map(|(id, kind, (endpoint, reach), signal, by, strike, phase, counts)| Halt {
            id,
            kind,
            reach,
            endpoint,
            signal: signal.map(|signal| KeptSignal(Box::new(signal))),
            by,
            strike,
            since: counts.0,
            epoch: counts.0,
            hits: counts.1,
            phase,
            pause_ms: counts.0,
            longest_ms: counts.0,
            dead_leases: counts.2,
            in_flight: counts.3,
            evidence: Vec::new(),
        })
}

fn facts() -> impl Strategy<Value = Fact> {
    prop_oneof![
        4 => halts().prop_map(|halt| Fact::Halted { halt: Box::new(halt) }),
        2 => halts().prop_map(|halt| Fact::Raised { halt: Box::new(halt) }),
        2 => ids().prop_map(|halt| Fact::Hit { halt }),
        2 => (ids(), phases(), numbers(), any::<u32>()).prop_map(
            |(halt, phase, pause_ms, dead_leases)| Fact::Moved { halt, phase, pause_ms, dead_leases }
        ),
        1 => (ids(), holders()).prop_map(|(halt, holder)| Fact::GivenBack { halt, holder }),
        1 => (ids(), any::<bool>()).prop_map(|(halt, passed)| Fact::Ended {
            halt,
            how: if passed { Ended::Passed } else { Ended::Expired },
        }),
        2 => (ids(), people()).prop_map(|(halt, by)| Fact::Acknowledged { halt, by }),
        1 => signals().prop_map(|signal| Fact::Observed { signal: Box::new(signal) }),
        1 => Just(Fact::NoticeShown),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    (numbers(), facts()).prop_map(|(at, fact)| Entry::new(at, fact))
}

fn folded<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Record {
    let mut record = Record::default();
    entries.into_iter().for_each(|entry| record.fold(entry));
    record
}

fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// What a call of the memory ledger answers at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("memory answers at once")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_process_folds_the_same_record(entries in proptest::collection::vec(entries(), 0..30)) {
        let record = folded(&entries);
        let read: Vec<Entry> = entries.iter().map(again).collect();
        prop_assert_eq!(&read, &entries);
        prop_assert_eq!(&folded(&read), &record);
        prop_assert_eq!(record.revision, entries.len() as u64);
    }

    #[test]
    fn a_record_goes_through_json_and_on(
        before in proptest::collection::vec(entries(), 0..20),
        after in proptest::collection::vec(entries(), 0..20),
    ) {
        let mut record = folded(&before);
        let mut read: Record = again(&record);
        prop_assert_eq!(&read, &record);
        for entry in &after {
            record.fold(entry);
            read.fold(entry);
        }
        prop_assert_eq!(read, record);
    }

    #[test]
    fn an_entry_about_an_unknown_halt_changes_no_halt(entry in entries()) {
        let opens = matches!(entry.fact, Fact::Halted { .. });
        let record = folded([&entry]);
        prop_assert_eq!(record.halts.len(), usize::from(opens));
        prop_assert!(record.released.is_empty());
    }

    #[test]
    fn a_record_remembers_a_bounded_past(entries in proptest::collection::vec(entries(), 0..60)) {
        prop_assert!(folded(&entries).released.len() <= 8);
    }

    #[test]
    fn memory_writes_against_the_epoch_that_it_has_and_no_other(
        entries in proptest::collection::vec((entries(), 0..3u64), 0..30),
    ) {
        let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
        let mut record = Record::default();
        let mut version = now(ledger.open(&account)).unwrap().version;
        for (entry, off) in entries {
            let fits = off == 0 || !entry.fact.needs_epoch();
            let answer = now(ledger.record(&account, record.epoch + off, entry.clone()));
            if fits {
                record.fold(&entry);
                prop_assert!(matches!(ledger.changed(&account, version), Changed::Yes));
                version = answer.as_ref().unwrap().version;
                prop_assert_eq!(&answer.unwrap().record, &record);
            } else {
                let Err(LedgerError::Conflict(opened)) = answer else { panic!("{answer:?}") };
                prop_assert_eq!(&opened.record, &record);
            }
            prop_assert!(matches!(ledger.changed(&account, version), Changed::No));
        }
        prop_assert_eq!(now(ledger.open(&account)).unwrap().record, record);
    }

    #[test]
    fn memory_lends_a_trial_that_is_due_to_one_holder(
        before in proptest::collection::vec(entries(), 0..20),
        at in numbers(),
    ) {
        let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
        for entry in before {
            let epoch = now(ledger.open(&account)).unwrap().record.epoch;
            now(ledger.record(&account, epoch, entry)).unwrap();
        }
        let record = now(ledger.open(&account)).unwrap().record;
        for id in ["h-0", "h-1", "h-2", "h-3"] {
            // The first of that name is the one that is meant.
            let due = record.halt(id).is_some_and(|halt| match halt.phase {
                Phase::Cooling { until } | Phase::Held { until, test: true } => until <= at,
                _ => false,
            });
            let lease = |holder: &str| Lease::new(holder, at, u64::MAX);
            let first = now(ledger.claim(&account, id, lease("one")));
            prop_assert_eq!(first.is_ok(), due);
            prop_assert!(now(ledger.claim(&account, id, lease("two"))).is_err());
            prop_assert!(now(ledger.release(&account, id, lease("two"))).is_err());
            prop_assert_eq!(now(ledger.release(&account, id, lease("one"))).is_ok(), due);
        }
    }
}

fn halt(id: &str) -> Entry {
    let halt = Halt {
        id: id.to_owned(),
        kind: HaltKind::Latch,
        reach: Reach::Plan,
        endpoint: 0,
        signal: None,
        by: None,
        strike: Some(Strike::Confirmed),
        since: 1,
        epoch: 0,
        hits: 1,
        phase: Phase::Latched,
        pause_ms: 0,
        longest_ms: 0,
        dead_leases: 0,
        in_flight: 0,
        evidence: Vec::new(),
    };
    Entry::new(1, Fact::Halted { halt: Box::new(halt) })
}

#[test]
fn a_person_releases_the_halt_that_is_named_and_keeps_the_strike() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    now(ledger.record(&account, 0, halt("h-a"))).unwrap();
    now(ledger.record(&account, 1, halt("h-b"))).unwrap();
    let by = Person::new("Ada", "called them");
    let (whose, opened) =
        now(ledger.acknowledge("h-a", Acknowledgement::new(by.clone(), 9).last_chance())).unwrap();
    assert_eq!(whose, account);
    assert!(opened.record.halt("h-a").is_none() && opened.record.halt("h-b").is_some());
    assert_eq!(opened.record.released[0].by, Some(by));
    assert_eq!(opened.record.strikes.confirmed, 2);
}

#[test]
fn a_halt_that_nobody_has_is_not_released_and_the_open_ones_are_named() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    now(ledger.record(&account, 0, halt("h-a"))).unwrap();
    let error = now(ledger.acknowledge("h-x", word(9))).unwrap_err();
    assert_eq!(error.to_string(), "no open halt `h-x`; open now: h-a");
}

fn word(at: Millis) -> Acknowledgement {
    Acknowledgement::new(Person::new("Ada", "note"), at)
}

#[test]
fn a_halt_that_is_over_is_named_with_its_end() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    now(ledger.record(&account, 0, halt("h-a"))).unwrap();
    now(ledger.acknowledge("h-a", word(1_784_800_000_000))).unwrap();
    let error = now(ledger.acknowledge("h-a", word(1_784_800_000_000))).unwrap_err();
    let told = "no open halt `h-a`: Ada released it at 2026-07-23T09:46:40Z";
    assert_eq!(error.to_string(), told);
}

#[test]
fn after_the_second_strike_a_person_says_that_they_know() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    now(ledger.record(&account, 0, halt("h-a"))).unwrap();
    now(ledger.record(&account, 1, halt("h-b"))).unwrap();
    let error = now(ledger.acknowledge("h-b", word(9))).unwrap_err();
    assert!(matches!(error, LedgerError::LastChance { confirmed: 2, .. }), "{error}");
    assert!(now(ledger.open(&account)).unwrap().record.halt("h-b").is_some());
    now(ledger.acknowledge("h-b", word(9).last_chance())).unwrap();
}

#[test]
fn a_script_does_not_release_an_account_twice_within_ten_minutes() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    now(ledger.record(&account, 0, halt("h-a"))).unwrap();
    now(ledger.acknowledge("h-a", word(1_000).unattended())).unwrap();
    let epoch = now(ledger.open(&account)).unwrap().record.epoch;
    now(ledger.record(&account, epoch, halt("h-b"))).unwrap();
    let again = |at| now(ledger.acknowledge("h-b", word(at).last_chance().unattended()));
    assert!(matches!(again(600_999), Err(LedgerError::TooSoon { at: 1_000, .. })));
    // A clock that was set back is no way around it.
    assert!(matches!(again(0), Err(LedgerError::TooSoon { .. })));
    again(601_000).unwrap();
}

#[test]
fn a_refused_claim_leaves_no_account_behind() {
    let (ledger, account) = (MemoryLedger::new(), Account::named("zai", "ada"));
    assert!(now(ledger.claim(&account, "h-a", Lease::new("p", 1, 2))).is_err());
    assert_eq!(now(ledger.list()).unwrap(), []);
}

#[test]
fn no_number_of_a_hostile_store_overflows() {
    let mut record = folded([&halt("h-a")]);
    (record.epoch, record.revision) = (u64::MAX, u64::MAX);
    record.strikes.confirmed = u32::MAX;
    record.fold(&halt("h-b"));
    assert_eq!((record.epoch, record.strikes.confirmed), (u64::MAX, u32::MAX));
}

#[test]
fn an_entry_reads_as_one_flat_object() {
    let entry = Entry::new(7, Fact::Hit { halt: "h-a".into() });
    assert_eq!(serde_json::to_string(&entry).unwrap(), r#"{"at":7,"what":"hit","halt":"h-a"}"#);
    let notice = Entry::new(7, Fact::NoticeShown);
    assert_eq!(serde_json::to_string(&notice).unwrap(), r#"{"at":7,"what":"notice_shown"}"#);
}

#[test]
fn the_fields_of_a_record_are_these_and_no_credential() {
    let mut record = folded([&halt("h-a"), &halt("h-b")]);
    record
        .fold(&Entry::new(2, Fact::Acknowledged { halt: "h-a".into(), by: Person::new("A", "n") }));
    let json = serde_json::to_value(&record).unwrap();
    let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["epoch", "halts", "released", "revision", "strikes"]);
    let mut keys: Vec<_> =
        json["halts"][0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "dead_leases",
        "endpoint",
        "epoch",
        "hits",
        "id",
        "in_flight",
        "kind",
        "longest_ms",
        "pause_ms",
        "phase",
        "reach",
        "since",
        "strike",
    ];
    assert_eq!(keys, expected);
}
