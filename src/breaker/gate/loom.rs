//! Every order in which threads can meet at the gate, by loom:
//! `RUSTFLAGS="--cfg planguard_loom" cargo test --lib loom`.

use std::task::{Context, Poll, Wake, Waker};

use ::loom::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::*;
use crate::{
    breaker::{Disposition, standing::Struck},
    signal::{Certainty, Class, Signal},
};

const NOW: Millis = 1_000_000;
const CODING: Ask = Ask { endpoint: 0, plan: true, may_test: true };

/// Remembers that it was woken.
#[derive(Default)]
struct Bell(std::sync::atomic::AtomicBool);

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Bell {
    fn rang(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

fn gate(unanswered: u32) -> Arc<Gate> {
    Arc::new(Gate::new(Limits { unanswered, ..Limits::default() }))
}

fn admit(gate: &Gate) -> Admit {
    let pass = gate.admit_open(CODING, NOW);
    pass.map_or_else(|| gate.admit(CODING, NOW, &mut Writes::new()), Admit::Go)
}

fn go(gate: &Gate) -> Pass {
    match admit(gate) {
        Admit::Go(pass) => pass,
        other => panic!("not admitted: {other:?}"),
    }
}

fn end(gate: &Gate, pass: Pass) {
    if gate.over(&pass) {
        gate.move_on(NOW, &mut Writes::new());
    }
}

fn enqueue(gate: &Gate) -> u64 {
    match gate.enqueue(CODING, NOW, &mut Writes::new()) {
        Place::Taken(id) => id,
        Place::Full => panic!("the queue is full"),
    }
}

fn look(gate: &Gate, id: u64, bell: &std::sync::Arc<Bell>) -> Poll<Waited> {
    let waker = Waker::from(bell.clone());
    gate.poll_turn(id, &mut Context::from_waker(&waker))
}

fn strike(gate: &Gate, pass: &Pass) {
    let struck = Struck {
        ticket: pass.ticket,
        endpoint: 0,
        plan: true,
        signal: Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429),
        disposition: Disposition::of(Class::PolicyViolation),
        id: "h-x".to_owned(),
        evidence: None,
    };
    gate.with(NOW, &mut Writes::new(), |state, news| {
        state.act(news, |standing, writes| standing.signal(&struck, NOW, writes))
    });
}

#[test]
fn nothing_is_admitted_after_a_signal_was_taken_in() {
    ::loom::model(|| {
        let (gate, told) = (gate(3), Arc::new(AtomicBool::new(false)));
        let pass = go(&gate);
        let striker = thread::spawn({
            let (gate, told) = (gate.clone(), told.clone());
            move || {
                strike(&gate, &pass);
                told.store(true, Ordering::SeqCst);
            }
        });
        let asker = thread::spawn({
            let (gate, told) = (gate.clone(), told.clone());
            move || {
                let after = told.load(Ordering::SeqCst);
                let admitted = matches!(admit(&gate), Admit::Go(_));
                assert!(!(after && admitted));
            }
        });
        striker.join().unwrap();
        asker.join().unwrap();
        assert!(matches!(admit(&gate), Admit::Refuse { .. }));
    });
}

#[test]
fn no_turn_is_given_after_a_signal_was_taken_in() {
    ::loom::model(|| {
        let (gate, told) = (gate(2), Arc::new(AtomicBool::new(false)));
        let (one, two) = (go(&gate), go(&gate));
        let (id, bell) = (enqueue(&gate), std::sync::Arc::default());
        assert_eq!(look(&gate, id, &bell), Poll::Pending);
        let striker = thread::spawn({
            let (gate, told) = (gate.clone(), told.clone());
            move || {
                strike(&gate, &one);
                told.store(true, Ordering::SeqCst);
            }
        });
        let ender = thread::spawn({
            let gate = gate.clone();
            move || end(&gate, two)
        });
        let after = told.load(Ordering::SeqCst);
        let granted = matches!(look(&gate, id, &bell), Poll::Ready(Waited::Granted(_)));
        assert!(!(after && granted));
        striker.join().unwrap();
        ender.join().unwrap();
        assert!(granted || bell.rang());
    });
}

#[test]
fn no_wake_up_is_lost_between_an_end_and_a_wait() {
    ::loom::model(|| {
        let gate = gate(1);
        let pass = go(&gate);
        let ender = thread::spawn({
            let gate = gate.clone();
            move || end(&gate, pass)
        });
        let bell = std::sync::Arc::default();
        let pass = match admit(&gate) {
            Admit::Go(pass) => pass,
            _ => {
                let id = enqueue(&gate);
                let first = look(&gate, id, &bell);
                ender.join().unwrap();
                let turn = if first.is_pending() {
                    assert!(bell.rang());
                    look(&gate, id, &bell)
                } else {
                    first
                };
                let Poll::Ready(Waited::Granted(pass)) = turn else { panic!("{turn:?}") };
                return end(&gate, pass);
            }
        };
        ender.join().unwrap();
        end(&gate, pass);
    });
}

#[test]
fn no_slot_is_lost_between_a_grant_and_a_cancelled_wait() {
    ::loom::model(|| {
        let gate = gate(1);
        let pass = go(&gate);
        let (first, second) = (enqueue(&gate), enqueue(&gate));
        let (bells, other) = (std::sync::Arc::default(), std::sync::Arc::default());
        assert_eq!(look(&gate, first, &other), Poll::Pending);
        assert_eq!(look(&gate, second, &bells), Poll::Pending);
        let ender = thread::spawn({
            let gate = gate.clone();
            move || end(&gate, pass)
        });
        let leaver = thread::spawn({
            let gate = gate.clone();
            move || gate.leave(first, NOW, &mut Writes::new())
        });
        ender.join().unwrap();
        leaver.join().unwrap();
        assert!(bells.rang());
        let turn = look(&gate, second, &bells);
        let Poll::Ready(Waited::Granted(pass)) = turn else { panic!("{turn:?}") };
        end(&gate, pass);
        assert_eq!(gate.look(|s| (s.standing.in_flight(), s.waiting())), (0, 0));
    });
}
