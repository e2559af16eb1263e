//! Bodies in any encoding, well-formed or not: nothing panics, what cannot be
//! decoded is read no further, and a failure has a class.
#![no_main]

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use planguard::detect::{Inspection, Opening};
use planguard_fuzz::{claim, now};

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

fuzz_target!(|input: (u8, bool, u8, &[u8])| {
    let (encoding, failed, size, body) = input;
    let status = if failed { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let mut headers = HeaderMap::new();
    let encoding = ENCODINGS[usize::from(encoding) % ENCODINGS.len()];
    headers.insert("content-encoding", HeaderValue::from_static(encoding));
    let now = now();
    let opening = Inspection::begin(&claim(0), &Method::POST, status, &headers, now);
    let Opening::Inspect(mut inspection) = opening else { panic!("{opening:?}") };
    let mut signal = None;
    for chunk in body.chunks(usize::from(size) + 1) {
        signal = inspection.feed(chunk, now);
        assert!(inspection.stopped().is_none() || inspection.is_over());
        if signal.is_some() || inspection.is_over() {
            break;
        }
    }
    let signal = signal.or_else(|| inspection.finish(now));
    assert!(signal.is_some() || !failed, "a failure without a class");
});
