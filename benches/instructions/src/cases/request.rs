//! The request that every case is about.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};

/// A chat completion on the plan.
const URL: &str = "https://api.z.ai/api/coding/paas/v4/chat/completions";

/// 12 headers, as coding tools send them. The bearer has 76 bytes, the key in
/// it 69.
const HEADERS: [(&str, &str); 12] = [
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-language", "*"),
    (
        "authorization",
        "Bearer 6d3fa2b19c7e4d5f8a1b2c3d4e5f6071.Qm9vVGh1bmRlcldpbGxvd1JpdmVyU3RvbmVz",
    ),
    ("content-length", "41872"),
    ("content-type", "application/json"),
    ("user-agent", "opencode/1.0.85 ai-sdk/provider-utils/3.0.9 runtime/bun/1.3.3"),
    ("x-request-id", "0192f2b4-7c1e-7a54-b1d0-3d8b6d1f0a7e"),
    ("x-stainless-arch", "x64"),
    ("x-stainless-lang", "js"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-retry-count", "0"),
];

pub fn uri() -> Uri {
    Uri::from_static(URL)
}

pub fn headers() -> HeaderMap {
    let pairs = HEADERS
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    HeaderMap::from_iter(pairs)
}

/// A fresh request: its extensions were never touched.
pub fn fresh<B>(body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.uri_mut() = uri();
    *request.headers_mut() = headers();
    request
}

#[test]
fn the_bearer_has_76_bytes() {
    assert_eq!(headers().get("authorization").map(HeaderValue::len), Some(76));
    assert_eq!(headers().len(), 12);
}
