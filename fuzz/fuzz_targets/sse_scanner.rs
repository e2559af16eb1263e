//! Event streams: however the bytes are cut, the verdict is the same.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use planguard_fuzz::{claim, verdict_at_any_chunking};

fuzz_target!(|input: (u8, bool, Vec<u8>, &[u8])| {
    let (endpoint, failed, lengths, body) = input;
    let status = if failed { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    verdict_at_any_chunking(&claim(endpoint), status, "text/event-stream", body, &lengths);
});
