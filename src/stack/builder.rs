//! The settings of a guard.

use std::{fmt, sync::Arc};

use http::Uri;

use super::{PlanGuard, desk::Desk};
#[cfg(feature = "workload")]
use crate::workload::Sensitivity;
use crate::{
    account::random,
    breaker::{
        Bus, Core, Disposition, Dispositions, LedgerTrouble, Limits, Posture, Shared,
        StruckResponse, TooLax, Unclaimed, count_none,
    },
    clock::{Clock, SystemClock},
    ledger::{FileLedger, Ledger, Writer, default_place},
    profile::{Billing, Endpoint, Mode, Notice, Profile, Registry, all_built_in, built_in},
    signal::Class,
    workload::{Action, Guard, Policy},
};

/// Settings of a [`PlanGuard`], from [`PlanGuard::builder`].
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    profiles: Vec<Profile>,
    dispositions: Dispositions,
    too_lax: Option<TooLax>,
    limits: Limits,
    ledger: Option<Arc<dyn Ledger>>,
    clock: Arc<dyn Clock>,
    account: Option<String>,
    upstream: Option<Uri>,
    unclaimed: Unclaimed,
    trouble: LedgerTrouble,
    struck: StruckResponse,
    allowed: Vec<String>,
    on_notice: Option<OnNotice>,
    workload: Policy,
}

type OnNotice = Box<dyn Fn(&Notice) + Send + Sync>;

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
    /// A grant was claimed for a profile that is none of this guard's, or that
    /// needs none.
    #[error("`allow_tripwire(\"{0}\")` names no profile of this guard whose mode is `tripwire`")]
    NoTripwire(String),
    /// A profile of one's own makes a plan open that comes as a tripwire.
    #[error(
        "the profile `{0}` takes the place of a built-in tripwire and is none itself: only code can say that the vendor permits this program, with `allow_tripwire(\"{0}\")`; if it is about other keys on that host, say so by `credential` in its endpoints"
    )]
    Untripped(String),
    /// Other work would be sent to where it may not go, or cannot.
    #[error("non-coding requests cannot be rerouted: {0}")]
    Reroute(String),
    /// There is no place to keep halts at, and nothing is kept in memory
    /// unless somebody says so.
    #[error(
        "no place to keep halts at: {0}. Three ways out: set PLANGUARD_LEDGER to a file that this user can write; or pass `.ledger(..)` a store of your own, as in `.ledger(FileLedger::open(path)?)`; or pass `.ledger(MemoryLedger::new())`, which forgets every halt and strike when the process ends, so that a restart sends into a halted account again"
    )]
    NoLedger(String),
}

impl Builder {
    pub(super) fn new(profiles: Vec<Profile>) -> Self {
        Self {
            profiles,
            dispositions: Dispositions::default(),
            too_lax: None,
            limits: Limits::default(),
            ledger: None,
            clock: Arc::new(SystemClock),
            account: None,
            upstream: None,
            unclaimed: Unclaimed::default(),
            trouble: LedgerTrouble::default(),
            struck: StruckResponse::default(),
            allowed: Vec::new(),
            on_notice: None,
            workload: Policy::default(),
        }
    }

