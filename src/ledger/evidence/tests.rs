//! Evidence outlives its halt, the process and the file that it stood in, and
//! stays within its bound.

use super::super::{
    Acknowledgement, EVIDENCE_KEPT, Entry, Fact, FileLedger, Halt, HaltKind, KeptSignal, Ledger,
    Phase, Record,
};
use super::*;
use crate::{
    account::Account,
    signal::{Certainty, Class, Reach},
};

fn evidence(at: Millis, message: &str) -> Arc<Evidence> {
    let mut signal = Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429);
    signal.code = Some("1313".into());
    signal.message = message.into();
    let mut evidence = Evidence::new(at, "zai", signal);
    evidence.place = Some(Place::new("api.z.ai", "/api/coding", "openai", true));
    evidence.model = Some("glm-5.2".into());
    evidence.user_agent = Some("a-tool/1.0".into());
    evidence.verdict = Some(Workload::Unclear);
    evidence.features = vec![Feature { name: "tools".into(), weight: -3 }];
    evidence.declaration = Some(Workload::Coding);
    evidence.pace = Some(Pace { minutes: vec![3; 10], parallel: 2, ..Pace::default() });
    evidence.posture = Some("probation".into());
    evidence.version = Some("0.1.0".into());
    Arc::new(evidence)
}

fn halted(id: &str, strike: Strike, evidence: Arc<Evidence>) -> Entry {
    let at = evidence.at;
    let halt = Halt {
        id: id.to_owned(),
        kind: HaltKind::Latch,
        reach: Reach::Plan,
        endpoint: 0,
        signal: Some(KeptSignal(Box::new(evidence.signal.clone()))),
        by: None,
        strike: Some(strike),
        since: at,
        epoch: 0,
        hits: 1,
        phase: Phase::Latched,
        pause_ms: 0,
        longest_ms: 0,
        dead_leases: 0,
        in_flight: 0,
        evidence: vec![KeptEvidence::new(id, strike, evidence)],
    };
    Entry::new(at, Fact::Halted { halt: Box::new(halt) })
}

fn released(id: &str, at: Millis) -> Entry {
    let by = Person::new("Ada", "stopped the batch job");
    Entry::new(at, Fact::Acknowledged { halt: id.into(), by })
}

fn ended(id: &str, at: Millis) -> Entry {
    Entry::new(at, Fact::Ended { halt: id.into(), how: Ended::Expired })
}

fn folded(entries: &[Entry]) -> Record {
    let mut record = Record::default();
    entries.iter().for_each(|entry| record.fold(entry));
    record
}

fn again<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn evidence_survives_the_release_of_its_halt_and_a_restart() {
    let kept = evidence(7, "the provider's own words");
    let entries = [halted("h-a", Strike::Confirmed, kept.clone()), released("h-a", 9)];
    let record = again(&folded(&again(&entries.to_vec())));
    let piece = record.evidence_of("h-a").next().unwrap();
    assert_eq!((&piece.evidence, piece.strike), (&kept, Strike::Confirmed));
    let over = piece.over.as_ref().unwrap();
    assert_eq!((over.at, over.by.as_ref().unwrap().name.as_str()), (9, "Ada"));
    assert_eq!(record, folded(&entries));
}

#[test]
fn what_a_person_did_outlives_the_list_of_halts_that_are_over() {
    let mut entries =
        vec![halted("h-a", Strike::Confirmed, evidence(1, "words")), released("h-a", 2)];
    for n in 0..50 {
        let Fact::Halted { mut halt } = halted("h", Strike::Suspected, evidence(3, "")).fact else {
            unreachable!()
        };
        (halt.id, halt.strike, halt.evidence) = (format!("h-hold-{n}"), None, Vec::new());
        entries.push(Entry::new(3, Fact::Halted { halt }));
        entries.push(ended(&format!("h-hold-{n}"), 4));
    }
    let record = folded(&entries);
    assert!(!record.knows("h-a"), "the hold that ended last have come over it");
    let over = record.evidence_of("h-a").next().unwrap().over.clone().unwrap();
    assert_eq!(over.by.unwrap().note, "stopped the batch job");
}

#[test]
fn a_record_keeps_no_evidence_twice() {
    let entry = halted("h-a", Strike::Confirmed, evidence(1, "words"));
    let record = folded(&[entry.clone(), entry]);
    assert_eq!(record.evidence.len(), 1);
    assert!(record.halts.iter().all(|halt| halt.evidence.is_empty()));
}

#[test]
fn a_halt_that_becomes_graver_keeps_the_evidence_of_both_answers() {
    let first = halted("h-a", Strike::Suspected, evidence(1, "too many at once"));
    let Fact::Halted { halt } = halted("h-a", Strike::Confirmed, evidence(2, "a violation")).fact
    else {
        unreachable!()
    };
    let record = folded(&[first, Entry::new(2, Fact::Raised { halt })]);
    let kept: Vec<_> = record.evidence_of("h-a").map(|k| (k.strike, k.evidence.at)).collect();
    assert_eq!(kept, [(Strike::Suspected, 1), (Strike::Confirmed, 2)]);
    assert_eq!((record.strikes.confirmed, record.strikes.suspected), (1, 0));
}

