//! Which requests a profile claims.

use http::{HeaderMap, HeaderValue, Uri, header::HOST};

use super::adapter::claim;
use crate::profile::{Billing, Registry, Surface, zai};

fn claimed(url: &str) -> Option<(Surface, Billing)> {
    claim(&zai(), url).map(|claim| (claim.endpoint().surface, claim.endpoint().billing))
}

#[test]
fn each_endpoint_has_its_surface_and_its_payer() {
    use {Billing::*, Surface::*};
    for (path, expected) in [
        ("/api/coding/paas/v4/chat/completions", (Openai, Plan)),
        ("/api/anthropic/v1/messages", (Anthropic, Plan)),
        ("/api/anthropic", (Anthropic, Plan)),
        ("/api/v1/responses", (Responses, Plan)),
        ("/api/paas/v4/chat/completions", (Openai, Metered)),
        ("/api/monitor/usage/quota/limit", (Other, Metered)),
    ] {
        assert_eq!(claimed(&format!("https://api.z.ai{path}")), Some(expected), "{path}");
    }
}

#[test]
fn port_case_user_info_and_a_final_dot_do_not_matter() {
    for authority in [
        "api.z.ai:443",
        "API.Z.AI",
        "api.z.ai.",
        "api.z.ai.:8443",
        "user:pass@api.z.ai",
        "evil.com@api.z.ai",
    ] {
        assert!(claimed(&format!("https://{authority}/api/coding/x")).is_some(), "{authority}");
    }
}

#[test]
fn a_plan_is_not_left_by_an_odd_way_to_write_its_path() {
    use {Billing::*, Surface::*};
    for path in [
        "//api/coding/paas/v4/chat/completions",
        "/api//coding/paas/v4",
        "/api/%63oding/paas/v4",
        "/api/./coding/x",
        "/api/paas/../coding/x",
        "/api/paas/v4/..;/..;/coding/x",
    ] {
        assert_eq!(claimed(&format!("https://api.z.ai{path}")), Some((Openai, Plan)), "{path}");
    }
    let metered = Some((Openai, Metered));
    assert_eq!(claimed("https://api.z.ai//api/paas/v4/chat/completions"), metered);
    assert_eq!(claimed("https://api.z.ai//api/codingx"), None);
}

#[test]
fn a_look_alike_host_or_path_is_not_claimed() {
    for url in [
        "https://api.z.ai.evil.com/api/coding/x",
        "https://xapi.z.ai/api/coding/x",
        "https://api.z.ai@evil.com/api/coding/x",
        "https://api-z.ai/api/coding/x",
        "https://z.ai/api/coding/x",
        "https://api.z.ai../api/coding/x",
        "https://api.z.ai/api/codingx",
        "https://api.z.ai/api/codin",
        "https://api.z.ai/api",
        "https://api.z.ai/",
        "https://api.z.ai/x/api/coding/",
        "https://evil.com/api.z.ai/api/coding",
    ] {
        assert_eq!(claimed(url), None, "{url}");
    }
}

#[test]
fn the_host_header_decides_only_where_the_uri_names_none() {
    let registry = Registry::new(&[zai()]);
    let with_host = |uri: &str, host: &'static str| {
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
        registry.claim(&uri.parse::<Uri>().unwrap(), &headers).is_some()
    };
    assert!(with_host("/api/coding/x", "api.z.ai:443"));
    assert!(!with_host("/api/coding/x", "api.z.ai@evil.com"));
    assert!(!with_host("/api/coding/x", "evil.com"));
    assert!(!with_host("https://evil.com/api/coding/x", "api.z.ai"));
    assert!(with_host("https://api.z.ai/api/coding/x", "evil.com"));
}

#[test]
fn a_host_is_found_in_any_case_among_others_of_its_length() {
    let registry = Registry::new(&crate::profile::all_built_in());
    let claimed = |host: &str| {
        let uri: Uri = format!("https://{host}/v1/messages").parse().unwrap();
        registry.claim(&uri, &HeaderMap::new()).map(|claim| claim.profile().id().to_owned())
    };
    for host in ["api.moonshot.ai", "API.Moonshot.AI", "api.moonshot.ai:443", "api.moonshot.ai."] {
        assert_eq!(claimed(host).as_deref(), Some("kimi-code"), "{host}");
    }
    let long = format!("{}.example", "a".repeat(60).repeat(5));
    for host in ["api.moonshot.av", "api.minimax.ioo", &long] {
        assert_eq!(claimed(host), None, "{host}");
    }
}
