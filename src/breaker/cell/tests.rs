//! What one process and its ledger tell each other, when the ledger is slow,
//! fails, forgets, or has heard of others in the meantime.

use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::advance;

use super::*;
use crate::ledger::Fact;
use crate::{
    breaker::{
        Bus, Core, Dispositions, LedgerTrouble, StruckResponse, Unclaimed,
        standing::{Admit, Outcome},
    },
    clock::{ManualClock, TokioClock},
    exchange::{Report, SignalSink as _},
    ledger::{
        Halt, HaltKind, Ledger, MemoryLedger, Phase, Record, Strike, Writer, tricky::TrickyLedger,
    },
    profile::{Claim, Registry, zai},
    signal::{Certainty, Class, Signal},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const CODING: Ask = Ask { endpoint: 0, plan: true, may_test: true };

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// One process on `ledger`, and an account in it.
struct Process {
    core: Arc<Core>,
    cell: Arc<Cell>,
    claim: Claim,
}

impl Process {
    fn new(ledger: impl Ledger) -> Self {
        Self::with_clock(ledger, Arc::new(TokioClock::starting_at(start())))
    }

    fn with_clock(ledger: impl Ledger, clock: Arc<dyn crate::clock::Clock>) -> Self {
        let ledger: Arc<dyn Ledger> = Arc::new(ledger);
        let shared = Shared {
            clock,
            writer: Writer::new(ledger.clone()),
            ledger,
            bus: Bus::new(),
            dispositions: Dispositions::default(),
            limits: Limits::default(),
            trouble: LedgerTrouble::Refuse,
            struck: StruckResponse::Refuse,
            holder: "here".to_owned(),
            notice_told: true,
        };
        let profiles = vec![zai()];
        let registry = Registry::new(&profiles);
        let core = Core::new(shared, registry, profiles, None, None, Unclaimed::Pass);
        let cell = core.cell_of(&account()).unwrap();
        let claim = Claim::new(zai(), 0).unwrap();
        assert!(claim.is_plan());
        Self { core: Arc::new(core), cell, claim }
    }

    fn ask(&self) -> Admit {
        self.cell.act(|gate, now, news| gate.admit(CODING, now, news))
    }

    fn is_stopped(&self) -> bool {
        matches!(self.ask(), Admit::Refuse { .. })
    }

    #[track_caller]
    fn go(&self) -> Pass {
        match self.ask() {
            Admit::Go(pass) => pass,
            other => panic!("not admitted: {other:?}"),
        }
    }

    fn end(&self, pass: Pass, outcome: Outcome) {
        self.cell.act(|gate, now, news| gate.ended(pass, outcome, || now, news));
    }

    /// The call of `pass` is answered with `class`; resolves when the ledger
    /// has that.
    fn strike(&self, pass: &Pass, class: Class) -> Option<Written> {
        let signal = Signal::new(class, Certainty::Confirmed, 429);
        let report = Report { signal, body: Bytes::new() };
        self.cell.report(pass.ticket, &self.claim, &report);
        self.cell.verdict(pass.ticket.serial)?.written
    }

    fn record(&self) -> Record {
        self.cell.gate.look(|state| state.standing.record().clone())
    }

    fn owes_nothing(&self) -> bool {
        self.cell.gate.look(|state| state.outbox.is_empty())
    }

    /// What an admission does first.
    async fn refresh(&self, ledger: &impl Ledger) {
        self.cell.read(&ledger.open(&account()).await.unwrap());
    }
}

fn account() -> Account {
    Account::named("zai", "ada")
}

/// What another process wrote: a halt of `kind`.
fn halted(kind: HaltKind, class: Class) -> Entry {
    let at = to_millis(start());
    let phase = match kind {
        HaltKind::Hold => Phase::Held { until: at + 3_600_000, test: false },
        HaltKind::Probation => Phase::Cooling { until: at + 60_000 },
        _ => Phase::Latched,
    };
    let signal = Signal::new(class, Certainty::Confirmed, 429);
    let halt = serde_json::json!({
        "id": "h-other", "kind": kind, "reach": "plan", "endpoint": 0, "signal": signal,
        "strike": (kind != HaltKind::Hold).then_some("confirmed"), "since": at, "epoch": 0,
        "hits": 1, "phase": phase, "pause_ms": 60_000, "longest_ms": 900_000,
    });
    let halt: Halt = serde_json::from_value(halt).unwrap();
    Entry::new(at, Fact::Halted { halt: Box::new(halt) })
}

fn released() -> Entry {
    let by = Person::new("Ada", "read it");
    Entry::new(to_millis(start()), Fact::Acknowledged { halt: "h-other".into(), by })
}

fn names(facts: &[Fact]) -> Vec<&'static str> {
    let name = |fact: &Fact| match fact {
        Fact::Halted { .. } => "halted",
        Fact::Hit { .. } => "hit",
        Fact::Raised { .. } => "raised",
        Fact::Moved { .. } => "moved",
        Fact::GivenBack { .. } => "given back",
        Fact::Ended { .. } => "ended",
        _ => "other",
    };
    facts.iter().map(name).collect()
}

