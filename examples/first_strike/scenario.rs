//! What the provider does.

use std::time::Duration;

use planguard::sim::{Answer, Ladder, Mode, Oscillation, Script};

/// The request that gets the first signal.
const FIRST: u64 = 5;

/// One way in which the provider acts on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Fair-use enforcement: throttled, suspended, banned.
    FairUse,
    /// The account is locked.
    Locked,
    /// Nothing can be charged.
    Unpaid,
    /// Fair-use enforcement in the middle of a stream.
    MidStream,
    /// A throttle that a retry seems to cure, and that comes back so many
    /// seconds after it.
    Throttle(u64),
}

impl Scenario {
    pub const ALL: [Self; 8] = [
        Self::FairUse,
        Self::Locked,
        Self::Unpaid,
        Self::MidStream,
        Self::Throttle(10),
        Self::Throttle(15),
        Self::Throttle(61),
        Self::Throttle(300),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::FairUse => "1313",
            Self::Locked => "1112",
            Self::Unpaid => "1113",
            Self::MidStream => "1313 mid-stream",
            Self::Throttle(10) => "1302, back after 10 s",
            Self::Throttle(15) => "1302, back after 15 s",
            Self::Throttle(61) => "1302, back after 61 s",
            Self::Throttle(_) => "1302, back after 300 s",
        }
    }

    pub fn mode(self) -> Mode {
        // What was under way at the signal is no further violation: the
        // figures then show what each stack adds to it.
        let ladder = Ladder::at_request(FIRST).spare_unanswered();
        match self {
            Self::FairUse => ladder.into(),
            Self::Locked => ladder.code(1112).into(),
            Self::MidStream => ladder.mid_stream(3).into(),
            Self::Unpaid => {
                let paid = (1..FIRST).map(|_| Answer::completion());
                Script::new(paid).then(Answer::error(1113)).into()
            }
            Self::Throttle(secs) => {
                Oscillation::at_request(FIRST, Duration::from_secs(secs)).into()
            }
        }
    }

    /// The body that a caller sends.
    pub fn request(self) -> &'static str {
        match self {
            Self::MidStream => r#"{"model":"glm-5.2","stream":true,"messages":[]}"#,
            _ => r#"{"model":"glm-5.2","messages":[]}"#,
        }
    }
}
