//! Who waits is served in order, told of a halt, and never forgotten.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use proptest::prelude::*;

use super::*;
use crate::{
    breaker::{
        Disposition,
        outbox::{Outbox, Said},
        standing::Struck,
    },
    ledger::{Opened, Record},
    signal::{Certainty, Class, Signal},
};

const NOW: Millis = 1_000_000;
const CODING: Ask = Ask { endpoint: 0, plan: true, may_test: true };

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A call that stands in the queue.
struct Standby {
    id: u64,
    bell: Arc<Bell>,
    /// How often it was woken by its last look.
    heard: usize,
}

impl Standby {
    fn rings(&self) -> usize {
        self.bell.0.load(Ordering::Relaxed)
    }

    fn is_woken(&self) -> bool {
        self.rings() > self.heard
    }
}

fn gate(unanswered: u32) -> Gate {
    Gate::new(Limits { unanswered, ..Limits::default() })
}

fn admit(gate: &Gate) -> Admit {
    let pass = gate.admit_open(CODING, NOW);
    pass.map_or_else(|| gate.admit(CODING, NOW, &mut Writes::new()), Admit::Go)
}

#[track_caller]
fn go(gate: &Gate) -> Pass {
    match admit(gate) {
        Admit::Go(pass) => pass,
        other => panic!("not admitted: {other:?}"),
    }
}

fn answer(gate: &Gate, pass: &mut Pass) {
    if gate.answered(pass) {
        gate.move_on(NOW, &mut Writes::new());
    }
}

fn end(gate: &Gate, pass: Pass) {
    if gate.over(&pass) {
        gate.move_on(NOW, &mut Writes::new());
    }
}

fn enqueue(gate: &Gate) -> Standby {
    match gate.enqueue(CODING, NOW, &mut Writes::new()) {
        Place::Taken(id) => Standby { id, bell: Arc::default(), heard: 0 },
        Place::Full => panic!("the queue is full"),
    }
}

fn look(gate: &Gate, standby: &mut Standby) -> Poll<Waited> {
    standby.heard = standby.rings();
    let waker = Waker::from(standby.bell.clone());
    gate.poll_turn(standby.id, &mut Context::from_waker(&waker))
}

fn leave(gate: &Gate, standby: &Standby) {
    gate.leave(standby.id, NOW, &mut Writes::new());
}

fn strike(gate: &Gate, pass: &Pass, number: usize) {
    let struck = Struck {
        ticket: pass.ticket,
        endpoint: 0,
        plan: true,
        signal: Signal::new(Class::PolicyViolation, Certainty::Confirmed, 429),
        disposition: Disposition::of(Class::PolicyViolation),
        id: format!("h-{number}"),
        evidence: None,
    };
    gate.with(NOW, &mut Writes::new(), |state, news| {
        let said = Said::Signal(Box::new(struck.clone()));
        state.say(said, news, |standing, writes| standing.signal(&struck, NOW, writes))
    });
}

