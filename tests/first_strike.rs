//! The figures of the `first_strike` example, on shorter days: with planguard
//! inside, what arrives after the first signal is its trials and nothing else.

#![allow(dead_code)]

#[path = "../examples/first_strike/case.rs"]
mod case;
#[path = "../examples/first_strike/clients.rs"]
mod clients;
#[path = "../examples/first_strike/in_process.rs"]
mod in_process;
#[path = "../examples/first_strike/peers.rs"]
mod peers;
#[cfg(feature = "redis")]
#[path = "../examples/first_strike/replicas.rs"]
mod replicas;
#[path = "../examples/first_strike/restarts.rs"]
mod restarts;
#[path = "../examples/first_strike/scenario.rs"]
mod scenario;
#[path = "../examples/first_strike/stacks.rs"]
mod stacks;

use std::time::Duration;

use case::{Case, Row};
use scenario::Scenario;
use stacks::{Peer, Place, Stack};

/// Long enough for the slowest relapse.
const SHORT: Duration = Duration::from_secs(10 * 60);

fn rows(day: Duration, of: impl Fn(&Case) -> bool) -> Vec<(Case, Row)> {
    let cases = Stack::ALL.iter().copied().flat_map(|stack| {
        Scenario::ALL
            .into_iter()
            .flat_map(move |scenario| [1, 4].map(|callers| Case { stack, scenario, callers }))
    });
    cases.filter(of).map(|case| (case, case.run(day))).collect()
}

#[test]
fn strict_sends_nothing_after_the_first_signal() {
    for (case, row) in rows(SHORT, |case| case.stack.is_strict() && !case.stack.is_shared()) {
        assert_eq!(row.hits_after_first_signal + row.hits_after_passed_trial, 0, "{case:?}");
        assert!(!row.banned && row.user_saw_message && row.strikes <= 1, "{row:?}");
    }
}

#[test]
fn probation_sends_its_trials_and_nothing_else() {
    let probation = |case: &Case| case.stack.place == Place::Inside;
    for (case, row) in rows(SHORT, probation) {
        assert_eq!(row.hits_after_first_signal, row.trials, "{case:?}");
        let throttled = matches!(case.scenario, Scenario::Throttle(_)) && case.callers > 1;
        assert_eq!(row.trials, u64::from(throttled), "{case:?}");
        assert!(!row.banned, "{row:?}");
    }
}

#[test]
fn a_program_that_is_started_anew_for_each_call_sends_no_more_than_one_that_runs() {
    for (case, row) in rows(SHORT, |case| case.stack.restarts()) {
        assert_eq!((row.hits_after_first_signal, row.trials), (0, 0), "{case:?}");
        assert!(!row.banned && row.user_saw_message, "{row:?}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn three_replicas_on_one_redis_send_no_more_than_one() {
    let Some(_server) = replicas::serve() else {
        let required = std::env::var("PLANGUARD_REQUIRE_REDIS").is_ok_and(|set| set == "1");
        assert!(!required, "there is no redis-server on the PATH");
        println!("skipped: there is no redis-server on the PATH");
        return;
    };
    for (case, row) in rows(SHORT, |case| case.stack.is_shared()) {
        assert_eq!(row.hits_after_first_signal, row.trials, "{case:?}");
        let most = if case.stack.is_strict() { 0 } else { 1 };
        assert!(row.trials <= most && row.user_saw_message, "{row:?}");
    }
}

#[test]
fn an_unpaid_account_is_tested_after_15_minutes_then_30_then_60() {
    let day = Duration::from_secs(2 * 60 * 60);
    let unpaid = |case: &Case| case.stack.name == "planguard" && case.scenario == Scenario::Unpaid;
    for (_, row) in rows(day, unpaid) {
        assert_eq!((row.hits_after_first_signal, row.trials), (3, 3), "{row:?}");
    }
}

#[test]
fn stacks_that_ask_again_get_the_account_banned() {
    let asking_again = |case: &Case| {
        let again = matches!(case.stack.peer, Peer::Retry | Peer::ReqwestRetry | Peer::AsyncOpenai);
        again && case.stack.place == Place::Nowhere && case.scenario == Scenario::FairUse
    };
    let rows = rows(Duration::from_secs(60), asking_again);
    assert_eq!(rows.len(), 6);
    for (_, row) in rows {
        assert!(row.banned && row.hits_after_first_signal > 3, "{row:?}");
    }
}

/// One call of a lone caller is one hit and three repeats below planguard.
/// async-openai's retry layer then makes an error of the answer, so planguard
/// hears of no strike at all and every further call goes the same way.
#[test]
fn outside_planguard_cannot_help_what_is_repeated_below_it() {
    let outside = |case: &Case| {
        let first = case.scenario == Scenario::FairUse && case.callers == 1;
        case.stack.place == Place::Outside && first
    };
    for (case, row) in rows(SHORT, outside) {
        assert!(row.banned, "three are enough: {row:?}");
        match case.stack.peer {
            Peer::ReqwestRetry => assert_eq!(row.hits_after_first_signal, 3, "{row:?}"),
            _ => assert!(row.hits_after_first_signal > 1_000, "{row:?}"),
        }
    }
}
