//! How old the built-in profiles are.

use std::time::SystemTime;

use planguard::profile::all_built_in;
use serde_json::json;

use super::{Findings, Grade};

pub fn examine(findings: &mut Findings) {
    let now = SystemTime::now();
    for profile in all_built_in() {
        let (id, checked_on, days) = (profile.id(), profile.checked_on(), profile.age_days(now));
        let (grade, what) = match profile.is_old(now) {
            false => (Grade::Ok, format!("{days} days ago")),
            true => (
                Grade::Warning,
                format!("{days} days ago: update planguard, or read the vendor's terms yourself"),
            ),
        };
        let what = format!("{id}: the vendor's documents were read on {checked_on}, {what}");
        let more = json!({ "id": id, "checked_on": checked_on, "age_days": days });
        findings.add_with(grade, "profile", what, more);
    }
}
