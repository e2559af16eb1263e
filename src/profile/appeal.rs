//! Where the holder of an account appeals.

use super::{Profile, endpoint::bare_host, format::AppealFile};

/// One place where a provider takes appeals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appeal<'p> {
    /// For whom, as in `international`.
    pub region: &'p str,
    /// Where.
    pub url: &'p str,
}

impl Profile {
    /// Where the holder of an account at `host` appeals; every place that the
    /// profile knows if it names none for that host.
    pub fn appeals(&self, host: &str) -> Vec<Appeal<'_>> {
        let all = &self.0.terms.appeal;
        let at_host: Vec<_> = all.iter().filter(|appeal| is_for(appeal, host)).collect();
        let places = if at_host.is_empty() { all.iter().collect() } else { at_host };
        places.into_iter().map(|a| Appeal { region: &a.region, url: &a.url }).collect()
    }

    /// Where the holder of an account at `host` appeals, if known.
    pub fn appeal_url(&self, host: &str) -> Option<&str> {
        self.0.terms.appeal.iter().find(|a| is_for(a, host)).map(|appeal| appeal.url.as_str())
    }
}

fn is_for(appeal: &AppealFile, host: &str) -> bool {
    appeal.hosts.iter().any(|own| own.eq_ignore_ascii_case(bare_host(host)))
}
