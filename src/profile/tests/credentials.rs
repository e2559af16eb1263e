//! Whose request it is: endpoints that the credential decides, and the part of
//! it that stays.

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::loading::GOOD;
use crate::profile::{Billing, Identity, Profile, Registry};

fn profile(from: &str, to: &str) -> Profile {
    assert!(GOOD.contains(from), "{from}");
    Profile::parse("acme.toml", &GOOD.replacen(from, to, 1)).unwrap()
}

fn refused(from: &str, to: &str) -> String {
    Profile::parse("acme.toml", &GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    of.iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

const PLAN: &str = "billing = \"plan\"";
const HEADERS: &str = "headers = [\"authorization\"]";

fn claimed(profile: &Profile, path: &str, of: &[(&'static str, &str)]) -> Option<Billing> {
    let uri: Uri = format!("https://api.acme.example{path}").parse().unwrap();
    let registry = Registry::new(std::slice::from_ref(profile));
    registry.claim(&uri, &headers(of)).map(|claim| claim.endpoint().billing)
}

#[test]
fn an_endpoint_may_be_about_some_credentials_only() {
    let plan = profile(PLAN, "billing = \"plan\"\ncredential = { prefix = [\"oat-\", \"oau-\"] }");
    let claimed = |of: &[(&'static str, &str)]| claimed(&plan, "/coding/v1", of);
    assert_eq!(claimed(&[("authorization", "Bearer oat-1")]), Some(Billing::Plan));
    assert_eq!(claimed(&[("authorization", "bearer  oau-1")]), Some(Billing::Plan));
    assert_eq!(claimed(&[("authorization", "Bearer api-1")]), None);
    assert_eq!(claimed(&[("authorization", "Bearer\toat-1")]), Some(Billing::Plan));
    let second = [("authorization", "Bearer dummy"), ("authorization", "Bearer oat-1")];
    let uri: Uri = "https://api.acme.example/coding/v1".parse().unwrap();
    let mut lines = HeaderMap::new();
    for (name, value) in second {
        lines.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    assert!(Registry::new(std::slice::from_ref(&plan)).claim(&uri, &lines).is_some());
    assert_eq!(claimed(&[("x-api-key", "oat-1")]), None);
    assert_eq!(claimed(&[]), None);
}

#[test]
fn an_endpoint_may_leave_some_credentials_alone() {
    let test = "credential = { not_prefix = [\"sk-\"] }";
    let plan = profile(PLAN, &format!("billing = \"plan\"\n{test}"));
    let claimed = |of: &[(&'static str, &str)]| claimed(&plan, "/coding/v1", of);
    assert_eq!(claimed(&[("authorization", "Bearer eyJ")]), Some(Billing::Plan));
    assert_eq!(claimed(&[("authorization", "Bearer sk-1")]), None);
    assert_eq!(claimed(&[]), None);
}

#[test]
fn of_one_place_the_endpoint_that_knows_the_credential_comes_first() {
    let endpoint = |path: &str, keys: &str| {
        format!(
            "[[endpoint]]\nhost = \"api.acme.example\"\npath_prefix = \"{path}\"\n\
             surface = \"openai\"\n{keys}\n"
        )
    };
    let metered = endpoint("/coding", "billing = \"metered\"");
    let own = endpoint("/coding", "billing = \"plan\"\ncredential = { prefix = [\"oat-\"] }");
    let shorter = endpoint("/", "billing = \"metered\"");
    let deeper = endpoint("/coding/v1", "billing = \"plan\"\ncredential = { prefix = [\"x-\"] }");
    let place = "[[endpoint]]\nhost = \"api.acme.example\"\npath_prefix = \"/coding\"\n\
                 surface = \"openai\"\nbilling = \"plan\"\n";
    for order in [[&metered, &own, &shorter, &deeper], [&deeper, &shorter, &own, &metered]] {
        let plan = profile(place, &order.map(String::as_str).concat());
        let claimed = |path, key: &str| claimed(&plan, path, &[("authorization", key)]);
        assert_eq!(claimed("/coding/v1", "oat-1"), Some(Billing::Plan));
        assert_eq!(claimed("/coding/v1", "api-1"), Some(Billing::Metered));
        assert_eq!(claimed("/coding/v1", "x-1"), Some(Billing::Plan));
        assert_eq!(claimed("/other", "oat-1"), Some(Billing::Metered));
    }
}

#[test]
fn a_credential_test_that_tests_nothing_is_refused() {
    for test in ["{}", "{ prefix = [] }", "{ prefix = [\"\"] }", "{ not_prefix = [\"\"] }"] {
        let error = refused(PLAN, &format!("billing = \"plan\"\ncredential = {test}"));
        assert!(error.contains("needs `prefix` or `not_prefix`"), "{test}: {error}");
    }
    let twice = "billing = \"plan\"\n[[endpoint]]\nhost = \"api.acme.example\"\n\
                 path_prefix = \"/coding\"\nsurface = \"other\"\nbilling = \"metered\"";
    assert!(refused(PLAN, twice).contains("stands twice"));
    let slash = twice.replace("\"/coding\"", "\"/coding/\"");
    assert!(refused(PLAN, &slash).contains("stands twice"));
}

/// A JWT whose payload is `claims`.
fn jwt(claims: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn the_account_may_stand_in_a_nested_claim_or_in_the_first_that_is_there() {
    let claims = "jwt_claim = [\"/https:~1~1acme.example~1auth/account\", \"sub\"]";
    let plan = profile(HEADERS, &format!("{HEADERS}\n{claims}"));
    let stable = |claims: &str| plan.stable_part(&jwt(claims)).into_owned();
    let nested = r#"{"https://acme.example/auth":{"account":"acc"},"sub":"me","exp":"#;
    assert_eq!(stable(&format!("{nested}1}}")), "acc");
    assert_eq!(stable(&format!("{nested}2}}")), "acc", "refreshed");
    assert_eq!(stable(r#"{"sub":"me"}"#), "me");
    assert_eq!(stable(r#"{"sub":1234,"exp":1}"#), "1234", "a number");
    let other = jwt(r#"{"exp":1}"#);
    assert_eq!(plan.stable_part(&other), other.as_str());
    assert!(refused(HEADERS, &format!("{HEADERS}\njwt_claim = \"\"")).contains("without a name"));
}

#[test]
fn the_accounts_own_header_decides_over_a_token_that_changes() {
    let plan = profile(HEADERS, &format!("{HEADERS}\naccount_headers = [\"x-account-id\"]"));
    let identity = |of: &[(&'static str, &str)]| match plan.identity(&headers(of), None) {
        Some(Identity::Account(id)) => format!("account {}", String::from_utf8_lossy(id)),
        Some(Identity::Credential(key)) => format!("key {}", String::from_utf8_lossy(key)),
        None => "none".to_owned(),
    };
    assert_eq!(identity(&[("authorization", "Bearer a"), ("x-account-id", "me")]), "account me");
    assert_eq!(identity(&[("x-account-id", " me ")]), "account me");
    assert_eq!(identity(&[("authorization", "Bearer a"), ("x-account-id", " ")]), "key a");
    assert_eq!(identity(&[]), "none");
    assert!(
        refused(HEADERS, &format!("{HEADERS}\naccount_headers = [\"no header\"]"))
            .contains("is no header name")
    );
}

#[test]
fn where_nothing_of_a_token_stays_all_of_them_are_one_account() {
    let plan = profile(HEADERS, &format!("{HEADERS}\nstable = \"nothing\""));
    for token in ["oat-1", "oat-2"] {
        let account =
            crate::account::Account::from_credential(plan.id(), plan.stable_part(token).as_bytes());
        assert_eq!(account, crate::account::Account::unidentified("acme"));
    }
}
