//! The command and a program that runs share one standing.

use std::path::Path;

use http::Request;
use planguard::{
    PlanGuard,
    ledger::FileLedger,
    profile,
    refusal::{Reason, Refused},
    sim::Provider,
};
use tower::{ServiceBuilder, ServiceExt as _};

use crate::desk::Desk;

pub fn guard(path: &Path) -> PlanGuard {
    let ledger = FileLedger::open(path).unwrap();
    PlanGuard::builder(profile::zai()).account("team").ledger(ledger).build().unwrap()
}

pub async fn ask(plan: &PlanGuard, provider: &Provider) -> Result<u16, Refused> {
    let service = ServiceBuilder::new().layer(plan.layer()).service(provider.service());
    let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
        .header("authorization", "Bearer tester.secret")
        .header("user-agent", "my-tool/1.0")
        .body(r#"{"model":"glm-5.2","messages":[]}"#.to_owned())
        .unwrap();
    match service.oneshot(request).await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(Refused::find(&*error).expect("a refusal").clone()),
    }
}

#[tokio::test]
async fn a_halt_by_the_command_stops_a_running_guard_and_a_release_lets_it_go_on() {
    let desk = Desk::begun();
    let provider = Provider::builder().build();
    let plan = guard(&desk.path());
    assert_eq!(ask(&plan, &provider).await.unwrap(), 200);
    let halt = desk.json(0, &["halt", "zai/team", "--by", "Ada", "--note", "holiday"]);
    let id = halt["halt"]["id"].as_str().unwrap();
    let refused = ask(&plan, &provider).await.unwrap_err();
    assert_eq!((refused.reason(), refused.halt()), (Reason::AccountHalted, Some(id)));
    assert_eq!(provider.tally("tester").total, 1);
    desk.run(&["acknowledge", id, "--by", "Ada", "--note", "back", "--no-terminal"]).says(0, &[]);
    assert_eq!(ask(&plan, &provider).await.unwrap(), 200);
}

#[tokio::test]
async fn names_and_notes_are_bounded_in_the_library_as_here() {
    let desk = Desk::begun();
    let plan = guard(&desk.path());
    let account = planguard::account::Account::named("zai", "team");
    let long = "n".repeat(planguard::ledger::SIGNED_BYTES + 1);
    let error = plan.halt(&account, "Ada", &long).await.unwrap_err().to_string();
    assert!(error.contains("the note has 8193 bytes, and at most 8192 are kept"), "{error}");
    plan.acknowledge("h-a", &long, "n").await.unwrap_err();
    assert!(plan.ledger().await.unwrap().is_empty());
}
