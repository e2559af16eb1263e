//! What a refusal promises: it is safe to show to any client, it says all that
//! a person needs, and it is found under any wrapper.

use std::{
    error::Error,
    io,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use planguard::{
    account::{Account, Tally},
    profile::Surface,
    refusal::{Details, Dialect, Reason, Refused, Stopped, is_safe},
    signal::{About, Certainty, Class, Signal},
};

type BoxError = Box<dyn Error + Send + Sync>;

const MESSAGE: &str = "Your account's current usage pattern does not comply with the Fair Usage \
                       Policy, and your request frequency has been limited.";

fn signal(class: Class, code: &str, message: &str) -> Signal {
    let mut signal = Signal::new(class, Certainty::Confirmed, 429);
    signal.code = Some(code.to_owned());
    signal.message = message.to_owned();
    signal
}

fn halted(message: &str) -> Details {
    Details::new(Reason::AccountHalted, "Z.AI", "GLM Coding Plan")
        .account(Account::named("zai", "work"))
        .signal(signal(Class::PolicyViolation, "1313", message))
        .strikes(Tally::new(1, 0, 3))
        .halt("kdxmwq".to_owned())
        .release("planguard ack kdxmwq".to_owned())
        .appeal("https://z.ai/contact".to_owned())
        .notice("the plan is limited to listed tools".to_owned())
}

#[test]
fn a_worried_user_reads_what_happened_and_what_to_do() {
    let text = Refused::from(halted(MESSAGE)).to_string();
    assert_eq!(
        text,
        format!(
            "planguard stopped this call [account_halted]: Z.AI (GLM Coding Plan), account \
             `zai/work`. The provider says that the way this account is used breaks its usage \
             policy (code 1313). In the provider's own words: \"{MESSAGE}\". This call was not sent. \
             Strikes: 1 confirmed, 0 suspected, limit 3. Nothing more is sent for this account until a person \
             releases it (halt `kdxmwq`). Next: read the plan's usage policy, stop what breaks \
             it, ask the provider for a review (`https://z.ai/contact`); then run `planguard ack \
             kdxmwq`. Notice: the plan is limited to listed tools."
        )
    );
}

#[test]
fn a_client_that_is_refused_is_told_apart_from_an_account_that_is_acted_upon() {
    let text = |about| {
        let mut signal = signal(Class::ClientRefused, "40340", "only for listed clients");
        signal.about = Some(about);
        signal.false_positive_note = Some("the vendor's own client met it in June.".into());
        let text = Refused::from(halted(MESSAGE).signal(signal)).to_string();
        assert!(is_safe(&text), "{text}");
        assert!(text.contains("Known false alarms: the vendor's own client met it in June. "));
        text
    };
    let (client, account) = (text(About::Client), text(About::Account));
    assert!(client.contains("refused the client; about the account itself it said nothing"));
    assert!(account.contains("It acted upon the account itself."));
}

#[test]
fn words_that_make_clients_repeat_are_pointed_to_instead_of_shown() {
    let refused = Refused::from(halted("Rate limit reached for requests"));
    assert!(!refused.to_string().contains("reached for"));
    assert!(refused.to_string().contains("`Refused::provider_message()`"));
    assert_eq!(refused.provider_message(), Some("Rate limit reached for requests"));
}

#[test]
fn a_hold_says_when_it_ends_and_what_helps() {
    let mut wall = signal(Class::QuotaExhausted, "1308", "Usage limit reached for 5 hour.");
    wall.hint = Some("the quota of a plan is shared by all its keys".into());
    let refused = Refused::from(
        Details::new(Reason::QuotaHold, "Z.AI", "GLM Coding Plan")
            .signal(wall)
            .halt("kdxmwq".to_owned())
            .not_before(SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_000_000_001)),
    );
    let text = refused.to_string();
    // 2026-11-18 11:06:40.001 UTC: by the minute shown the hold has ended.
    assert!(text.contains("before 2026-11-18 11:07 UTC (halt `kdxmwq`)"), "{text}");
    assert!(text.contains("Hint: the quota of a plan is shared by all its keys."), "{text}");
    assert!(!text.contains("usage policy"), "{text}");
}

#[test]
fn a_probation_says_that_one_request_may_test() {
    let refused = Refused::from(
        Details::new(Reason::AccountHalted, "Z.AI", "")
            .signal(signal(Class::PolicyThrottle, "1302", ""))
            .not_before(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)),
    );
    let text = refused.to_string();
    assert!(text.contains("one coding request, sent alone, may test it"), "{text}");
    assert!(text.contains("send fewer calls at once"), "{text}");
}

