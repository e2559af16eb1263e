//! Bodies of any status: however the bytes are cut, the verdict is the same,
//! and a failure has one.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use planguard_fuzz::{claim, verdict_at_any_chunking};

const MEDIA: [&str; 4] = ["application/json", "text/plain", "", "application/problem+json"];

fuzz_target!(|input: (u8, u16, u8, Vec<u8>, &[u8])| {
    let (endpoint, status, media, lengths, body) = input;
    let status = StatusCode::from_u16(200 + status % 400).expect("200 to 599");
    let media = MEDIA[usize::from(media) % MEDIA.len()];
    let signal = verdict_at_any_chunking(&claim(endpoint), status, media, body, &lengths);
    assert!(signal.is_some() || status.as_u16() < 400, "a failure without a class");
});