    /// Guards the plan of `profile` too. It takes the place of one with the
    /// same id, so that a file of your own may correct a built-in profile, and
    /// where another one claims the same place it comes before it.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profiles.retain(|known| known.id() != profile.id());
        self.profiles.insert(0, profile);
        self
    }

    /// Lets requests leave for the plan of the [tripwire](Mode::Tripwire)
    /// profile `id`, which are refused otherwise.
    ///
    /// For a program that has the vendor's permission. planguard cannot check
    /// that, and its word makes no client permitted: the terms of the profile
    /// hold as before, and the first policy signal halts the account.
    pub fn allow_tripwire(mut self, id: impl Into<String>) -> Self {
        self.allowed.push(id.into());
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

    /// Where halts are kept. Default: the [`FileLedger`] at
    /// [`default_place`](crate::ledger::default_place), which all planguard
    /// users of this login share.
    pub fn ledger(mut self, ledger: impl Ledger) -> Self {
        self.ledger = Some(Arc::new(ledger));
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

    /// All settings of the non-coding guard at once. The default is
    /// [`Policy::new`].
    pub fn workload(mut self, policy: Policy) -> Self {
        self.workload = policy;
        self
    }

    /// What is done about requests to plan endpoints that are other work than
    /// coding. Default: [`Action::Block`].
    pub fn non_coding(mut self, action: Action) -> Self {
        self.workload = self.workload.non_coding(action);
        self
    }

    /// What is done about those that could be either. Default:
    /// [`Action::Pass`].
    pub fn unclear(mut self, action: Action) -> Self {
        self.workload = self.workload.unclear(action);
        self
    }

    /// How sure planguard's own model has to be. Default:
    /// [`Sensitivity::Careful`].
    #[cfg(feature = "workload")]
    pub fn sensitivity(mut self, sensitivity: Sensitivity) -> Self {
        self.workload = self.workload.sensitivity(sensitivity);
        self
    }

    /// Whether the header `x-planguard-workload` of a request counts as its
    /// caller's declaration. Default: yes. It is removed either way.
    pub fn trust_declarations(mut self, trust: bool) -> Self {
        self.workload = self.workload.trust_declarations(trust);
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
    /// [`BuildError`] if a setting contradicts what planguard is for, or no
    /// ledger was given and the one of this login cannot be opened.
    ///
    /// Opening a file blocks the thread for the time that it takes to read.
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
        let tripwire = |id: &str| self.profiles.iter().any(|p| p.id() == id && is_tripwire(p));
        let open = |p: &&Profile| p.mode() != Mode::Tripwire && is_tripwire(p);
        let mut opened = self.profiles.iter().filter(open).map(Profile::id);
        if let Some(id) = opened.find(|id| !self.allowed.iter().any(|allowed| allowed == id)) {
            return Err(BuildError::Untripped(id.to_owned()));
        }
        if let Some(stray) = self.allowed.iter().find(|id| !tripwire(id)) {
            return Err(BuildError::NoTripwire(stray.clone()));
        }
        let registry = Registry::new(&self.profiles);
        if let Some(trouble) = self.reroute_trouble(&registry) {
            return Err(BuildError::Reroute(trouble));
        }
        let ledger = match self.ledger {
            Some(ledger) => ledger,
            None => Arc::new(ledger_of_this_login()?),
        };
        if let Some(tell) = &self.on_notice {
            for profile in &self.profiles {
                tell(&profile.notice());
            }
        }
        let shared = Shared {
            clock: self.clock,
            writer: Writer::new(ledger.clone()),
            ledger,
            bus: Bus::new(),
            dispositions: self.dispositions,
            limits: self.limits,
            trouble: self.trouble,
            struck: self.struck,
            holder: format!("{}-{:x}", std::process::id(), random()),
            allowed: self.allowed,
            notice_told: self.on_notice.is_some(),
        };
        self.profiles.iter().for_each(count_none);
        let (plans, upstream) = (registry.clone(), self.upstream.clone());
        let core =
            Core::new(shared, registry, self.profiles, self.account, self.upstream, self.unclaimed);
        let core = Arc::new(core);
        let desk = Arc::new(Desk(core.clone()));
        let workload = Arc::new(Guard::new(plans, upstream, self.workload, desk));
        Ok(PlanGuard { core, workload })
    }

    fn reroute_trouble(&self, plans: &Registry) -> Option<String> {
        let mut metered = self.workload.metered().peekable();
        metered.peek()?;
        if let Some(upstream) = &self.upstream {
            return Some(format!(
                "every request is for the upstream `{upstream}`, whatever its URL says"
            ));
        }
        let built_in = Registry::new(&all_built_in());
        metered.find_map(|metered| metered.trouble(plans).or_else(|| metered.trouble(&built_in)))
    }
}

/// Whether its plan needs a grant. A file alone takes that from no built-in
/// tripwire, neither under its id nor at its place.
fn is_tripwire(profile: &Profile) -> bool {
    if profile.mode() == Mode::Tripwire {
        return true;
    }
    if built_in(profile.id()).is_some_and(|own| own.address() == profile.address()) {
        return false;
    }
    let on_place = |plan: &Endpoint| profile.endpoints().iter().any(|own| own.meets(plan));
    let mut tripwires = all_built_in().into_iter().filter(|own| own.mode() == Mode::Tripwire);
    tripwires.any(|own| {
        let mut plan = own.endpoints().iter().filter(|at| at.billing == Billing::Plan);
        own.id() == profile.id() || plan.any(on_place)
    })
}

fn ledger_of_this_login() -> Result<FileLedger, BuildError> {
    let place = default_place().map_err(|none| BuildError::NoLedger(none.to_string()))?;
    FileLedger::open(place).map_err(|error| BuildError::NoLedger(error.to_string()))
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
