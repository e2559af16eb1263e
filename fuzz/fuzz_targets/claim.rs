//! Which plan a request is on: only the profile's own hosts, only whole path
//! segments, whatever the URI looks like.
#![no_main]

use http::{HeaderMap, HeaderValue, Uri, header::HOST};
use libfuzzer_sys::fuzz_target;
use planguard::profile::{Registry, zai};
use planguard_fuzz::lines;

fuzz_target!(|input: &[u8]| {
    let (uri, host) = lines(input);
    let Ok(uri) = Uri::try_from(uri) else { return };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(host) {
        headers.insert(HOST, value);
    }
    let Some(claim) = Registry::new(&[zai()]).claim(&uri, &headers) else { return };

    let endpoint = claim.endpoint();
    let authority = match uri.host() {
        Some(host) => host.to_owned(),
        None => headers[HOST].to_str().expect("it was read as text").to_owned(),
    };
    let lower = authority.to_ascii_lowercase();
    let rest = lower.strip_prefix(&endpoint.host).expect("the host itself");
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let port = rest.strip_prefix(':').unwrap_or(rest);
    assert!(port.bytes().all(|byte| byte.is_ascii_digit()), "{authority}");

    let after = uri.path().strip_prefix(endpoint.path_prefix.trim_end_matches('/'));
    let after = after.expect("the prefix itself");
    assert!(after.is_empty() || after.starts_with('/'), "{uri}");
});