#[test]
fn the_call_that_struck_keeps_the_providers_answer() {
    let body = Bytes::from_static(b"{\"error\":{\"code\":\"1313\"}}");
    let refused =
        Refused::from(halted(MESSAGE).answer((StatusCode::TOO_MANY_REQUESTS, body.clone())));
    assert_eq!(refused.provider_status(), Some(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(refused.provider_body(), Some(&body));
    assert!(refused.to_string().contains("That was the answer to this call."));
}

#[test]
fn debug_never_shows_the_providers_body() {
    let answer = (StatusCode::BAD_REQUEST, Bytes::from_static(b"the prompt, quoted"));
    let details = halted(MESSAGE).answer(answer);
    assert!(!format!("{details:?}").contains("quoted"));
    assert!(!format!("{:?}", Refused::from(details)).contains("quoted"));
}

#[test]
fn is_policy_asks_the_class_of_the_signal() {
    let throttled = halted("").signal(signal(Class::PolicyThrottle, "1302", ""));
    let unpaid = halted("").signal(signal(Class::Billing, "1113", ""));
    assert!(Refused::from(throttled).is_policy());
    assert!(!Refused::from(unpaid).is_policy());
    assert!(!Refused::from(halted("").signal(None)).is_policy());
}

#[test]
fn an_openai_client_gets_a_final_400() {
    let response: Response<Bytes> =
        Refused::from(halted(MESSAGE)).to_response(Dialect::from(Surface::Responses));
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-should-retry"], "false");
    assert!(!response.headers().contains_key("retry-after"));
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["error"]["type"], "invalid_request_error");
    assert_eq!(body["error"]["code"], "account_halted");
    assert_eq!(body["error"]["param"], serde_json::Value::Null);
    assert_eq!(body["error"]["message"], Refused::from(halted(MESSAGE)).to_string());
}

#[test]
fn an_anthropic_client_gets_a_final_451() {
    let response: Response<Bytes> =
        Refused::from(halted(MESSAGE)).to_response(Dialect::from(Surface::Anthropic));
    assert_eq!(response.status(), 451);
    assert_eq!(response.headers()["x-should-retry"], "false");
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["type"], "error");
    assert_eq!(body["error"]["type"], "invalid_request_error");
    let id = body["request_id"].as_str().unwrap().strip_prefix("req_").unwrap();
    assert!(id.len() == 14 && id.bytes().all(|b| b.is_ascii_lowercase()), "{id}");
}

#[test]
fn an_event_is_one_frame_of_the_clients_dialect() {
    let refused = Refused::from(halted(MESSAGE));
    let openai = String::from_utf8(refused.to_event(Dialect::OpenAi).to_vec()).unwrap();
    assert!(openai.starts_with("data: {") && openai.ends_with("}\n\n"), "{openai}");
    let typed = String::from_utf8(refused.to_event(Dialect::Responses).to_vec()).unwrap();
    let json = typed.strip_prefix("event: error\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
    let event: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((&event["type"], &event["code"]), (&"error".into(), &"account_halted".into()));
    assert_eq!(event["message"], refused.to_string());
    assert_eq!(event["error"]["message"], event["message"], "what the SDKs raise");
    let anthropic = String::from_utf8(refused.to_event(Dialect::Anthropic).to_vec()).unwrap();
    assert!(anthropic.starts_with("event: error\ndata: {"), "{anthropic}");
    assert_eq!(anthropic.matches('\n').count(), 3);
}

/// As reqwest-middleware wraps: a transparent variant over a boxed error.
#[derive(Debug, thiserror::Error)]
enum Transparent {
    #[error(transparent)]
    Middleware(BoxError),
}

#[derive(Debug, thiserror::Error)]
#[error("the client failed")]
struct Client(#[source] Transparent);

fn stopped() -> Stopped {
    Stopped::from(Refused::from(halted(MESSAGE)))
}

fn finds(error: &(dyn Error + 'static)) -> bool {
    Refused::find(error).is_some_and(|refused| refused.halt() == Some("kdxmwq"))
}

#[test]
fn a_refusal_is_found_by_itself_and_boxed() {
    assert!(finds(&Refused::from(halted(MESSAGE))));
    assert!(finds(&stopped()));
    assert!(finds(&*BoxError::from(stopped())));
}

#[test]
fn a_refusal_is_found_under_transparent_wrappers() {
    assert!(finds(&Transparent::Middleware(stopped().into())));
    let deep = Client(Transparent::Middleware(Transparent::Middleware(stopped().into()).into()));
    assert!(finds(&deep));
}

#[test]
fn a_refusal_is_found_in_io_errors() {
    assert!(finds(&io::Error::other(stopped())));
    assert!(finds(&io::Error::other(Refused::from(halted(MESSAGE)))));
    let deep = io::Error::other(Transparent::Middleware(io::Error::other(stopped()).into()));
    assert!(finds(&deep));
}

#[test]
fn other_errors_hold_no_refusal() {
    assert!(Refused::find(&io::Error::other("broken")).is_none());
    assert!(Refused::find(&io::Error::from(io::ErrorKind::NotFound)).is_none());
}

#[test]
fn a_chain_that_leads_back_to_itself_ends() {
    #[derive(Debug)]
    struct Ring;
    impl std::fmt::Display for Ring {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("ring")
        }
    }
    impl Error for Ring {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Ring)
        }
    }
    assert!(Refused::find(&Ring).is_none());
}

#[test]
fn errors_travel_between_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Refused>();
    check::<Stopped>();
}
