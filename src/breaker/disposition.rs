//! What is done about a signal: one row for each class, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ledger::Strike,
    profile::{Claim, Mode},
    signal::{Certainty, Class, Reach, Signal},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How strictly signals are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Posture {
    /// The table as it stands: a throttle that the account's own load
    /// explains may be tested once a day by a single request.
    #[default]
    Probation,
    /// A policy throttle and an unpaid bill latch at once, and the throttle
    /// counts: nothing at all leaves before a person says so.
    Strict,
    /// Detects, records and says what it would have done; stops nothing.
    Report,
}

impl Posture {
    /// The name as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probation => "probation",
            Self::Strict => "strict",
            Self::Report => "report",
        }
    }
}

/// What is done about one class of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disposition {
    /// What happens to the account.
    pub action: Action,
    /// How far that reaches.
    pub reach: Reach,
    /// The mark against the provider's limit.
    pub strike: Option<Strike>,
}

/// What happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing: the answer goes to the caller.
    Pass,
    /// Nothing the first time; a hold if it comes again soon.
    PassOnce {
        /// How soon is soon.
        within: Duration,
        /// How long the hold is.
        hold: Duration,
    },
    /// Nothing leaves for a time.
    Hold {
        /// How long.
        length: Duration,
    },
    /// Nothing leaves until the provider's reset time.
    HoldUntilReset {
        /// How long without one. One request may test then.
        otherwise: Duration,
    },
    /// Nothing leaves for a time, doubled by each failed test.
    HoldDoubling {
        /// The first time.
        first: Duration,
        /// The longest time.
        longest: Duration,
    },
    /// A supervised way out, where the account's own load explains the
    /// signal; a latch where not.
    Probation,
    /// Nothing leaves before a person acknowledges.
    Latch,
}

impl Action {
    /// `latch`, `probation`, `hold` or `pass`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latch => "latch",
            Self::Probation => "probation",
            Self::Hold { .. } | Self::HoldUntilReset { .. } | Self::HoldDoubling { .. } => "hold",
            Self::Pass | Self::PassOnce { .. } => "pass",
        }
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::PassOnce { .. } => 1,
            Self::Hold { .. } | Self::HoldUntilReset { .. } | Self::HoldDoubling { .. } => 2,
            Self::Probation => 3,
            Self::Latch => 4,
        }
    }
}

impl Disposition {
    const fn pass(reach: Reach) -> Self {
        Self { action: Action::Pass, reach, strike: None }
    }

    /// A latch on `reach`, counted as `strike`.
    pub const fn latch(reach: Reach, strike: Option<Strike>) -> Self {
        Self { action: Action::Latch, reach, strike }
    }

    /// The same where an answer that nobody knows is enough the first time.
    const fn at_once(self) -> Self {
        match self.action {
            Action::PassOnce { hold, .. } => Self { action: Action::Hold { length: hold }, ..self },
            _ => self,
        }
    }

    /// The same for an answer that may be innocent. Of a throttle that is said
    /// by its row and its relapse.
    fn unproven(self, class: Class) -> Self {
        match self.strike {
            Some(Strike::Confirmed) if class != Class::PolicyThrottle => {
                Self { strike: Some(Strike::Suspected), ..self }
            }
            _ => self,
        }
    }

    /// The built-in row of `class`.
    pub const fn of(class: Class) -> Self {
        match class {
            Class::PolicyViolation | Class::ClientRefused => {
                Self::latch(Reach::Plan, Some(Strike::Confirmed))
            }
            Class::AccountLocked => Self::latch(Reach::Profile, Some(Strike::Confirmed)),
            Class::Challenge => Self::latch(Reach::Profile, None),
            Class::PolicyThrottle => Self {
                action: Action::Probation,
                reach: Reach::Plan,
                strike: Some(Strike::Suspected),
            },
            Class::QuotaExhausted => Self {
                action: Action::HoldUntilReset { otherwise: HOUR },
                reach: Reach::Plan,
                strike: None,
            },
            Class::Billing => Self {
                action: Action::HoldDoubling {
                    first: Duration::from_secs(15 * 60),
                    longest: Duration::from_secs(24 * 60 * 60),
                },
                reach: Reach::Endpoint,
                strike: None,
            },
            Class::Unknown => Self {
                action: Action::PassOnce {
                    within: Duration::from_secs(10 * 60),
                    hold: Duration::from_secs(10 * 60),
                },
                reach: Reach::Plan,
                strike: None,
            },
            Class::Entitlement
            | Class::RateLimited
            | Class::Overloaded
            | Class::Authentication
            | Class::ContentFilter
            | Class::InvalidRequest
            | Class::ServerError => Self::pass(Reach::Endpoint),
        }
    }
}

