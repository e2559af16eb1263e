//! Credentials: any header gives an account or none, a refreshed secret keeps
//! it, and its name never shows the key.
#![no_main]

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use libfuzzer_sys::fuzz_target;
use planguard::{account::Account, profile::zai};
use planguard_fuzz::lines;

fuzz_target!(|input: &[u8]| {
    let (header, id) = lines(input);
    let id = String::from_utf8_lossy(id);
    let profile = zai();
    let account = |credential: &str| {
        let stable = profile.stable_part(credential);
        Account::from_credential(profile.id(), stable.as_bytes())
    };

    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header) {
        headers.insert(AUTHORIZATION, value);
    }
    if let Some(credential) = profile.credential(&headers) {
        assert!(!credential.is_empty());
        let account = account(credential);
        assert!(Account::try_from(account.to_string()).is_ok());
        // Shorter ones stand in the sixteen letters by chance.
        assert!(credential.len() < 16 || !account.as_str().contains(credential));
    }

    if !id.is_empty() && !id.contains('.') {
        let (old, new) = (format!("{id}.before"), format!("{id}.after"));
        assert_eq!(account(&old), account(&new), "a refreshed secret");
    }
});
