//! The layers in the right order, over one core.

use std::{fmt, sync::Arc};

use http::Uri;

use crate::{
    account::Account,
    breaker::{
        Bus, Cell, Core, Disposition, Dispositions, Events, LedgerTrouble, Limits, Posture, Shared,
        StruckResponse, TooLax, Unclaimed, random,
    },
    clock::{Clock, SystemClock, to_millis},
    ledger::{Halt, Ledger, LedgerError, MemoryLedger, Person, Record, Writer},
    profile::{Notice, Profile, Registry},
    signal::Class,
};

/// What keeps a program inside the terms of its plans. Clones are the same
/// guard: halts, slots and queues are shared by every clone, layer, service
/// and task.
#[derive(Clone)]
pub struct PlanGuard(Arc<Core>);

/// Settings of a [`PlanGuard`], from [`PlanGuard::builder`].
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    profiles: Vec<Profile>,
    dispositions: Dispositions,
    too_lax: Option<TooLax>,
    limits: Limits,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    account: Option<String>,
    upstream: Option<Uri>,
    unclaimed: Unclaimed,
    trouble: LedgerTrouble,
    struck: StruckResponse,
    on_notice: Option<Box<dyn Fn(&Notice) + Send + Sync>>,
}

/// Why a [`PlanGuard`] cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A policy class would be answered more laxly than the table says.
    #[error(transparent)]
    TooLax(#[from] TooLax),
    /// Nothing could ever leave.
    #[error("`{0}` must be at least 1: with 0 nothing could ever leave")]
    Zero(&'static str),
    /// The upstream has no host.
    #[error(
        "the upstream `{0}` has no host: give an absolute URL, as in `https://api.z.ai/api/anthropic`"
    )]
    Upstream(Uri),
}

