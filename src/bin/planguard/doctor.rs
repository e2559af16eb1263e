//! `planguard doctor`. It works where the ledger does not, writes no entry and
//! makes no file.

mod file;
mod profiles;
#[cfg(feature = "redis")]
mod server;

use planguard::{account::Account, ledger::Record};
use serde_json::{Value, json};

use crate::{
    account::is_notice,
    failure::{Exit, Failure},
    out::Out,
    place::Place,
    text::line,
};

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Ok,
    Warning,
    Broken,
}

impl Grade {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Broken => "broken",
        }
    }
}

/// One thing that was looked at.
pub struct Finding {
    grade: Grade,
    about: &'static str,
    what: String,
    more: Value,
}

/// All findings, in order.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn add(&mut self, grade: Grade, about: &'static str, what: impl Into<String>) {
        self.add_with(grade, about, what, Value::Null);
    }

    /// The same, with `more` for programs.
    pub fn add_with(
        &mut self,
        grade: Grade,
        about: &'static str,
        what: impl Into<String>,
        more: Value,
    ) {
        self.0.push(Finding { grade, about, what: what.into(), more });
    }

    /// What the ledger says, in numbers.
    pub fn add_accounts<'r>(&mut self, all: impl IntoIterator<Item = &'r (Account, Record)>) {
        let (mut accounts, mut halts) = (0, 0);
        for (_, record) in all.into_iter().filter(|(_, record)| !is_notice(record)) {
            accounts += 1;
            halts += record.halts.len();
        }
        let what = format!("{accounts}, with {halts} open halts");
        let more = json!({ "accounts": accounts, "open_halts": halts });
        self.add_with(Grade::Ok, "accounts", what, more);
    }
}

pub async fn run(place: Result<Place, Failure>, out: &Out) -> Result<Exit, Failure> {
    let mut findings = Findings::default();
    let shown = match place {
        Err(failure) if failure.exit == Exit::Usage => return Err(failure),
        Err(failure) => {
            findings.add(Grade::Broken, "place", failure.message);
            None
        }
        Ok(Place::File(path)) => {
            let path = std::path::absolute(&path).unwrap_or(path);
            file::examine(&path, &mut findings);
            Some(path.display().to_string())
        }
        #[cfg(feature = "redis")]
        Ok(Place::Server { address, prefix }) => {
            server::examine(&address, prefix.as_deref(), &mut findings).await
        }
        #[cfg(not(feature = "redis"))]
        Ok(Place::Server { .. }) => {
            findings.add(Grade::Broken, "place", crate::place::without_redis().message);
            None
        }
    };
    profiles::examine(&mut findings);
    tell(shown.as_deref(), &findings.0, out)
}

fn tell(place: Option<&str>, findings: &[Finding], out: &Out) -> Result<Exit, Failure> {
    let worst = findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok);
    let verdict = match worst {
        Grade::Ok => "all is well",
        Grade::Warning => "it works; see the warnings",
        Grade::Broken => {
            "the ledger cannot be used, so a guard on it refuses calls or does not start"
        }
    };
    out.answer(
        || {
            let findings: Vec<_> = findings
                .iter()
                .map(|f| json!({ "grade": f.grade.as_str(), "about": f.about, "what": f.what, "more": f.more }))
                .collect();
            json!({
                "ledger": place, "planguard": env!("CARGO_PKG_VERSION"),
                "grade": worst.as_str(), "verdict": verdict, "findings": findings,
            })
        },
        || {
            let told = findings.iter().map(|f| {
                format!("{:<8} {:<9} {}\n", f.grade.as_str(), f.about, line(&f.what))
            });
            let place = place.map(|place| format!("ledger: {}\n", line(place))).unwrap_or_default();
            format!("{place}{}verdict: {verdict}\n", told.collect::<String>())
        },
    )?;
    Ok(if worst == Grade::Broken { Exit::Unavailable } else { Exit::Done })
}
