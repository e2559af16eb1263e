use proptest::prelude::*;

use super::*;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const YEAR: Millis = 365 * 24 * HOUR;
/// On the hour.
const START: Millis = 500_000 * HOUR;

fn counted(times: impl IntoIterator<Item = Millis>) -> Meter {
    let mut meter = Meter::default();
    times.into_iter().for_each(|at| meter.count(at));
    meter
}

fn minutes(meter: &Meter, now: Millis) -> Vec<u32> {
    meter.read(now, 0, 0).minutes
}

#[test]
fn each_minute_is_counted_by_itself_the_present_one_first() {
    let meter = counted([0, 1, 59_999, 60_000, 3 * MINUTE].map(|after| START + after));
    assert_eq!(minutes(&meter, START + 3 * MINUTE), [1, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(minutes(&meter, START + 5 * MINUTE), [0, 0, 1, 0, 1, 3, 0, 0, 0, 0, 0]);
    assert_eq!(minutes(&meter, START + 13 * MINUTE), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(minutes(&meter, START + 14 * MINUTE), [0; 11]);
}

#[test]
fn an_hour_with_a_request_is_active_for_a_day() {
    let meter = counted([0, 1, 5, 23].map(|hours| START + hours * HOUR));
    let active = |hours| meter.read(START + hours * HOUR, 0, 0).hours_active;
    assert_eq!([23, 24, 25, 29, 46, 47].map(active), [4, 3, 2, 1, 1, 0]);
    assert_eq!(counted((0..1_000).map(|n| START + n * HOUR)).read(START, 0, 0).hours_active, 24);
    assert_eq!(Meter::default().read(START, 0, 0).hours_active, 0);
}

#[test]
fn a_clock_that_is_set_back_loses_nothing_and_invents_nothing() {
    let mut meter = counted([START, START + MINUTE, START + MINUTE]);
    for back in [START, START - YEAR, 0] {
        meter.count(back);
        assert_eq!(meter.read(back, 0, 0).hours_active, 1, "back to {back}");
    }
    assert_eq!(minutes(&meter, 0), [5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    meter.count(2 * MINUTE);
    assert_eq!(minutes(&meter, 2 * MINUTE), [1, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_clock_that_jumps_a_year_ahead_leaves_the_past_behind() {
    let mut meter = counted([START; 5]);
    meter.count(START + YEAR);
    let pace = meter.read(START + YEAR, 0, 0);
    assert_eq!((pace.requests(), pace.hours_active), (1, 1));
    meter.count(u64::MAX);
    assert_eq!(meter.read(u64::MAX, 0, 0).requests(), 1);
}

#[test]
fn what_was_never_sent_is_taken_back() {
    let mut meter = counted([START; 3]);
    meter.take_back();
    assert_eq!(minutes(&meter, START)[0], 2);
    let mut empty = Meter::default();
    empty.take_back();
    assert_eq!(minutes(&empty, START), [0; 11]);
}

#[test]
fn the_most_frequent_of_the_last_64_system_prompts_is_told() {
    let mut meter = Meter::default();
    assert_eq!(meter.read(START, 0, 0).same_system, None);
    for hash in [1, 2, 1] {
        meter.system(hash);
    }
    assert_eq!(meter.read(START, 0, 0).same_system, Some(Share::new(2, 3)));
    (0..10_000).for_each(|hash| meter.system(hash));
    assert_eq!(meter.read(START, 0, 0).same_system, Some(Share::new(1, 64)));
    (0..32).for_each(|_| meter.system(7));
    assert_eq!(meter.read(START, 0, 0).same_system, Some(Share::new(32, 64)));
    assert!(meter.systems.capacity() <= 64);
}

proptest! {
    /// Whatever the clock does, no request is counted twice, and none of the
    /// last ten minutes is lost: a step back costs one of them at most.
    #[test]
    fn every_request_is_counted_at_most_once(
        steps in proptest::collection::vec(-3 * MINUTE as i64..3 * MINUTE as i64, 1..200),
    ) {
        let (mut meter, mut now, mut ahead) = (Meter::default(), START, 0);
        for (counted, step) in (1..).zip(steps) {
            now = now.saturating_add_signed(step);
            ahead += if step < 0 { MINUTE as i64 } else { step };
            meter.count(now);
            let told = meter.read(now, 0, 0).requests();
            prop_assert!(told <= counted);
            if ahead < 9 * MINUTE as i64 {
                prop_assert_eq!(told, counted);
            }
        }
    }
}
