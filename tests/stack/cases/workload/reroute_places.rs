//! Where other work may go: anywhere but to a plan.

use planguard::{
    BuildError,
    profile::Surface as Format,
    refusal::Reason,
    workload::{Action, Metered},
};

use super::{
    ask,
    reroute::{KEY, guarded, paying},
};
use crate::{
    wire::{Surface, guard},
    work::{STORY, bytes_of, recorded, turn, with_body, within_turn},
};

#[tokio::test(start_paused = true)]
async fn no_plan_is_a_place_to_go_to() {
    let at = |place: &str| Metered::new(KEY).at(Format::Openai, place.parse().unwrap());
    let anthropic = |place: &str| Metered::new(KEY).at(Format::Anthropic, place.parse().unwrap());
    for (metered, why) in [
        (at("https://api.z.ai/api/coding/paas/v4"), "a plan"),
        (at("https://open.bigmodel.cn/api/coding/paas/v4/"), "another host of the same plan"),
        (at("http://API.Z.AI:443/api/coding"), "the host written otherwise"),
        (at("https://api.z.ai./api/coding"), "the host written otherwise"),
        (anthropic("https://api.z.ai/api/anthropic"), "a plan"),
        (anthropic("https://api.z.ai/api"), "`/api/v1` is a plan's, and `/v1` follows"),
        (at("/api/paas/v4"), "no host"),
        (Metered::new(""), "no key"),
        (Metered::new("two\nlines"), "no header's value"),
    ] {
        let action = Action::Reroute(metered);
        let both = [guard().non_coding(action.clone()), guard().unclear(action)];
        for built in both.map(planguard::Builder::build) {
            assert!(matches!(built, Err(BuildError::Reroute(_))), "{why}");
        }
    }
    let upstream = Surface::OpenAi.url().parse().unwrap();
    let everything = guard().with_upstream(upstream);
    let built = everything.non_coding(Action::Reroute(Metered::new(KEY))).build();
    assert!(matches!(built, Err(BuildError::Reroute(_))), "every request is for the plan");
    guard().non_coding(Action::Reroute(at("https://api.z.ai/api/paas/v4"))).build().unwrap();
}

#[test]
fn a_key_in_a_places_url_is_refused_and_shown_nowhere() {
    let place = "http://name:canary@10.0.0.7/v1".parse().unwrap();
    let metered = Metered::new(KEY).at(Format::Openai, place);
    let shown = format!("{metered:?}");
    let built = guard().non_coding(Action::Reroute(metered)).build();
    let told = built.expect_err("a key belongs elsewhere").to_string();
    assert!(told.contains("10.0.0.7") && told.contains("Metered::new"), "{told}");
    assert!(!shown.contains("canary") && !told.contains("canary"), "{shown} {told}");
}

#[tokio::test(start_paused = true)]
async fn what_a_path_makes_of_a_place_is_no_plan_either() {
    let (wire, sent) = recorded(&paying());
    // Below it is the plan, for a path without a version.
    let plan = guarded(Metered::new(KEY).at(Format::Openai, "https://api.z.ai".parse().unwrap()));
    let body = bytes_of(&turn(Surface::OpenAi, STORY));
    let asked = with_body("https://api.z.ai/api/coding/paas/chat/completions", body);
    let refused = ask(&plan, &wire, asked).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::WorkloadRefused);
    assert!(sent.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_place_for_the_format_the_turn_is_blocked() {
    for surface in [Surface::Anthropic, Surface::Responses] {
        let provider = paying();
        let (wire, sent) = recorded(&provider);
        let plan = guarded(Metered::new(KEY));
        let refused = ask(&plan, &wire, turn(surface, STORY)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::WorkloadRefused, "{surface:?}");
        assert!(sent.all().is_empty(), "{surface:?}");
        ask(&plan, &wire, within_turn(surface, STORY)).await.expect("half of the work is done");
        assert_eq!(provider.tally("a").total, 1, "{surface:?}");
        let tally = plan.snapshot()[0].workload;
        assert_eq!((tally.blocked, tally.within_turn, tally.rerouted), (1, 1, 0));
    }
}