/// Lets everything that may run, run.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_answers_at_once_has_the_strike_in_the_same_poll() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    assert!(process.owes_nothing());
    assert_eq!(names(&ledger.written()), ["halted"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_ledger_has_the_strike_in_the_end_and_nothing_leaves_before() {
    let ledger = TrickyLedger::slow(10 * SECOND);
    let process = Process::new(ledger.clone());
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    for _ in 0..99 {
        assert!(process.is_stopped());
        assert!(ledger.record_of(&account()).await.halts.is_empty());
        advance(SECOND / 10).await;
    }
    advance(SECOND).await;
    written.await;
    assert_eq!(ledger.record_of(&account()).await, process.record());
    assert!(process.is_stopped() && process.owes_nothing());
}

#[tokio::test(start_paused = true)]
async fn a_failing_ledger_is_asked_again_until_it_has_the_strike() {
    let ledger = TrickyLedger::new();
    ledger.fail(3);
    let process = Process::new(ledger.clone());
    let mut events = process.core.shared.bus.subscribe();
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    written.await;
    assert!(ledger.written().is_empty(), "the caller hears of the first failure");
    for second in 0..7 {
        assert!(ledger.written().is_empty(), "after {second} s");
        assert!(process.is_stopped());
        advance(SECOND).await;
        settle().await;
    }
    assert_eq!(names(&ledger.written()), ["halted"]);
    let mut pauses = Vec::new();
    while let Some(event) = events.try_next() {
        if let What::LedgerTrouble { again_in, .. } = event.what {
            pauses.extend(again_in);
        }
    }
    assert_eq!(pauses, [SECOND, 2 * SECOND, 4 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn what_happens_in_an_order_is_written_in_that_order() {
    let ledger = TrickyLedger::slow(SECOND);
    let process = Process::new(ledger.clone());
    let calls = [process.go(), process.go(), process.go(), process.go()];
    let classes = [
        Class::QuotaExhausted,
        Class::PolicyThrottle,
        Class::PolicyThrottle,
        Class::PolicyViolation,
    ];
    for (pass, class) in calls.iter().zip(classes) {
        process.strike(pass, class);
    }
    let here = process.record();
    advance(30 * SECOND).await;
    settle().await;
    for _ in 0..10 {
        advance(SECOND).await;
        settle().await;
    }
    assert_eq!(names(&ledger.written()), ["halted", "halted", "hit", "raised"]);
    assert_eq!(ledger.record_of(&account()).await, here);
}

#[tokio::test(start_paused = true)]
async fn a_strike_beside_the_same_latch_of_another_process_is_its_sibling() {
    let ledger = TrickyLedger::slow(SECOND);
    ledger.intrude(halted(HaltKind::Latch, Class::PolicyViolation));
    let process = Process::new(ledger.clone());
    let pass = process.go();
    let written = process.strike(&pass, Class::PolicyViolation).unwrap();
    stays_stopped(&process, 30).await;
    written.await;
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.halts[0].hits), (1, 2));
    assert_eq!((record.halts[0].id.as_str(), record.strikes.confirmed), ("h-other", 1));
    assert_eq!(process.record(), record);
}

#[tokio::test(start_paused = true)]
async fn a_strike_beside_a_milder_halt_of_another_process_latches() {
    for kind in [HaltKind::Hold, HaltKind::Probation] {
        let ledger = TrickyLedger::slow(SECOND);
        ledger.intrude(halted(kind, Class::QuotaExhausted));
        let process = Process::new(ledger.clone());
        let pass = process.go();
        let written = process.strike(&pass, Class::PolicyViolation).unwrap();
        stays_stopped(&process, 30).await;
        written.await;
        let record = ledger.record_of(&account()).await;
        assert!(record.halts.iter().any(|halt| halt.kind == HaltKind::Latch), "{kind:?}");
        assert_eq!(record.strikes.confirmed, 1, "{kind:?}");
        assert_eq!(process.record(), record);
    }
}

#[tokio::test(start_paused = true)]
async fn the_late_sibling_of_a_latch_that_was_released_elsewhere_halts_nothing() {
    let ledger = TrickyLedger::new();
    ledger.intrude(halted(HaltKind::Latch, Class::PolicyViolation));
    ledger.intrude(released());
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.released[0].hits), (0, 2));
    process.end(pass, Outcome::Other);
    let _next = process.go();
}

#[tokio::test(start_paused = true)]
async fn many_contradictions_in_a_row_lose_no_strike() {
    let ledger = TrickyLedger::slow(SECOND);
    let process = Process::new(ledger.clone());
    let calls = [process.go(), process.go()];
    process.strike(&calls[0], Class::PolicyThrottle);
    process.strike(&calls[1], Class::PolicyViolation);
    for _ in 0..5 {
        ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
        ledger.intrude(released());
        stays_stopped(&process, 10).await;
    }
    stays_stopped(&process, 100).await;
    let record = ledger.record_of(&account()).await;
    assert_eq!(process.record(), record);
    let latch = record.halts.iter().find(|halt| halt.kind == HaltKind::Latch).unwrap();
    assert_eq!(latch.strike, Some(Strike::Confirmed));
    assert_eq!((record.strikes.confirmed, record.strikes.suspected), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_counts_one_strike() {
    let ledger = TrickyLedger::new();
    ledger.lose_answers(1);
    let process = Process::new(ledger.clone());
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    stays_stopped(&process, 30).await;
    let record = ledger.record_of(&account()).await;
    assert_eq!((record.halts.len(), record.halts[0].hits, record.strikes.confirmed), (1, 1, 1));
    assert!(process.owes_nothing());
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_forgets_opens_nothing_in_a_process_that_knows() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let (one, two) = (process.go(), process.go());
    process.strike(&one, Class::PolicyViolation);
    ledger.forget();
    process.refresh(&ledger).await;
    assert!(process.is_stopped());
    process.strike(&two, Class::AccountLocked);
    assert!(process.is_stopped());
    stays_stopped(&process, 30).await;
    let record = ledger.record_of(&account()).await;
    assert!(record.halts.iter().any(|halt| halt.kind == HaltKind::Latch));
}

#[tokio::test(start_paused = true)]
async fn a_persons_halt_outlives_a_contradiction() {
    let ledger = TrickyLedger::slow(SECOND);
    ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
    let process = Process::new(ledger.clone());
    let (id, written) = process.cell.halt_by(Person::new("Ada", "holiday"));
    stays_stopped(&process, 30).await;
    written.await;
    let record = ledger.record_of(&account()).await;
    assert_eq!(record.halt(&id).unwrap().by.as_ref().unwrap().name, "Ada");
}

/// A process whose probation is due for its trial, which is then lent.
async fn on_trial(ledger: &TrickyLedger, process: &Process) -> Pass {
    let calls = [process.go(), process.go()];
    process.strike(&calls[0], Class::PolicyThrottle);
    for pass in calls {
        process.end(pass, Outcome::Other);
    }
    advance(MINUTE).await;
    settle().await;
    let Admit::Lease(halt) = process.ask() else { panic!("no trial is due") };
    let trial = Trial { halt, holder: "here-1".to_owned() };
    let now = process.cell.now();
    let lease = crate::ledger::Lease::new(&trial.holder, now, now + 1_800_000);
    let opened = ledger.claim(&account(), &trial.halt, lease).await.unwrap();
    process.cell.lent(trial, &opened, CODING).expect("it is lent to us")
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_trial_outlives_a_contradiction() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    ledger.intrude(halted(HaltKind::Hold, Class::QuotaExhausted));
    process.end(trial, Outcome::Passed);
    settle().await;
    let record = ledger.record_of(&account()).await;
    let probation = record.halts.iter().find(|halt| halt.kind == HaltKind::Probation).unwrap();
    assert!(matches!(probation.phase, Phase::Watching { .. }), "{:?}", probation.phase);
    assert_eq!(process.record(), record);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_was_never_sent_is_given_back_to_all() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    process.end(trial, Outcome::NeverSent);
    let record = ledger.record_of(&account()).await;
    assert!(matches!(record.halts[0].phase, Phase::Cooling { .. }));
    assert_eq!(names(&ledger.written()).last(), Some(&"given back"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_heard_of_is_given_back() {
    let ledger = TrickyLedger::new();
    let process = Process::new(ledger.clone());
    let trial = on_trial(&ledger, &process).await;
    process.end(trial, Outcome::NeverSent);
    let Admit::Lease(halt) = process.ask() else { panic!("no trial is due") };
    let trial = Trial { halt, holder: "here-2".to_owned() };
    let now = process.cell.now();
    let lease = crate::ledger::Lease::new(&trial.holder, now, now + 1_800_000);
    ledger.claim(&account(), &trial.halt, lease).await.unwrap();
    process.cell.give_back(trial);
    settle().await;
    let record = ledger.record_of(&account()).await;
    assert!(matches!(record.halts[0].phase, Phase::Cooling { .. }));
    assert_eq!(process.record(), record);
    assert!(matches!(process.ask(), Admit::Lease(_)));
}

#[test]
fn a_runtime_that_goes_away_in_a_write_leaves_it_to_a_thread() {
    let ledger = TrickyLedger::stuck();
    let told = ledger.listen();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pass = process.go();
        process.strike(&pass, Class::PolicyViolation);
        settle().await;
    });
    assert!(ledger.written().is_empty());
    drop(runtime);
    assert!(process.is_stopped());
    ledger.let_through();
    let fact = told.recv_timeout(MINUTE).expect("it is written");
    assert_eq!(names(&[fact]), ["halted"]);
}

#[test]
fn a_strike_outside_of_any_runtime_is_written_on_a_thread() {
    let ledger = TrickyLedger::new();
    let told = ledger.listen();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let pass = process.go();
    process.strike(&pass, Class::PolicyViolation);
    assert!(process.is_stopped());
    let fact = told.recv_timeout(MINUTE).expect("it is written");
    assert_eq!(names(&[fact]), ["halted"]);
}

#[test]
fn strikes_of_many_threads_keep_their_order() {
    let ledger = MemoryLedger::new();
    let clock = Arc::new(ManualClock::new(start()));
    let process = Process::with_clock(ledger.clone(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls: Vec<_> = (0..4).map(|_| process.go()).collect();
    let process = &process;
    std::thread::scope(|scope| {
        for pass in &calls {
            let handle = runtime.handle().clone();
            scope.spawn(move || {
                let _in = handle.enter();
                process.strike(pass, Class::PolicyViolation);
            });
        }
    });
    let record = runtime.block_on(ledger.open(&account())).unwrap().record;
    assert_eq!((record.halts.len(), record.halts[0].hits, record.strikes.confirmed), (1, 4, 1));
    assert_eq!(process.record(), record);
}

/// Nothing leaves, in steps of a tenth of a second.
async fn stays_stopped(process: &Process, tenths: u32) {
    for tenth in 0..tenths {
        assert!(process.is_stopped(), "open after {tenth} tenths of a second");
        settle().await;
        advance(SECOND / 10).await;
        assert!(process.is_stopped(), "open after {tenth} tenths of a second");
    }
    settle().await;
}