/// The disposition of every class: the built-in rows, a posture, and what the
/// user overrides.
#[derive(Clone, Debug, Default)]
pub struct Dispositions {
    posture: Posture,
    overrides: Vec<(Class, Disposition)>,
}

/// An override that would answer the provider's enforcement more laxly than
/// the built-in row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{class}` is the provider's enforcement: its disposition can be made stricter than `{floor}`, not laxer (Posture::Report stops nothing and says what it would have done)"
)]
pub struct TooLax {
    class: Class,
    floor: &'static str,
}

impl Dispositions {
    /// The built-in table under `posture`.
    pub const fn new(posture: Posture) -> Self {
        Self { posture, overrides: Vec::new() }
    }

    /// Gives this table's overrides to `other`.
    pub(crate) fn copy_overrides(&self, other: &mut Self) {
        other.overrides.clone_from(&self.overrides);
    }

    /// The posture.
    pub const fn posture(&self) -> Posture {
        self.posture
    }

    /// Replaces the row of `class`.
    ///
    /// # Errors
    ///
    /// [`TooLax`] if `class` is a policy class and `disposition` does less
    /// than its built-in row, reaches less far, or counts less.
    pub fn set(&mut self, class: Class, disposition: Disposition) -> Result<(), TooLax> {
        let floor = Disposition::of(class);
        let laxer = disposition.action.severity() < floor.action.severity()
            || disposition.reach < floor.reach
            || disposition.strike < floor.strike;
        if class.is_policy() && laxer {
            return Err(TooLax { class, floor: floor.action.as_str() });
        }
        self.overrides.retain(|(other, _)| *other != class);
        self.overrides.push((class, disposition));
        Ok(())
    }

    /// What is done about `signal`, an answer of the endpoint of `claim`: its
    /// class's row, but on a [tripwire](Mode::Tripwire) plan an unknown 4xx
    /// holds the first time, and an answer that is also given for innocent
    /// reasons ([`Certainty::Suspected`]) halts as any other and makes a
    /// suspected strike.
    pub fn of_signal(&self, signal: &Signal, claim: &Claim) -> Disposition {
        let row = self.get(signal.class);
        let tripwire = claim.is_plan() && claim.profile().mode() == Mode::Tripwire;
        let refused = signal.class == Class::Unknown && (400..500).contains(&signal.status);
        let row = if tripwire && refused { row.at_once() } else { row };
        if signal.certainty == Certainty::Suspected { row.unproven(signal.class) } else { row }
    }

