//! Eight processes on one server, over real sockets to one provider.

use std::time::Duration;

use planguard::{
    PlanGuard,
    breaker::{LedgerTrouble, Posture},
    ledger::{Ledger as _, RedisLedger},
    profile::zai,
    sim::{Answer, Provider},
};

use crate::{
    crowd,
    desk::{self, Machine},
    process::{Process, command, say, words},
    server::Server,
};

const PROCESSES: usize = 8;
const TASKS: usize = 100;

fn start(redis: &str, provider: &str, machine: &Machine) -> Process {
    let mut command = command(std::env::current_exe().unwrap(), "processes::child");
    command
        .env("PLANGUARD_TEST_REDIS", redis)
        .env("PLANGUARD_TEST_PROVIDER", provider)
        .env("PLANGUARD_TEST_SHADOW", machine.shadow());
    Process::start(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_of_a_hundred_tasks_take_one_strike() {
    let Some(server) = Server::start() else { return };
    let answer = Answer::error(1313);
    let provider = Provider::builder().mode(answer).latency(Duration::from_millis(5)).build();
    let upstream = provider.serve().await.unwrap();
    let url = upstream.url("");
    // Half of them share a machine.
    let machines: Vec<_> = (0..PROCESSES / 2).map(|_| Machine::new()).collect();
    let mut processes: Vec<_> =
        (0..PROCESSES).map(|i| start(&server.url(), &url, &machines[i % machines.len()])).collect();
    processes.iter_mut().for_each(|process| assert_eq!(process.hear(), "ready"));
    processes.iter_mut().for_each(|process| process.tell("go"));
    for process in &mut processes {
        assert_eq!(process.hear(), format!("{TASKS} refused"));
    }
    let first = provider.tally("a").total;
    // 4 may be unanswered in each of them when the first signal comes.
    assert!((1..=4 * PROCESSES as u64).contains(&first), "{first} arrived");
    processes.iter_mut().for_each(|process| process.tell("go"));
    for process in &mut processes {
        assert_eq!(process.hear(), format!("{TASKS} refused"));
    }
    assert_eq!(provider.tally("a").total, first, "and nothing after it");

    let ledger = desk::ledger(&server.url()).await;
    processes.iter_mut().for_each(|process| process.tell("end"));
    for mut process in processes {
        // What a child still owes the ledger is written when it ends.
        assert_eq!(process.hear(), "end");
        assert!(process.ends());
    }
    let mut all = ledger.list().await.unwrap();
    all.retain(|(_, record)| !record.halts.is_empty());
    let [(_, record)] = &all[..] else { panic!("one account is halted: {all:?}") };
    assert_eq!((record.strikes.confirmed, record.halts.len()), (1, 1));
    assert_eq!(u64::from(record.halts[0].hits), first, "every answer is counted once");
    println!("{first} requests of {} arrived, one strike", 2 * PROCESSES * TASKS);
}

/// One of the processes. Does nothing if no other test has started it.
#[test]
fn child() {
    let Ok(redis) = std::env::var("PLANGUARD_TEST_REDIS") else { return };
    let provider = std::env::var("PLANGUARD_TEST_PROVIDER").unwrap();
    let shadow = std::env::var("PLANGUARD_TEST_SHADOW").unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let plan = runtime.block_on(async {
        let ledger = RedisLedger::builder(redis).shadow(shadow).connect().await.unwrap();
        let plan = PlanGuard::builder(zai()).posture(Posture::Strict).ledger(ledger);
        plan.on_ledger_trouble(LedgerTrouble::Refuse).build().unwrap()
    });
    say("ready");
    for word in words() {
        if word != "go" {
            break;
        }
        let refused = runtime.block_on(crowd::refused(&plan, &provider, TASKS, 1));
        say(format_args!("{refused} refused"));
    }
    say("end");
}
