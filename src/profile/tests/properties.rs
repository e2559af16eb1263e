//! Whatever an answer holds: no panic, and no reset out of bounds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use proptest::prelude::*;

use super::adapter::{METERED, PLAN, claim};
use crate::profile::{Evidence, Leaves, Place, Profile, Scalar, zai};

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        "\\PC{0,40}".prop_map(Scalar::String),
        "\\[1[0-9]{3}\\]\\PC{0,20}".prop_map(Scalar::String),
        "(reset at |将在 )[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
            .prop_map(Scalar::String),
        "1[0-9]{3}".prop_map(Scalar::String),
        "-?[0-9]{1,6}".prop_map(Scalar::Number),
        any::<bool>().prop_map(Scalar::Bool),
        Just(Scalar::Null),
    ]
}

fn pointer() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("/error/code".to_owned()),
        Just("/error/message".to_owned()),
        Just("/error/type".to_owned()),
        Just("/code".to_owned()),
        Just("/choices/0/finish_reason".to_owned()),
        Just(String::new()),
        "(/\\PC{0,6}){0,4}",
    ]
}

proptest! {
    #[test]
    fn any_answer_is_judged_without_a_panic_and_within_bounds(
        of in prop::collection::vec((pointer(), scalar()), 0..12),
        text in prop::option::of("\\PC{0,60}"),
        status in 100u16..1000,
        success in any::<bool>(),
        complete in any::<bool>(),
        metered in any::<bool>(),
        retry_after in prop::option::of("[0-9]{1,22}|\\PC{0,30}"),
        now_secs in 0u64..8_000_000_000,
    ) {
        let profile = zai();
        let claim = claim(&profile, if metered { METERED } else { PLAN }).unwrap();
        let mut leaves = Leaves::default();
        for (at, scalar) in of {
            leaves.push(at, scalar);
        }
        let mut headers = HeaderMap::new();
        if let Some(Ok(value)) = retry_after.map(|value| HeaderValue::from_str(&value)) {
            headers.insert(RETRY_AFTER, value);
        }
        let now: SystemTime = UNIX_EPOCH + Duration::from_secs(now_secs);
        let evidence = Evidence {
            place: if success { Place::Success } else { Place::Error },
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            leaves: &leaves,
            text: text.as_deref(),
            complete,
            now,
        };
        let signal = profile.judge(&claim, &evidence);
        prop_assert!(success || signal.is_some(), "an error is never nothing");
        if let Some(reset) = signal.and_then(|signal| signal.reset) {
            prop_assert!(reset.at <= now + Duration::from_secs(31 * 86_400 + 30 * 60));
        }
    }

    #[test]
    fn any_text_loads_or_is_refused_with_its_file_named(text in "(\\PC|\n){0,200}") {
        if let Err(error) = Profile::parse("mine.toml", &text) {
            prop_assert!(error.to_string().starts_with("mine.toml: "));
        }
    }

    #[test]
    fn any_credential_has_a_stable_part(credential in "\\PC{0,80}") {
        let profile = zai();
        prop_assert!(!profile.stable_part(&credential).is_empty() || credential.is_empty());
    }
}
