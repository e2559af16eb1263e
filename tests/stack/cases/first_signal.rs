//! The first signal halts the account: in every form, on every surface,
//! streaming and not, in process and on real sockets.

use std::time::Duration;

use planguard::{
    refusal::Reason,
    signal::{Class, Reach},
    sim::{Answer, Metered},
};

use super::ask;
use crate::wire::{METERED, Surface, Transport, Wire, guard, provider, request, start};

/// One first signal, and what the account hears of it.
struct Case {
    answer: Answer,
    code: &'static str,
    status: u16,
    class: Class,
    reason: Reason,
    /// Confirmed and suspected strikes.
    strikes: (u32, u32),
    reach: Reach,
    /// Whether the signal comes inside a stream where one was asked for.
    mid_stream: bool,
}

impl Case {
    fn new(answer: Answer, code: &'static str) -> Self {
        let (class, reason) = (Class::PolicyViolation, Reason::AccountHalted);
        let (strikes, reach) = ((1, 0), Reach::Plan);
        Self { answer, code, status: 429, class, reason, strikes, reach, mid_stream: false }
    }

    fn hold(mut self, class: Class, reason: Reason, reach: Reach) -> Self {
        (self.class, self.reason, self.reach, self.strikes) = (class, reason, reach, (0, 0));
        self
    }
}

fn fair_use() -> Case {
    Case::new(Answer::error(1313), "1313")
}

fn account_locked() -> Case {
    let case = Case::new(Answer::error(1112), "1112");
    Case { class: Class::AccountLocked, reach: Reach::Profile, ..case }
}

fn nothing_to_charge() -> Case {
    let case = Case::new(Answer::error(1113), "1113");
    case.hold(Class::Billing, Reason::BillingHold, Reach::Endpoint)
}

fn quota_used_up() -> Case {
    let case = Case::new(Answer::error(1308), "1308");
    case.hold(Class::QuotaExhausted, Reason::QuotaHold, Reach::Plan)
}

/// Nothing that the lone caller did explains it, so it waits for a person.
fn lone_throttle() -> Case {
    let case = Case::new(Answer::error(1302), "1302");
    Case { class: Class::PolicyThrottle, strikes: (0, 1), ..case }
}

fn fair_use_in_a_stream() -> Case {
    Case { mid_stream: true, ..Case::new(Answer::mid_stream(3, 1313), "1313") }
}

fn fair_use_in_a_streams_first_event() -> Case {
    Case { mid_stream: true, ..Case::new(Answer::mid_stream(0, 1313), "1313") }
}

fn ok_with_an_error() -> Case {
    Case { status: 200, ..Case::new(Answer::ok_with_error(1313), "1313") }
}

fn ok_in_plain_text() -> Case {
    Case { status: 200, ..Case::new(Answer::ok_with_plain_error(1313), "1313") }
}

