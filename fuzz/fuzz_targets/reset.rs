//! Reset times: no text and no header makes anybody wait longer than the
//! longest honest wall, 31 days and half an hour of slack.
#![no_main]

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use libfuzzer_sys::fuzz_target;
use planguard::profile::{Evidence, Leaves, Place, Scalar};
use planguard_fuzz::{claim, now};

const CODES: [&str; 4] = ["1308", "1310", "1302", "1316"];

fuzz_target!(|input: (u8, Option<&[u8]>, &str)| {
    let (code, header, message) = input;
    let mut leaves = Leaves::default();
    let code = CODES[usize::from(code) % CODES.len()];
    leaves.push("/error/code".to_owned(), Scalar::String(code.to_owned()));
    leaves.push("/error/message".to_owned(), Scalar::String(message.to_owned()));
    let mut headers = HeaderMap::new();
    if let Some(value) = header.and_then(|bytes| HeaderValue::from_bytes(bytes).ok()) {
        headers.insert(RETRY_AFTER, value);
    }
    let claim = claim(0);
    let signal = claim.profile().judge(
        &claim,
        &Evidence {
            place: Place::Error,
            status: StatusCode::TOO_MANY_REQUESTS,
            headers: &headers,
            leaves: &leaves,
            text: None,
            complete: true,
            now: now(),
        },
    );
    let signal = signal.expect("a code of the profile");
    if let Some(reset) = signal.reset {
        let longest = Duration::from_secs(31 * 24 * 3600 + 30 * 60);
        assert!(reset.at <= now() + longest, "{:?}", reset.at);
    }
});
