//! A halt of the plan's account, and what may still go elsewhere.

use planguard::{
    PlanGuard,
    profile::Surface as Format,
    refusal::Reason,
    sim::{self, Answer, Provider},
    workload::{Action, Metered, Policy},
};

use super::ask;
use crate::{
    wire::{Surface, Transport, Wire, guard, provider, request},
    work::{BUG, STORY, Sent, recorded, turn},
};

/// A guard whose account the provider has halted with `code` on a coding
/// request.
async fn halted(builder: planguard::Builder, code: u16) -> (PlanGuard, Provider, Wire, Sent) {
    let provider = provider(Transport::InProcess).metered(sim::Metered::Paid);
    let provider = provider.mode(Answer::error(code)).build();
    let (wire, sent) = recorded(&provider);
    let plan = builder.build().unwrap();
    let refused = ask(&plan, &wire, turn(Surface::OpenAi, BUG)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::AccountHalted);
    assert_eq!((sent.all().len(), provider.total().total), (1, 1));
    (plan, provider, wire, sent)
}

fn own_server() -> Metered {
    Metered::new("pay.key").at(Format::Openai, "http://10.0.0.7:8000/v1".parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn other_work_goes_elsewhere_while_the_plan_is_halted_and_coding_does_not() {
    for metered in [Metered::new("pay.key"), own_server()] {
        let builder = guard().non_coding(Action::Reroute(metered));
        let (plan, provider, wire, sent) = halted(builder, 1313).await;
        ask(&plan, &wire, turn(Surface::OpenAi, STORY))
            .await
            .expect("it is no business of the plan");
        assert_eq!(sent.all().len(), 2);
        for _ in 0..3 {
            let refused = ask(&plan, &wire, turn(Surface::OpenAi, BUG)).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::AccountHalted);
        }
        assert_eq!(sent.all().len(), 2, "coding is sent nowhere");
        assert_eq!(provider.tally("a").total, 1);
        let strikes =
            plan.snapshot().iter().map(|known| known.record.strikes.confirmed).sum::<u32>();
        assert_eq!(strikes, 1, "and nothing else is a strike");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_locked_gets_nothing_from_its_vendor() {
    // Plan and balance are one account at the vendor, as its name says here.
    let builder = || guard().account("team");
    let reroute = |metered| builder().non_coding(Action::Reroute(metered));
    let (plan, _, wire, sent) = halted(reroute(Metered::new("pay.key")), 1112).await;
    let refused = ask(&plan, &wire, turn(Surface::OpenAi, STORY)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::AccountHalted);
    assert_eq!(sent.all().len(), 1, "a lock reaches every endpoint of the vendor");

    let (plan, _, wire, sent) = halted(reroute(own_server()), 1112).await;
    ask(&plan, &wire, turn(Surface::OpenAi, STORY)).await.expect("a server of the user's own");
    assert_eq!(sent.all().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_could_be_either_goes_nowhere_while_the_plan_is_halted() {
    let policy = Policy::new().unclear(Action::Reroute(own_server()));
    let (plan, _, wire, sent) = halted(guard().workload(policy), 1313).await;
    // It has no turns at all.
    let refused = ask(&plan, &wire, request(Surface::OpenAi.url(), "a", false)).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::AccountHalted);
    assert_eq!(sent.all().len(), 1);
    // On an account that is not halted it does.
    ask(&plan, &wire, request(Surface::OpenAi.url(), "b", false)).await.unwrap();
    assert_eq!(sent.all()[1].uri().host(), Some("10.0.0.7"));
}