/// Runs one case on one surface, and says which one it was if it fails.
async fn the_first_signal_halts(case: Case, surface: Surface, stream: bool, transport: Transport) {
    let on = format!("{surface:?}, stream {stream}, {transport:?}");
    let provider =
        provider(transport).mode_for("struck", case.answer.clone()).metered(Metered::Paid).build();
    let wire = Wire::to(&provider, transport).await;
    let plan = guard().build().unwrap();

    // The call that struck hears the provider's own words.
    let first = ask(&plan, &wire, request(surface.url(), "struck", stream)).await;
    let seen = wire.seen();
    let struck = match first {
        Ok(heard) => {
            assert!(case.mid_stream && stream, "{on}: {heard:?}");
            assert_eq!(
                (heard.status.as_u16(), &heard.bytes[..]),
                (200, &seen[0].bytes[..]),
                "{on}"
            );
            assert_eq!(heard.headers, seen[0].headers, "{on}");
            None
        }
        Err(refused) => {
            assert!(!(case.mid_stream && stream), "{on}: {refused}");
            assert_eq!(refused.provider_status(), Some(seen[0].status), "{on}");
            assert_eq!(seen[0].status.as_u16(), case.status, "{on}");
            assert_eq!(refused.provider_body().unwrap(), &seen[0].bytes, "{on}");
            Some(refused)
        }
    };

    // Every later call of the account is refused, and says why.
    for again in [stream, !stream] {
        let refused = ask(&plan, &wire, request(surface.url(), "struck", again)).await.unwrap_err();
        let text = refused.to_string();
        let (confirmed, suspected) = case.strikes;
        let counted = refused.strikes();
        assert_eq!((counted.confirmed, counted.suspected), case.strikes, "{on}: {text}");
        let strikes = match case.strikes {
            (0, 0) => "This call was not sent.".to_owned(),
            _ => format!("Strikes: {confirmed} confirmed, {suspected} suspected, limit 3."),
        };
        let (halt, release) = (refused.halt().unwrap(), refused.release().unwrap());
        for part in ["Z.AI", case.code, halt, release, &strikes] {
            assert!(text.contains(part), "{on}: `{part}` is not in: {text}");
        }
        assert!(release.contains(halt), "{on}: {release}");
        let signal = refused.signal().unwrap();
        assert_eq!((refused.reason(), signal.class), (case.reason, case.class), "{on}");
        assert_eq!(signal.code.as_deref(), Some(case.code), "{on}");
        assert_eq!(refused.provider_body(), None, "{on}");
        if let Some(struck) = &struck {
            assert_eq!((struck.halt(), struck.reason()), (Some(halt), case.reason), "{on}");
            assert_eq!(struck.provider_message(), refused.provider_message(), "{on}");
        }
        let resets = start() + Duration::from_secs(5 * 3_600);
        match case.reason {
            Reason::QuotaHold => assert_eq!(refused.not_before(), Some(resets), "{on}"),
            Reason::BillingHold => assert!(refused.not_before().is_some(), "{on}"),
            _ => assert_eq!(refused.not_before(), None, "{on}"),
        }
    }

    // It reaches as far as the table says, and no further.
    let others = Surface::ALL.into_iter().filter(|other| *other != surface).map(Surface::url);
    let mut reached = 1;
    for (url, halts) in others
        .map(|url| (url, case.reach >= Reach::Plan))
        .chain([(METERED, case.reach == Reach::Profile)])
    {
        let answer = ask(&plan, &wire, request(url, "struck", false)).await;
        let passed = matches!(&answer, Ok(heard) if heard.status == 200);
        let sent = provider.tally("struck").total - reached;
        assert_eq!(sent, u64::from(!halts), "{on}: {url}");
        assert!(passed || halts || url != METERED, "{on}: {url}: {answer:?}");
        reached += sent;
    }
    let other = ask(&plan, &wire, request(surface.url(), "other", stream)).await;
    assert_eq!(other.expect("another account is not halted").status, 200, "{on}");
    assert_eq!(provider.tally("other").total, 1, "{on}");
}

macro_rules! promises {
    ($($case:ident)*) => {
        mod in_process {
            $(#[tokio::test(start_paused = true)]
            async fn $case() {
                super::on_every_surface(super::$case, super::Transport::InProcess).await;
            })*
        }
        mod over_http1 {
            $(#[tokio::test]
            async fn $case() {
                super::on_every_surface(super::$case, super::Transport::Http1).await;
            })*
        }
        mod over_http2 {
            $(#[tokio::test]
            async fn $case() {
                super::on_every_surface(super::$case, super::Transport::Http2).await;
            })*
        }
    };
}

async fn on_every_surface(case: fn() -> Case, transport: Transport) {
    for surface in Surface::ALL {
        for stream in [false, true] {
            the_first_signal_halts(case(), surface, stream, transport).await;
        }
    }
}

promises! {
    fair_use account_locked nothing_to_charge quota_used_up lone_throttle fair_use_in_a_stream
    fair_use_in_a_streams_first_event ok_with_an_error ok_in_plain_text
}
