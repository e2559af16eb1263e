//! Eight processes on one server, over real sockets to one provider.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use planguard::{
    PlanGuard,
    breaker::{LedgerTrouble, Posture},
    ledger::{Ledger as _, RedisLedger},
    profile::zai,
    refusal::Refused,
    sim::{Answer, Provider},
};
use tower::{Layer as _, ServiceExt as _};

use crate::{
    desk::{self, Machine},
    server::Server,
};

const PROCESSES: usize = 8;
const TASKS: usize = 100;
/// What a child's answers begin with, amid what the test runner prints.
const SAYS: &str = "child says ";

/// Another process of this very program.
struct Process {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(redis: &str, provider: &str, machine: &Machine) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::child", "--nocapture", "--test-threads", "1"])
            .env("PLANGUARD_TEST_REDIS", redis)
            .env("PLANGUARD_TEST_PROVIDER", provider)
            .env("PLANGUARD_TEST_SHADOW", machine.shadow())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "the child has died");
            if let Some((_, said)) = line.split_once(SAYS) {
                return said.trim().to_owned();
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
    let mut processes: Vec<_> = (0..PROCESSES)
        .map(|i| Process::start(&server.url(), &url, &machines[i % machines.len()]))
        .collect();
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
    for process in &mut processes {
        // What a child still owes the ledger is written when it ends.
        assert_eq!(process.hear(), "end");
        assert!(process.child.wait().unwrap().success());
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
    println!("{SAYS}ready");
    for word in std::io::stdin().lines() {
        if word.unwrap() != "go" {
            break;
        }
        println!("{SAYS}{} refused", runtime.block_on(all(&plan, &provider)));
    }
    println!("{SAYS}end");
}

/// How many of the tasks are refused.
async fn all(plan: &PlanGuard, provider: &str) -> usize {
    let (plan, provider) = (Arc::new(plan.clone()), Arc::new(provider.to_owned()));
    let tasks = (0..TASKS).map(|_| tokio::spawn(one(plan.clone(), provider.clone())));
    join_all(tasks).await.into_iter().filter(|done| *done.as_ref().unwrap()).count()
}

async fn one(plan: Arc<PlanGuard>, provider: Arc<String>) -> bool {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let transport = tower::service_fn(move |mut request: Request<Full<Bytes>>| {
        let path = request.uri().path();
        *request.uri_mut() = format!("{}{path}", provider.trim_end_matches('/')).parse().unwrap();
        client.request(request)
    });
    let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
        .header("authorization", "Bearer a.secret")
        .header("user-agent", "planguard-tests/1")
        .body(Full::<Bytes>::from(r#"{"model":"glm-5.2","messages":[]}"#))
        .unwrap();
    match plan.layer().layer(transport).oneshot(request).await {
        Ok(response) => {
            let _ = Response::into_body(response).collect().await;
            false
        }
        Err(error) => Refused::find(error.as_ref()).is_some(),
    }
}