#[test]
fn who_waits_longest_goes_first() {
    let gate = gate(1);
    let mut out = go(&gate);
    assert_eq!(admit(&gate), Admit::Wait);
    let mut queue: Vec<_> = (0..5).map(|_| enqueue(&gate)).collect();
    for next in 0..5 {
        for standby in &mut queue[next..] {
            assert_eq!(look(&gate, standby), Poll::Pending);
        }
        end(&gate, out);
        let woken: Vec<_> = queue.iter().map(Standby::is_woken).collect();
        assert_eq!(woken.iter().position(|woken| *woken), Some(next));
        assert_eq!(woken.iter().filter(|woken| **woken).count(), 1);
        match look(&gate, &mut queue[next]) {
            Poll::Ready(Waited::Granted(pass)) => out = pass,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_comes_later_does_not_overtake_the_queue() {
    let gate = gate(1);
    let out = go(&gate);
    let mut first = enqueue(&gate);
    end(&gate, out);
    assert_eq!(admit(&gate), Admit::Wait);
    assert!(matches!(look(&gate, &mut first), Poll::Ready(Waited::Granted(_))));
}

#[test]
fn a_slot_that_is_free_by_then_is_given_on_entering_the_queue() {
    let gate = gate(1);
    let out = go(&gate);
    assert_eq!(admit(&gate), Admit::Wait);
    end(&gate, out);
    let mut standby = enqueue(&gate);
    assert!(matches!(look(&gate, &mut standby), Poll::Ready(Waited::Granted(_))));
}

#[test]
fn an_answer_frees_its_slot_before_its_body_ends() {
    let gate = gate(1);
    let mut out = go(&gate);
    let mut standby = enqueue(&gate);
    assert_eq!(look(&gate, &mut standby), Poll::Pending);
    if gate.answered(&mut out) {
        gate.move_on(NOW, &mut Writes::new());
    }
    assert!(matches!(look(&gate, &mut standby), Poll::Ready(Waited::Granted(_))));
}

#[test]
fn a_halt_tells_all_who_wait_to_ask_again_and_refuses_them() {
    let gate = gate(1);
    let out = go(&gate);
    let mut queue: Vec<_> = (0..5).map(|_| enqueue(&gate)).collect();
    for standby in &mut queue {
        assert_eq!(look(&gate, standby), Poll::Pending);
    }
    strike(&gate, &out, 0);
    for standby in &mut queue {
        assert!(standby.is_woken());
        assert_eq!(look(&gate, standby), Poll::Ready(Waited::AskAgain));
        assert!(matches!(admit(&gate), Admit::Refuse { .. }));
    }
    assert_eq!(gate.look(|state| state.waiting()), 0);
}

#[test]
fn a_halt_takes_back_what_was_given_and_not_yet_taken() {
    let gate = gate(2);
    let (one, two) = (go(&gate), go(&gate));
    let mut standby = enqueue(&gate);
    end(&gate, one);
    strike(&gate, &two, 0);
    assert_eq!(look(&gate, &mut standby), Poll::Ready(Waited::AskAgain));
    end(&gate, two);
    assert_eq!(gate.look(|s| (s.standing.unanswered(), s.standing.in_flight())), (0, 0));
}

#[test]
fn who_goes_away_gives_the_slot_on() {
    let gate = gate(1);
    let out = go(&gate);
    let (first, mut second) = (enqueue(&gate), enqueue(&gate));
    assert_eq!(look(&gate, &mut second), Poll::Pending);
    end(&gate, out);
    assert!(!second.is_woken());
    leave(&gate, &first);
    assert!(second.is_woken());
    assert!(matches!(look(&gate, &mut second), Poll::Ready(Waited::Granted(_))));
}

#[test]
fn the_queue_has_an_end() {
    let gate = gate(1);
    let out = go(&gate);
    let queue: Vec<_> = (0..QUEUE).map(|_| enqueue(&gate)).collect();
    assert_eq!(gate.enqueue(CODING, NOW, &mut Writes::new()), Place::Full);
    leave(&gate, &queue[500]);
    assert!(matches!(gate.enqueue(CODING, NOW, &mut Writes::new()), Place::Taken(_)));
    end(&gate, out);
}

#[test]
fn a_look_after_the_turn_was_taken_says_to_ask_again() {
    let gate = gate(1);
    let mut standby = enqueue(&gate);
    let Poll::Ready(Waited::Granted(pass)) = look(&gate, &mut standby) else { panic!() };
    assert_eq!(look(&gate, &mut standby), Poll::Ready(Waited::AskAgain));
    end(&gate, pass);
}

#[derive(Clone, Debug)]
enum Move {
    Ask,
    Look(usize),
    Leave(usize),
    Answer(usize),
    End(usize),
    Strike(usize),
    Acknowledge,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => Just(Move::Ask),
        4 => (0..8usize).prop_map(Move::Look),
        2 => (0..8usize).prop_map(Move::Leave),
        2 => (0..8usize).prop_map(Move::Answer),
        3 => (0..8usize).prop_map(Move::End),
        1 => (0..8usize).prop_map(Move::Strike),
        2 => Just(Move::Acknowledge),
    ]
}

/// A gate, the calls that are out, and those that wait.
struct Scene {
    gate: Gate,
    out: Vec<Pass>,
    queue: Vec<Standby>,
    strikes: usize,
}

impl Scene {
    fn play(&mut self, step: &Move) {
        let (out, queue) = (self.out.len(), self.queue.len());
        match *step {
            Move::Ask => match admit(&self.gate) {
                Admit::Go(pass) => self.out.push(pass),
                Admit::Wait => {
                    let mut standby = enqueue(&self.gate);
                    if !self.resolve(&mut standby) {
                        self.queue.push(standby);
                    }
                }
                _ => {}
            },
            Move::Look(i) if queue > 0 => {
                let mut standby = self.queue.remove(i % queue);
                if !self.resolve(&mut standby) {
                    self.queue.insert(i % queue, standby);
                }
            }
            Move::Leave(i) if queue > 0 => leave(&self.gate, &self.queue.remove(i % queue)),
            Move::Answer(i) if out > 0 => answer(&self.gate, &mut self.out[i % out]),
            Move::End(i) if out > 0 => end(&self.gate, self.out.remove(i % out)),
            Move::Strike(i) if out > 0 => {
                self.strikes += 1;
                strike(&self.gate, &self.out[i % out], self.strikes);
            }
            Move::Acknowledge => self.gate.with(NOW, &mut Writes::new(), |state, _| {
                let mut record = Record::default();
                record.epoch = state.standing.record().epoch + 1;
                record.revision = state.standing.record().revision + 1;
                state.outbox = Outbox::default();
                state.read(&Opened::new(record, 0));
            }),
            _ => {}
        }
    }

    fn resolve(&mut self, standby: &mut Standby) -> bool {
        match look(&self.gate, standby) {
            Poll::Pending => false,
            Poll::Ready(Waited::AskAgain) => true,
            Poll::Ready(Waited::Granted(pass)) => {
                self.out.push(pass);
                true
            }
        }
    }

    fn check(&self, slots: u32) {
        self.gate.look(|state| {
            let halted = !state.standing.record().halts.is_empty();
            assert!(state.standing.unanswered() <= slots);
            let mut turns = state.queue.iter();
            let waits = |waiter: &Waiter| matches!(waiter.turn, Turn::Waiting(_));
            // A waiter that was served stands before all that were not.
            assert!(turns.by_ref().skip_while(|w| !waits(w)).all(waits), "not in order");
            let waiting = state.queue.iter().filter(|waiter| waits(waiter)).count();
            assert!(waiting == 0 || !halted, "a call waits on a halted account");
            assert!(waiting == 0 || state.standing.unanswered() == slots, "a free slot waits");
            for waiter in state.queue.iter().filter(|waiter| !waits(waiter)) {
                let standby = self.queue.iter().find(|standby| standby.id == waiter.id).unwrap();
                assert!(standby.is_woken(), "served and not woken");
            }
            assert_eq!(state.queue.len(), self.queue.len());
        });
    }
}

proptest! {
    #[test]
    fn nobody_waits_for_nothing(
        moves in proptest::collection::vec(any_move(), 0..200),
        slots in 1..4u32,
    ) {
        let (out, queue) = (Vec::new(), Vec::new());
        let mut scene = Scene { gate: gate(slots), out, queue, strikes: 0 };
        for step in &moves {
            scene.play(step);
            scene.check(slots);
        }
        // All calls end, and all who wait get their turn.
        scene.play(&Move::Acknowledge);
        let mut left = 2_000;
        while !(scene.queue.is_empty() && scene.out.is_empty()) {
            scene.play(&Move::Look(0));
            scene.play(&Move::End(0));
            left -= 1;
            prop_assert!(left > 0, "some wait for ever");
        }
        let counts = scene.gate.look(|s| (s.standing.unanswered(), s.standing.in_flight()));
        prop_assert_eq!(counts, (0, 0));
    }
}
