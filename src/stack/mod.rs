//! The layers in the right order, over one core.

mod builder;
// Only the fronts ask for an account.
#[cfg_attr(not(feature = "tower"), allow(dead_code))]
mod desk;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "reqwest")]
mod middleware;

pub use builder::{BuildError, Builder};
#[cfg(feature = "tower")]
pub use layer::PlanLayer;
#[cfg(feature = "reqwest")]
pub use middleware::PlanMiddleware;

use std::{fmt, sync::Arc};

use crate::{
    account::Account,
    breaker::{Cell, Core, Disposition, Events},
    clock::to_millis,
    exchange::Verdict,
    ledger::{Acknowledgement, Halt, LedgerError, Person, Record, Unsigned},
    meter,
    profile::{Claim, Profile, all_built_in},
    signal::{Class, Signal},
    workload::{Guard, Outgoing, WorkloadTally},
};

/// What keeps a program inside the terms of its plans. Clones are the same
/// guard: halts, slots and queues are shared by every clone, layer, service
/// and task.
#[derive(Clone)]
pub struct PlanGuard {
    core: Arc<Core>,
    workload: Arc<Guard>,
}

/// The whole stack around a client `S`, from [`PlanGuard::reqwest_service`].
#[cfg(feature = "reqwest")]
pub type GuardedClient<S> = crate::reqwest::ReqwestService<
    crate::workload::WorkloadService<
        crate::breaker::Breaker<crate::detect::Detect<crate::reqwest::HttpService<S>>>,
    >,
>;