/// Why a halt or its release could not be recorded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HaltError {
    /// Releases and halts are made by somebody, for a reason.
    #[error("{0} is empty: name the person and the reason")]
    Anonymous(&'static str),
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
    /// endpoints, a [`MemoryLedger`] (halts end with the process), unclaimed
    /// hosts pass untouched.
    pub fn builder(profile: Profile) -> Builder {
        Builder {
            profiles: vec![profile],
            dispositions: Dispositions::default(),
            too_lax: None,
            limits: Limits::default(),
            ledger: Arc::new(MemoryLedger::new()),
            clock: Arc::new(SystemClock),
            account: None,
            upstream: None,
            unclaimed: Unclaimed::default(),
            trouble: LedgerTrouble::default(),
            struck: StruckResponse::default(),
            on_notice: None,
        }
    }

    /// The whole stack as one layer: breaker outside, detect inside. A retry
    /// layer belongs outside of it.
    #[cfg(feature = "tower")]
    pub fn layer(&self) -> PlanLayer {
        PlanLayer { breaker: self.breaker_layer(), detect: self.detect_layer() }
    }

    /// The breaker alone; see [`breaker`](crate::breaker) for what it needs.
    #[cfg(feature = "tower")]
    pub fn breaker_layer(&self) -> crate::breaker::BreakerLayer {
        crate::breaker::BreakerLayer::new(self.0.clone())
    }

    /// Detection alone; see [`detect`](crate::detect) for what it gives.
    #[cfg(feature = "tower")]
    pub fn detect_layer(&self) -> crate::detect::DetectLayer {
        crate::detect::DetectLayer::new(self.0.registry.clone())
            .with_clock(self.0.shared.clock.clone())
    }

    /// Everything that happens from here on.
    pub fn events(&self) -> Events {
        self.0.shared.bus.subscribe()
    }

    /// What this guard does about signals of `class`.
    pub fn disposition(&self, class: Class) -> Disposition {
        self.0.shared.dispositions.get(class)
    }

    /// The account that a credential (the bare key or token) belongs to.
    pub fn account_of(&self, profile: &Profile, credential: &str) -> Account {
        Account::from_credential(profile.id(), profile.stable_part(credential).as_bytes())
    }

    /// Every account that has sent something through this process, by name.
    pub fn snapshot(&self) -> Vec<Snapshot> {
        self.0.cells().iter().map(|cell| Snapshot::of(cell)).collect()
    }

    /// Halts `account` until a person acknowledges, on every endpoint of its
    /// profile. Answers with the halt, once the ledger has it.
    ///
    /// # Errors
    ///
    /// [`HaltError`] if the person or the reason is missing, the profile is
    /// not this guard's, or the ledger cannot be written. In that last case
    /// the account is halted in this process all the same.
    pub async fn halt(&self, account: &Account, by: &str, note: &str) -> Result<Halt, HaltError> {
        let by = person(by, note)?;
        let cell = self
            .0
            .cell_of(account)
            .ok_or_else(|| HaltError::NoSuchProfile(account.profile().to_owned()))?;
        let opened = self.0.shared.ledger.open(account).await?;
        cell.read(&opened);
        let (id, written) = cell.halt_by(by);
        written.await;
        let record = self.0.shared.ledger.open(account).await?.record;
        let place = || self.0.shared.ledger.place();
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
    /// [`HaltError`] if the person or the note is missing, no account has
    /// that halt open (the error names those that are), or the ledger cannot
    /// be written.
    pub async fn acknowledge(&self, halt: &str, by: &str, note: &str) -> Result<(), HaltError> {
        let by = person(by, note)?;
        let at = to_millis(self.0.shared.clock.now());
        let (account, opened) = self.0.shared.ledger.acknowledge(halt, by.clone(), at).await?;
        tracing::info!(
            target: "planguard::breaker",
            account = account.as_str(), halt_id = halt, by = by.name, note = by.note,
            "a halt was released"
        );
        if let Some(cell) = self.0.known(&account) {
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
        self.0.shared.ledger.list().await
    }
}

fn person(by: &str, note: &str) -> Result<Person, HaltError> {
    match (by.trim(), note.trim()) {
        ("", _) => Err(HaltError::Anonymous("the person's name")),
        (_, "") => Err(HaltError::Anonymous("the note")),
        (by, note) => Ok(Person::new(by, note)),
    }
}

impl fmt::Debug for PlanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanGuard")
            .field("posture", &self.0.shared.dispositions.posture())
            .field("ledger", &self.0.shared.ledger.place())
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Guards the plan of `profile` too.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// How strictly signals are answered. `Report` is the one to start with
    /// if you are unsure.
    pub fn posture(mut self, posture: Posture) -> Self {
        let mut dispositions = Dispositions::new(posture);
        self.dispositions.copy_overrides(&mut dispositions);
        self.dispositions = dispositions;
        self
    }

    /// Replaces what is done about one class. Policy classes can be made
    /// stricter, not laxer: [`build`](Self::build) fails otherwise.
    pub fn disposition(mut self, class: Class, disposition: Disposition) -> Self {
        if let Err(error) = self.dispositions.set(class, disposition) {
            self.too_lax.get_or_insert(error);
        }
        self
    }

    /// How many calls on plan endpoints may be between admission and answer
    /// at once, by account. Default 4. No more than this many can reach the
    /// provider after a strike is recognised.
    pub fn unanswered(mut self, calls: u32) -> Self {
        self.limits.unanswered = calls;
        self
    }

    /// How many calls on plan endpoints may be between admission and the end
    /// of their bodies at once, by account. Default: no such limit.
    pub fn in_flight(mut self, calls: u32) -> Self {
        self.limits.in_flight = Some(calls);
        self
    }

    /// The least number of slots that a passed probation leaves. Default 1;
    /// never more than [`unanswered`](Self::unanswered).
    pub fn after_probation(mut self, calls: u32) -> Self {
        self.limits.after_probation = calls;
        self
    }

    /// Where halts are kept. Default: a [`MemoryLedger`] of its own.
    pub fn ledger(mut self, ledger: impl Ledger) -> Self {
        self.ledger = Arc::new(ledger);
        self
    }

    /// What becomes of calls while the ledger cannot be read.
    pub fn on_ledger_trouble(mut self, trouble: LedgerTrouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// Where the time is read. Default: the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// One name for every credential: several keys of one subscription.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Every request is for this endpoint, whatever its URI says: for stacks
    /// that see relative URIs, or that send to a local proxy of the plan.
    pub fn with_upstream(mut self, url: Uri) -> Self {
        self.upstream = Some(url);
        self
    }

    /// What becomes of requests to hosts that no profile claims.
    pub fn on_unclaimed(mut self, unclaimed: Unclaimed) -> Self {
        self.unclaimed = unclaimed;
        self
    }

    /// What the call that struck answers.
    pub fn struck_response(mut self, struck: StruckResponse) -> Self {
        self.struck = struck;
        self
    }

    /// Called by [`build`](Self::build), once a profile, with what the
    /// vendor's terms say. Without it that is one `info` line for each
    /// ledger and week.
    pub fn on_notice(mut self, tell: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.on_notice = Some(Box::new(tell));
        self
    }

    /// The guard.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a setting contradicts what planguard is for.
    pub fn build(self) -> Result<PlanGuard, BuildError> {
        if let Some(error) = self.too_lax {
            return Err(error.into());
        }
        if self.limits.unanswered == 0 {
            return Err(BuildError::Zero("unanswered"));
        }
        if self.limits.in_flight == Some(0) {
            return Err(BuildError::Zero("in_flight"));
        }
        if let Some(upstream) = self.upstream.as_ref().filter(|url| url.host().is_none()) {
            return Err(BuildError::Upstream(upstream.clone()));
        }
        if let Some(tell) = &self.on_notice {
            for profile in &self.profiles {
                tell(&profile.notice());
            }
        }
        let shared = Shared {
            clock: self.clock,
            writer: Writer::new(self.ledger.clone()),
            ledger: self.ledger,
            bus: Bus::new(),
            dispositions: self.dispositions,
            limits: self.limits,
            trouble: self.trouble,
            struck: self.struck,
            holder: format!("{}-{:x}", std::process::id(), random()),
            notice_told: self.on_notice.is_some(),
        };
        let registry = Registry::new(&self.profiles);
        let core =
            Core::new(shared, registry, self.profiles, self.account, self.upstream, self.unclaimed);
        Ok(PlanGuard(Arc::new(core)))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("profiles", &self.profiles)
            .field("dispositions", &self.dispositions)
            .field("limits", &self.limits)
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
}

impl Snapshot {
    fn of(cell: &Cell) -> Self {
        cell.gate.look(|state| Self {
            account: cell.account.clone(),
            record: state.standing.record().clone(),
            unanswered: state.standing.unanswered(),
            in_flight: state.standing.in_flight(),
            waiting: state.waiting(),
        })
    }
}

#[cfg(feature = "tower")]
pub use layer::PlanLayer;

#[cfg(feature = "tower")]
mod layer {
    use tower_layer::Layer;

    use crate::{
        breaker::{Answer, Breaker, BreakerLayer, Throw},
        detect::{Detect, DetectLayer},
        refusal::Dialect,
    };

    /// The whole stack: [`Breaker`] outside, [`Detect`] inside.
    #[derive(Clone, Debug)]
    pub struct PlanLayer<R = Throw> {
        pub(super) breaker: BreakerLayer<R>,
        pub(super) detect: DetectLayer,
    }

    impl PlanLayer {
        /// Turns refusals into responses in `dialect`, so that the service's
        /// error stays the inner one's.
        #[must_use]
        pub fn answer_refusals(self, dialect: Dialect) -> PlanLayer<Answer> {
            let Self { breaker, detect } = self;
            PlanLayer { breaker: breaker.answer_refusals(dialect), detect }
        }
    }

    impl<R> PlanLayer<R> {
        /// Holds the head of an event stream until its first event is judged,
        /// at most `wait`: for gateways, which can then answer by status.
        #[must_use]
        pub fn hold_head_for_first_event(mut self, wait: std::time::Duration) -> Self {
            self.detect = self.detect.hold_head_for_first_event(wait);
            self
        }
    }

    impl<S, R: Clone> Layer<S> for PlanLayer<R> {
        type Service = Breaker<Detect<S>, R>;

        fn layer(&self, inner: S) -> Self::Service {
            self.breaker.layer(self.detect.layer(inner))
        }
    }
}
