//! Finding the profile of a request, alone and among a thousand.

use std::hint::black_box;

use http::{HeaderMap, Uri};
use planguard::profile::{Profile, Registry};

use super::Case;

/// One profile is all there is.
pub const ALONE: Case = Case::each("claim", |rounds| look_up(rounds, 1));

/// Ten on one host, each with a path of its own.
pub const TEN: Case = Case::each("claim-10", |rounds| look_up(rounds, 10));

/// A thousand on one host, each with a path of its own.
pub const THOUSAND: Case = Case::each("claim-1000", |rounds| look_up(rounds, 1_000));

fn look_up(rounds: u32, profiles: usize) {
    let profiles: Vec<_> = (0..profiles).map(profile).collect();
    let registry = Registry::new(&profiles);
    let last = profiles.len() - 1;
    let uri: Uri = format!("https://plans.example/plans/{last:04}/v1/chat/completions")
        .parse()
        .expect("a URI");
    let headers = HeaderMap::new();
    for _ in 0..rounds {
        let claim = registry.claim(black_box(&uri), black_box(&headers)).expect("it is claimed");
        assert_eq!(black_box(claim).endpoint_index(), 0);
    }
}

fn profile(number: usize) -> Profile {
    let text = format!(
        r#"
id = "plan-{number:04}"
provider = "Plans"
plan = "Plan {number}"
checked_on = "2026-11-22"
mode = "guarded"

[terms]
url = "https://plans.example/terms"
quote = ""
strike_wording = ""
supported_tools = []
supported_tools_on = "2026-11-22"

[notice]
limited_to = ""
forbidden = ""
banned_for = ""
instead = ""
short = ""

[[endpoint]]
host = "plans.example"
path_prefix = "/plans/{number:04}"
surface = "openai"
billing = "plan"

[credential]
headers = ["authorization"]

[extract]
code = []
business_code = "^x$"
message = []
"#
    );
    Profile::parse("plan.toml", &text).expect("a sound profile")
}
