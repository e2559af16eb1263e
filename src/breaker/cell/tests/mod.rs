//! What one process and its ledger tell each other, when the ledger is slow,
//! fails, forgets, or has heard of others in the meantime.

mod contradictions;
mod trials;
mod writes;

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
    exchange::{Exchange, Report},
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
            allowed: Vec::new(),
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
        self.cell.ended(pass, outcome);
    }

    /// The call of `pass` is answered with `class`; resolves when the ledger
    /// has that.
    fn strike(&self, pass: &Pass, class: Class) -> Option<Written> {
        let signal = Signal::new(class, Certainty::Confirmed, 429);
        let report = Report { signal, body: Bytes::new() };
        let (claim, sink) = (self.claim.clone(), self.cell.clone());
        Exchange::new(claim, account(), pass.ticket, sink).report(report);
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