/// Why a halt or its release could not be recorded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HaltError {
    /// Releases and halts are made by somebody, for a reason.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// No profile of this guard has that account.
    #[error("no profile of this guard is called `{0}`")]
    NoSuchProfile(String),
    /// The ledger said no, or nothing.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl PlanGuard {
    /// A guard for the plan of `profile`.
    ///
    /// The defaults: [`Posture::Probation`], 4 unanswered calls on plan
    /// endpoints, the ledger of this login
    /// ([`default_place`](crate::ledger::default_place)), unclaimed hosts pass
    /// untouched.
    ///
    /// [`Posture::Probation`]: crate::breaker::Posture::Probation
    pub fn builder(profile: Profile) -> Builder {
        Builder::new(vec![profile])
    }

    /// A guard for every plan that comes with the crate, each request under the
    /// profile that claims it: one stack for a client that talks to many
    /// vendors. A host that none claims passes untouched.
    ///
    /// Plans whose vendor grants other clients nothing are refused
    /// ([`Builder::allow_tripwire`]).
    ///
    /// ```
    /// use planguard::{PlanGuard, ledger::MemoryLedger};
    ///
    /// let plans = PlanGuard::builder_for_all().ledger(MemoryLedger::new()).build()?;
    /// # Ok::<_, planguard::BuildError>(())
    /// ```
    pub fn builder_for_all() -> Builder {
        Builder::new(all_built_in())
    }

    /// The whole stack as one layer: workload outside, then breaker, detect
    /// inside. A retry layer belongs outside of it.
    #[cfg(feature = "tower")]
    pub fn layer(&self) -> PlanLayer {
        PlanLayer {
            workload: self.workload_layer(),
            breaker: self.breaker_layer(),
            detect: self.detect_layer(),
        }
    }

    /// The non-coding guard alone; see [`workload`](crate::workload) for what
    /// it gives.
    #[cfg(feature = "tower")]
    pub fn workload_layer(&self) -> crate::workload::WorkloadLayer {
        crate::workload::WorkloadLayer::of(self.workload.clone())
    }

    /// The breaker alone; see [`breaker`](crate::breaker) for what it needs.
    #[cfg(feature = "tower")]
    pub fn breaker_layer(&self) -> crate::breaker::BreakerLayer {
        crate::breaker::BreakerLayer::new(self.core.clone())
    }

    /// Detection alone; see [`detect`](crate::detect) for what it gives.
    #[cfg(feature = "tower")]
    pub fn detect_layer(&self) -> crate::detect::DetectLayer {
        crate::detect::DetectLayer::new(self.core.registry.clone())
            .with_clock(self.core.shared.clock.clone())
    }

    /// The whole stack as one reqwest middleware. It has to be the last one of
    /// a client: a retry middleware belongs outside, which is before it.
    #[cfg(feature = "reqwest")]
    pub fn middleware(&self) -> PlanMiddleware {
        self.layer().into()
    }

    /// The non-coding guard alone, as a reqwest middleware.
    #[cfg(feature = "reqwest")]
    pub fn workload_middleware(&self) -> crate::workload::WorkloadMiddleware {
        self.workload_layer().into()
    }

    /// The breaker alone, as a reqwest middleware.
    #[cfg(feature = "reqwest")]
    pub fn breaker_middleware(&self) -> crate::breaker::BreakerMiddleware {
        self.breaker_layer().into()
    }

    /// Detection alone, as a reqwest middleware.
    #[cfg(feature = "reqwest")]
    pub fn detect_middleware(&self) -> crate::detect::DetectMiddleware {
        self.detect_layer().into()
    }

    /// The whole stack around a reqwest client, as a service of its requests:
    /// a [`reqwest::Client`](::reqwest::Client) or a
    /// [`ClientWithMiddleware`](reqwest_middleware::ClientWithMiddleware).
    #[cfg(feature = "reqwest")]
    pub fn reqwest_service<S>(&self, client: S) -> GuardedClient<S> {
        use crate::reqwest::{HttpService, ReqwestService};
        ReqwestService::new(tower_layer::Layer::layer(&self.layer(), HttpService::new(client)))
    }

    /// Everything that happens from here on.
    pub fn events(&self) -> Events {
        self.core.shared.bus.subscribe()
    }

    /// What this guard does about signals of `class`.
    pub fn disposition(&self, class: Class) -> Disposition {
        self.core.shared.dispositions.get(class)
    }

    /// What this guard does about `signal`, an answer of the endpoint of
    /// `claim`.
    pub fn disposition_of(&self, signal: &Signal, claim: &Claim) -> Disposition {
        self.core.shared.dispositions.of_signal(signal, claim)
    }

    /// The account that a credential (the bare key or token) belongs to.
    pub fn account_of(&self, profile: &Profile, credential: &str) -> Account {
        Account::from_credential(profile.id(), profile.stable_part(credential).as_bytes())
    }

    /// What kind of work a request is, by this guard's classifier. Nothing is
    /// sent, counted or told.
    ///
    /// One that needs time ([`Policy::async_classifier`]) is not asked:
    /// planguard's own model answers in its place.
    ///
    /// ```
    /// use planguard::{PlanGuard, ledger::MemoryLedger, exchange::Workload};
    ///
    /// # fn main() -> Result<(), planguard::BoxError> {
    /// let plan = PlanGuard::builder(planguard::profile::zai()).ledger(MemoryLedger::new()).build()?;
    /// let body = r#"{"model":"glm-5.2","messages":[{"role":"user","content":
    ///     "Write me a bedtime story about a dragon who is afraid of the dark"}]}"#;
    /// # if cfg!(feature = "workload") {
    /// assert_eq!(plan.assess(&http::Request::new(body)).workload, Workload::NonCoding);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`Policy::async_classifier`]: crate::workload::Policy::async_classifier
    pub fn assess(&self, request: &impl Outgoing) -> Verdict {
        self.workload.assess(request.body_bytes())
    }

    /// Every account that has sent something through this process, by name.
    pub fn snapshot(&self) -> Vec<Snapshot> {
        self.core.cells().iter().map(|cell| self.look_at(cell)).collect()
    }

    fn look_at(&self, cell: &Cell) -> Snapshot {
        let workload = self.workload.tallies.of(Some(&cell.account));
        Snapshot { workload, ..Snapshot::of(cell) }
    }

    /// Halts `account` until a person acknowledges, on every endpoint of its
    /// profile. Answers with the halt, once the ledger has it.
    ///
    /// # Errors
    ///
    /// [`HaltError`] if the person or the reason is missing or too long
    /// ([`SIGNED_BYTES`](crate::ledger::SIGNED_BYTES)), the profile is
    /// not this guard's, or the ledger cannot be written. In that last case
    /// the account is halted in this process all the same.
    pub async fn halt(&self, account: &Account, by: &str, note: &str) -> Result<Halt, HaltError> {
        let by = Person::signed(by, note)?;
        let cell = self
            .core
            .cell_of(account)
            .ok_or_else(|| HaltError::NoSuchProfile(account.profile().to_owned()))?;
        let opened = self.core.shared.ledger.open(account).await?;
        cell.read(&opened);
        let (id, written) = cell.halt_by(by);
        written.await;
        let record = self.core.shared.ledger.open(account).await?.record;
        let place = || self.core.shared.ledger.place();
        record
            .halt(&id)
            .cloned()
            .ok_or_else(|| LedgerError::unavailable(place(), "the halt is not written yet").into())
    }

    /// Releases the open halt `halt`: the only way out of a latch.
    ///
    /// `by` names the person, `note` says what they did about it. A released
    /// account may send at once; strikes stay counted.
    ///
    /// # Errors
    ///
    /// [`HaltError`] if the person or the note is missing or too long
    /// ([`SIGNED_BYTES`](crate::ledger::SIGNED_BYTES)), no account has
    /// that halt open (the error names those that are), the account has two
    /// confirmed strikes
    /// ([`acknowledge_last_chance`](Self::acknowledge_last_chance)), or the
    /// ledger cannot be written.
    pub async fn acknowledge(&self, halt: &str, by: &str, note: &str) -> Result<(), HaltError> {
        self.release(halt, self.word(by, note)?).await
    }

    /// The same after the second confirmed strike, by somebody who knows that
    /// the next one may end the account.
    ///
    /// # Errors
    ///
    /// As for [`acknowledge`](Self::acknowledge).
    pub async fn acknowledge_last_chance(
        &self,
        halt: &str,
        by: &str,
        note: &str,
    ) -> Result<(), HaltError> {
        self.release(halt, self.word(by, note)?.last_chance()).await
    }

    fn word(&self, by: &str, note: &str) -> Result<Acknowledgement, HaltError> {
        Ok(Acknowledgement::new(Person::signed(by, note)?, to_millis(self.core.shared.clock.now())))
    }

    async fn release(&self, halt: &str, word: Acknowledgement) -> Result<(), HaltError> {
        let by = word.by.clone();
        let (account, opened) = self.core.shared.ledger.acknowledge(halt, word).await?;
        meter::release(account.profile(), "person");
        tracing::info!(
            target: "planguard::breaker",
            account = account.as_str(), halt_id = halt, by = by.name, note = by.note,
            "a halt was released"
        );
        if let Some(cell) = self.core.known(&account) {
            cell.released(&opened, halt, by);
        }
        Ok(())
    }

    /// All that the ledger keeps, by account.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if it cannot be read.
    pub async fn ledger(&self) -> Result<Vec<(Account, Record)>, LedgerError> {
        self.core.shared.ledger.list().await
    }
}

impl fmt::Debug for PlanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanGuard")
            .field("posture", &self.core.shared.dispositions.posture())
            .field("ledger", &self.core.shared.ledger.place())
            .finish_non_exhaustive()
    }
}

/// One account of this process at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The account.
    pub account: Account,
    /// Its halts and strikes.
    pub record: Record,
    /// Calls on plan endpoints between admission and answer.
    pub unanswered: u32,
    /// Calls on plan endpoints whose bodies have not ended.
    pub in_flight: u32,
    /// Calls that wait for a slot.
    pub waiting: usize,
    /// What kind of work its calls were taken for, and what was done.
    pub workload: WorkloadTally,
}

impl Snapshot {
    fn of(cell: &Cell) -> Self {
        cell.gate.look(|state| Self {
            account: cell.account.clone(),
            record: state.standing.record().clone(),
            unanswered: state.standing.unanswered(),
            in_flight: state.standing.in_flight(),
            waiting: state.waiting(),
            workload: WorkloadTally::default(),
        })
    }
}