    /// What is done about `class`.
    pub fn get(&self, class: Class) -> Disposition {
        let overridden = self.overrides.iter().find(|(other, _)| *other == class);
        let row = overridden.map_or_else(|| Disposition::of(class), |(_, row)| *row);
        match class {
            // No override makes Strict laxer, nor takes its count away.
            Class::PolicyThrottle if self.posture == Posture::Strict => {
                Disposition::latch(row.reach, Some(Strike::Confirmed))
            }
            // A bill is no enforcement: what the user says about it counts.
            Class::Billing if self.posture == Posture::Strict && overridden.is_none() => {
                Disposition::latch(row.reach, row.strike)
            }
            _ => row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_class_can_be_made_stricter_but_not_laxer() {
        let mut table = Dispositions::default();
        let latch = Disposition::latch(Reach::Profile, Some(Strike::Confirmed));
        assert_eq!(table.set(Class::PolicyThrottle, latch), Ok(()));
        assert_eq!(table.get(Class::PolicyThrottle), latch);

        let pass = Disposition::pass(Reach::Profile);
        for class in Class::ALL.into_iter().filter(|class| class.is_policy()) {
            assert!(table.set(class, pass).is_err(), "{class}");
        }
        let narrower = Disposition { reach: Reach::Plan, ..latch };
        assert!(table.set(Class::AccountLocked, narrower).is_err());
        let uncounted = Disposition { strike: None, ..Disposition::of(Class::PolicyViolation) };
        assert!(table.set(Class::PolicyViolation, uncounted).is_err());
        assert_eq!(table.set(Class::QuotaExhausted, pass), Ok(()));
        assert_eq!(table.get(Class::QuotaExhausted), pass);
    }

    #[test]
    fn a_posture_is_written_by_its_name() {
        let all = [Posture::Probation, Posture::Strict, Posture::Report];
        assert_eq!(all.map(Posture::as_str), ["probation", "strict", "report"]);
    }

    #[test]
    fn strict_latches_on_a_throttle_and_a_bill_and_counts_the_throttle() {
        let table = Dispositions::new(Posture::Strict);
        let throttle = table.get(Class::PolicyThrottle);
        assert_eq!((throttle.action, throttle.strike), (Action::Latch, Some(Strike::Confirmed)));
        let billing = table.get(Class::Billing);
        assert_eq!((billing.action, billing.strike), (Action::Latch, None));
        assert_eq!(billing.reach, Reach::Endpoint);
        assert_eq!(table.get(Class::QuotaExhausted), Disposition::of(Class::QuotaExhausted));
        assert_eq!(table.get(Class::PolicyViolation), Disposition::of(Class::PolicyViolation));
    }

    #[test]
    fn an_answer_that_may_be_innocent_halts_as_any_other_and_is_suspected() {
        let claim = Claim::new(crate::profile::zai(), 0).unwrap();
        let of = |table: &Dispositions, class, certainty| {
            table.of_signal(&Signal::new(class, certainty, 403), &claim)
        };
        let (table, strict) = (Dispositions::default(), Dispositions::new(Posture::Strict));
        for class in Class::ALL {
            let row = table.get(class);
            assert_eq!(of(&table, class, Certainty::Confirmed), row);
            let suspected = of(&table, class, Certainty::Suspected);
            assert_eq!((suspected.action, suspected.reach), (row.action, row.reach));
            assert_eq!(suspected.strike, row.strike.map(|_| Strike::Suspected));
        }
        let throttle = of(&strict, Class::PolicyThrottle, Certainty::Suspected);
        assert_eq!(throttle.strike, Some(Strike::Confirmed), "Strict counts it");
    }

    #[test]
    fn the_built_in_row_itself_is_never_too_lax() {
        for class in Class::ALL {
            let mut table = Dispositions::default();
            assert_eq!(table.set(class, Disposition::of(class)), Ok(()), "{class}");
        }
    }

    #[test]
    fn the_last_override_of_a_class_counts_and_leaves_the_others() {
        let mut table = Dispositions::default();
        let latch = Disposition::latch(Reach::Profile, None);
        let pass = Disposition::pass(Reach::Endpoint);
        for (class, row) in
            [(Class::Billing, latch), (Class::QuotaExhausted, latch), (Class::Billing, pass)]
        {
            assert_eq!(table.set(class, row), Ok(()));
        }
        assert_eq!(table.get(Class::Billing), pass);
        assert_eq!(table.get(Class::QuotaExhausted), latch);
    }

    #[test]
    fn overrides_go_with_a_table_to_another_posture() {
        let mut table = Dispositions::default();
        let pass = Disposition::pass(Reach::Endpoint);
        assert_eq!(table.set(Class::Billing, pass), Ok(()));
        let mut strict = Dispositions::new(Posture::Strict);
        table.copy_overrides(&mut strict);
        assert_eq!((strict.posture(), strict.get(Class::Billing)), (Posture::Strict, pass));
    }

    #[test]
    fn each_action_has_one_word() {
        for (class, word) in [
            (Class::PolicyViolation, "latch"),
            (Class::PolicyThrottle, "probation"),
            (Class::QuotaExhausted, "hold"),
            (Class::Billing, "hold"),
            (Class::Unknown, "pass"),
            (Class::RateLimited, "pass"),
        ] {
            assert_eq!(Disposition::of(class).action.as_str(), word, "{class}");
        }
    }

    #[test]
    fn no_policy_class_is_ever_retryable() {
        for class in Class::ALL.into_iter().filter(|class| class.is_policy()) {
            assert!(!class.is_retryable());
            assert_ne!(Disposition::of(class).action.as_str(), "pass");
        }
    }

    #[test]
    fn strict_counts_a_throttle_whatever_the_override_says() {
        let mut table = Dispositions::new(Posture::Strict);
        let uncounted = Disposition::latch(Reach::Profile, Some(Strike::Suspected));
        assert_eq!(table.set(Class::PolicyThrottle, uncounted), Ok(()));
        let counted = Disposition { strike: Some(Strike::Confirmed), ..uncounted };
        assert_eq!(table.get(Class::PolicyThrottle), counted);
    }

    #[test]
    fn an_override_of_a_bill_counts_in_every_posture() {
        for posture in [Posture::Probation, Posture::Strict, Posture::Report] {
            let mut table = Dispositions::new(posture);
            let pass = Disposition::pass(Reach::Endpoint);
            assert_eq!(table.set(Class::Billing, pass), Ok(()));
            assert_eq!(table.get(Class::Billing), pass);
        }
    }
}