#[test]
fn beyond_the_bound_the_oldest_suspected_strike_goes_first() {
    let mut entries = vec![halted("h-first", Strike::Confirmed, evidence(0, "confirmed"))];
    for n in 0..1_000 {
        entries.push(halted(&format!("h-{n}"), Strike::Suspected, evidence(n, "suspected")));
    }
    let record = folded(&entries);
    assert_eq!(record.evidence.len(), EVIDENCE_KEPT);
    assert!(record.evidence_of("h-first").next().is_some());
    assert!(record.evidence_of("h-999").next().is_some());
    for n in 0..1_000 {
        entries.push(halted(&format!("h-c{n}"), Strike::Confirmed, evidence(n, "confirmed")));
    }
    let record = folded(&entries);
    assert_eq!(record.evidence.len(), EVIDENCE_KEPT);
    assert!(record.evidence.iter().all(|kept| kept.strike == Strike::Confirmed));
    assert!(record.evidence_of("h-first").next().is_none(), "the oldest of the confirmed ones");
}

#[test]
fn two_records_together_keep_the_evidence_of_both_once() {
    let [a, b, c] = [("h-a", 1), ("h-b", 2), ("h-c", 3)]
        .map(|(id, at)| halted(id, Strike::Confirmed, evidence(at, "words")));
    let one = folded(&[c, a.clone()]);
    let other = folded(&[a, b, released("h-a", 9)]);
    let both = joined(&one.evidence, &other.evidence);
    let told: Vec<_> = both.iter().map(|k| (k.halt.as_str(), k.over.is_some())).collect();
    assert_eq!(told, [("h-a", true), ("h-b", false), ("h-c", false)]);
    let many: Vec<_> = (0..100).map(|at| evidence(at, "words")).collect();
    let many: Vec<_> =
        many.into_iter().map(|e| KeptEvidence::new("h", Strike::Suspected, e)).collect();
    assert_eq!(joined(&many, &both).len(), EVIDENCE_KEPT);
}

#[test]
fn a_record_from_before_there_was_evidence_is_read() {
    let mut old = serde_json::to_value(folded(&[
        halted("h-a", Strike::Confirmed, evidence(1, "words")),
        released("h-a", 2),
    ]))
    .unwrap();
    old.as_object_mut().unwrap().remove("evidence").unwrap();
    let read: Record = serde_json::from_value(old).unwrap();
    assert_eq!((read.evidence.len(), read.released.len()), (0, 1));
    let bare = r#"{"halt":"h-a","strike":"confirmed","evidence":{"at":1,"profile":"zai","signal":
        {"class":"policy_violation","certainty":"confirmed","status":429}}}"#;
    let bare: KeptEvidence = serde_json::from_str(bare).unwrap();
    assert_eq!((bare.evidence.pace.clone(), bare.over), (None, None));
}

#[test]
fn the_fields_of_evidence_are_these() {
    let json = serde_json::to_value(&*evidence(1, "words")).unwrap();
    let mut keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "at",
        "declaration",
        "features",
        "model",
        "pace",
        "place",
        "posture",
        "profile",
        "signal",
        "user_agent",
        "verdict",
        "version",
    ];
    assert_eq!(keys, expected);
}

#[tokio::test]
async fn evidence_survives_a_file_that_is_written_anew() {
    let folder = std::env::temp_dir().join(format!("planguard-evidence-{}", std::process::id()));
    let path = folder.join("ledger.jsonl");
    let _ = std::fs::remove_dir_all(&folder);
    let ada = Account::named("zai", "ada");
    let (ledger, words) = (FileLedger::open(&path).unwrap(), "w".repeat(8 * 1024));
    let first = halted("h-a", Strike::Confirmed, evidence(1, &words));
    ledger.record(&ada, 0, first).await.unwrap();
    ledger.acknowledge("h-a", Acknowledgement::new(Person::new("Ada", "n"), 2)).await.unwrap();
    // Other accounts fill the file until it is written anew.
    let mut longest = 0;
    for n in 0.. {
        let other = Account::named("zai", &format!("other-{}", n % 4));
        let epoch = ledger.open(&other).await.unwrap().record.epoch;
        let entry = halted("h-x", Strike::Suspected, evidence(n, &words));
        ledger.record(&other, epoch, entry).await.unwrap();
        let epoch = ledger.open(&other).await.unwrap().record.epoch;
        ledger.record(&other, epoch, ended("h-x", n)).await.unwrap();
        let len = std::fs::metadata(&path).unwrap().len();
        if len < longest {
            break;
        }
        assert!(n < 2_000, "it was never written anew");
        longest = len;
    }
    let reopened = FileLedger::open(&path).unwrap();
    let record = reopened.open(&ada).await.unwrap().record;
    let piece = record.evidence_of("h-a").next().unwrap();
    assert_eq!(piece.evidence.signal.message, words);
    assert_eq!(piece.over.as_ref().unwrap().by.as_ref().unwrap().name, "Ada");
    std::fs::remove_dir_all(&folder).unwrap();
}
