//! How an account was used by one process, as far as that is recorded.

use std::fmt;

use serde::{Deserialize, Serialize};

/// More requests than this in the last ten minutes are a high frequency: one a
/// second. A person at an agent makes a few a minute.
const MANY_REQUESTS: u64 = 600;
/// So many active hours of 24 leave no night.
const MANY_HOURS: u8 = 22;
/// So many client identities within 24 hours are more than one person's tools.
const MANY_CLIENTS: u8 = 4;

/// How an account was used by the process that was struck, on plan endpoints.
///
/// Recorded, and warned about where a [`Concern`] is in it; never blocked on.
/// Other processes and programs on the account are not counted, nor what this
/// process did before it forgot the account for want of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pace {
    /// Admitted requests by minute of the clock: the present minute, as far as
    /// it has come, and the ten before it.
    pub minutes: Vec<u32>,
    /// Requests whose answers have not ended.
    pub parallel: u32,
    /// In how many of the last 24 hours of the clock, the present one
    /// included, there was a request.
    pub hours_active: u8,
    /// Distinct User-Agents within 24 hours; 16 stands for 16 or more.
    pub clients: u8,
    /// Requests with the same system prompt; none where nobody
    /// [said](crate::exchange::Asked::system_prompt) which they had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_system: Option<Share>,
}

/// Some of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Share {
    /// So many had the most frequent one.
    pub same: u32,
    /// Of the last so many, at most 64.
    pub of: u32,
}

impl Share {
    /// `same` of the last `of`.
    pub const fn new(same: u32, of: u32) -> Self {
        Self { same, of }
    }
}

/// What in a pace a provider may object to.
///
/// Z.AI publishes no criteria and no figures. Its staff, asked about a
/// restricted account, wanted to know about automated workflows,
/// high-frequency or scripted use and several devices at once
/// (zai-org/GLM-5#68), and its terms forbid sharing
/// (<https://docs.z.ai/legal-agreement/subscription-terms>). Where each begins
/// is planguard's own estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Concern {
    /// More than 600 requests in the present minute and the ten before it.
    HighFrequency,
    /// Requests in 22 or more of the last 24 hours.
    RoundTheClock,
    /// Four or more User-Agents within 24 hours.
    ManyClients,
}

impl Pace {
    /// Requests in all those minutes together.
    pub fn requests(&self) -> u64 {
        self.minutes.iter().copied().map(u64::from).sum()
    }

    /// What a provider may object to, as far as can be told from here.
    pub fn concerns(&self) -> Vec<Concern> {
        let all = [
            (Concern::HighFrequency, self.requests() > MANY_REQUESTS),
            (Concern::RoundTheClock, self.hours_active >= MANY_HOURS),
            (Concern::ManyClients, self.clients >= MANY_CLIENTS),
        ];
        all.into_iter().filter(|(_, is)| *is).map(|(concern, _)| concern).collect()
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HighFrequency => "high frequency",
            Self::RoundTheClock => "use round the clock",
            Self::ManyClients => "many client identities",
        })
    }
}

impl fmt::Display for Pace {
    /// One line, as a log shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parallel, hours_active, clients, .. } = self;
        write!(
            f,
            "{} requests in the last ten minutes, {parallel} in parallel, active in {hours_active} of 24 hours, {clients} client identities",
            self.requests(),
        )?;
        match self.same_system {
            Some(Share { same, of }) => write!(f, ", {same} of {of} with the same system prompt"),
            None => Ok(()),
        }
    }
}
