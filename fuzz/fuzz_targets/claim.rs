//! Which plan a request is on: only the profile's own hosts, only whole path
//! segments, as they are or as a lenient server takes them.
#![no_main]

use http::{HeaderMap, HeaderValue, Uri, header::HOST};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
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

    let (path, prefix) = (uri.path(), endpoint.path_prefix.trim_end_matches('/'));
    match path.strip_prefix(prefix) {
        Some(after) if after.is_empty() || after.starts_with('/') => {}
        _ => assert!(leads_to(path, prefix), "{uri}"),
    }
});

/// Whether an odd `path` may be one under `prefix` to a lenient server: it then
/// has its segments, with others between them at most.
fn leads_to(path: &str, prefix: &str) -> bool {
    let plain = !path.contains("//") && !path.contains("/.") && !path.contains(['%', ';', '\\']);
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut segments = path.split(['/', '\\']).map(|segment| segment.split(';').next());
    !plain && prefix.split('/').all(|wanted| segments.any(|own| own == Some(wanted)))
}
