//! Profiles: any text gives a profile or an error that says where, and a
//! profile that loads can judge.
#![no_main]

use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;
use planguard::profile::{Claim, Evidence, Leaves, Place, Profile, Scalar};
use planguard_fuzz::now;

fuzz_target!(|text: &str| {
    let profile = match Profile::parse("fuzzed.toml", text) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(error.to_string().contains("fuzzed.toml"), "{error}");
            return;
        }
    };
    assert!(profile.fixtures().is_ok(), "a loaded profile's fixtures are well formed");
    assert!(!profile.notice().text.is_empty());
    let _ = profile.stable_part(text);

    let mut leaves = Leaves::default();
    leaves.push("/error/code".to_owned(), Scalar::Number("1302".to_owned()));
    leaves.push("/error/message".to_owned(), Scalar::String(text.chars().take(200).collect()));
    let headers = HeaderMap::new();
    let Some(claim) = Claim::new(profile.clone(), 0) else { return };
    for (place, status) in [(Place::Error, 429), (Place::Success, 200)] {
        let status = StatusCode::from_u16(status).expect("a status");
        let (text, complete, now) = (None, true, now());
        let headers = &headers;
        let evidence = Evidence { place, status, headers, leaves: &leaves, text, complete, now };
        let signal = profile.judge(&claim, &evidence);
        assert!(signal.is_some() || place == Place::Success, "an error without a class");
    }
});
