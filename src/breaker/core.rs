//! Admission: which account a request counts for, and whether it may leave.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{Arc, atomic::Ordering},
};

use http::{HeaderMap, Uri, header::USER_AGENT};
use parking_lot::Mutex;
use siphasher::sip128::SipHasher13;

use super::{
    call::{Call, Waiting},
    cell::{Cell, once_a_minute},
    config::{LEASE, LEDGER_DEADLINE, LedgerTrouble, Shared, Unclaimed},
    event::What,
    gate::{Place, QUEUE, Waited},
    refuse,
    standing::{Admit, Ask, Trial},
};
use crate::{
    account::{Account, random},
    clock::{Millis, to_millis},
    exchange::{Agent, Workload},
    ledger::{BoxFuture, Changed, Entry, Fact, Lease, LedgerError},
    meter,
    profile::{Claim, Identity, Mode, Profile, Registry, Target},
    refusal::Refused,
};

/// How many credentials are known at once. Beyond it, all accounts without a
/// halt or a call out are forgotten and read again when they ask.
const CREDENTIALS: usize = 4_096;
/// How often a ledger hears a profile's notice.
const NOTICE_MS: Millis = 7 * 24 * 60 * 60 * 1_000;

/// The answer to a request that wants to leave.
pub(crate) enum Admission {
    /// No profile claims it: it is none of our business.
    Unclaimed,
    /// It may.
    Go(Call),
    /// That takes a look at the ledger, or a place in the queue.
    Later(BoxFuture<'static, Result<Call, Refused>>),
    /// It may not.
    Refuse(Refused),
}

/// What is looked at of a request.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) to: Target<'a>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) workload: Workload,
}

/// All accounts of one guard in this process.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) registry: Registry,
    profiles: Vec<Profile>,
    /// The operator's name for every account.
    name: Option<String>,
    /// The endpoint that every request is for, whatever its URI says.
    upstream: Option<Uri>,
    unclaimed: Unclaimed,
    keys: (u64, u64),
    /// Held for one look-up; a lock for readers would cost each of them more.
    known: Mutex<Known>,
    warned_hosts: Mutex<HashSet<String>>,
    /// When each profile's notice may be due again.
    noticed: Mutex<HashMap<String, Millis>>,
    /// The profiles whose age was looked at.
    aged: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Known {
    by_credential: HashMap<Key, Arc<Cell>, BuildHasherDefault<KeyHash>>,
    by_account: HashMap<Account, Arc<Cell>>,
}

/// A credential under one profile.
#[derive(PartialEq, Eq)]
struct Key {
    profile: usize,
    hash: u128,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash as u64);
    }
}

/// A keyed hash need not be hashed again.
#[derive(Default)]
struct KeyHash(u64);

impl Hasher for KeyHash {
    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Core {
    pub(crate) fn new(
        shared: Shared,
        registry: Registry,
        profiles: Vec<Profile>,
        name: Option<String>,
        upstream: Option<Uri>,
        unclaimed: Unclaimed,
    ) -> Self {
        let keys = random();
        Self {
            shared: Arc::new(shared),
            registry,
            profiles,
            name,
            upstream,
            unclaimed,
            keys: ((keys >> 64) as u64, keys as u64),
            known: Mutex::default(),
            warned_hosts: Mutex::default(),
            noticed: Mutex::default(),
            aged: Mutex::default(),
        }
    }

    /// May this request leave?
    pub(crate) fn admit(self: &Arc<Self>, head: Head<'_>) -> Admission {
        let to = self.upstream.as_ref().map_or(head.to, Target::from);
        let Some(claim) = self.registry.find(to, head.headers) else {
            return self.unclaimed(to, head.headers);
        };
        let cell = self.cell(claim, head.headers);
        let ask = Ask {
            endpoint: claim.endpoint_index(),
            plan: claim.is_plan(),
            may_test: head.workload != Workload::NonCoding,
        };
        let agent = cell.client(head.headers.get(USER_AGENT));
        if ask.plan && agent.is_none() {
            if let Some(refused) = no_user_agent(&cell, claim) {
                return Admission::Refuse(refused);
            }
        }
        if ask.plan && claim.profile().mode() == Mode::Tripwire {
            if let Some(refused) = no_grant(&cell, claim) {
                return Admission::Refuse(refused);
            }
        }
        if cell.told.untaken.load(Ordering::Relaxed) >= 2 && !self.shared.reports_only() {
            return Admission::Refuse(refuse::misconfigured(&cell, claim));
        }
        let fresh = cell.seen().is_some_and(|seen| {
            matches!(self.shared.ledger.changed(&cell.account, seen), Changed::No)
        });
        if !fresh {
            return self.later(cell, claim, ask, agent);
        }
        let now = cell.now();
        self.show_notice(&cell, claim, now);
        cell.watch_pace(now);
        match cell.gate.admit_open(ask, now) {
            Some(pass) => Admission::Go(Call::new(cell, claim.clone(), pass).by(agent)),
            None => self.admit_halted(cell, claim, ask, agent),
        }
    }

    /// May this request leave, although a halt or the want of a slot speaks
    /// against it?
    #[cold]
    fn admit_halted(
        self: &Arc<Self>,
        cell: Arc<Cell>,
        claim: &Claim,
        ask: Ask,
        agent: Option<Agent>,
    ) -> Admission {
        if self.shared.reports_only() {
            return Admission::Go(anyway(cell, claim.clone(), ask).by(agent));
        }
        match cell.act(|gate, now, writes| gate.admit(ask, now, writes)) {
            Admit::Go(pass) => Admission::Go(Call::new(cell, claim.clone(), pass).by(agent)),
            Admit::Refuse { halt, not_before } => {
                Admission::Refuse(refuse::halted(&cell, claim, &halt, not_before))
            }
            Admit::Wait | Admit::Lease(_) => self.later(cell, claim, ask, agent),
        }
    }

    #[cold]
    fn later(
        self: &Arc<Self>,
        cell: Arc<Cell>,
        claim: &Claim,
        ask: Ask,
        agent: Option<Agent>,
    ) -> Admission {
        let (core, claim) = (self.clone(), claim.clone());
        Admission::Later(Box::pin(async move {
            core.admit_slowly(cell, claim, ask).await.map(|call| call.by(agent))
        }))
    }

    async fn admit_slowly(&self, cell: Arc<Cell>, claim: Claim, ask: Ask) -> Result<Call, Refused> {
        self.refresh(&cell, &claim).await?;
        self.show_notice(&cell, &claim, cell.now());
        cell.watch_pace(cell.now());
        if self.shared.reports_only() {
            return Ok(anyway(cell, claim, ask));
        }
        let mut asked = false;
        loop {
            match cell.act(|gate, now, writes| gate.admit(ask, now, writes)) {
                Admit::Go(pass) => return Ok(Call::new(cell, claim, pass)),
                Admit::Refuse { halt, not_before } => {
                    return Err(refuse::halted(&cell, &claim, &halt, not_before));
                }
                // Who did not get the lease the first time does not hammer
                // the ledger for it.
                Admit::Lease(halt) if std::mem::replace(&mut asked, true) => {
                    return Err(refuse::halted(&cell, &claim, &halt, None));
                }
                Admit::Lease(halt) => {
                    if let Some(call) = self.try_trial(&cell, &claim, ask, &halt).await? {
                        return Ok(call);
                    }
                }
                Admit::Wait => {
                    if let Some(call) = self.wait(&cell, &claim, ask).await? {
                        return Ok(call);
                    }
                }
            }
        }
    }

    /// Stands in the queue. None if the standing changed: ask again.
    async fn wait(
        &self,
        cell: &Arc<Cell>,
        claim: &Claim,
        ask: Ask,
    ) -> Result<Option<Call>, Refused> {
        let place = cell.act(|gate, now, writes| gate.enqueue(ask, now, writes));
        let Place::Taken(id) = place else { return Err(refuse::queue_full(cell, claim, QUEUE)) };
        if !cell.told.waiting.swap(true, Ordering::Relaxed) {
            let unanswered = self.shared.limits.unanswered;
            tracing::info!(
                target: "planguard::breaker",
                account = cell.account.as_str(), unanswered,
                "calls wait: no more than {unanswered} may be unanswered at once on a plan, so that no more than that can follow a strike; PlanGuard::builder(..).unanswered(n) raises it"
            );
            cell.tell(What::Waiting { unanswered });
        }
        match Waiting::new(cell.clone(), id).await {
            Waited::AskAgain => Ok(None),
            Waited::Granted(pass) => {
                let call = Call::new(cell.clone(), claim.clone(), pass);
                // The wait may have been long, and others share the ledger.
                self.refresh(cell, claim).await?;
                let moved_on = cell.gate.look(|s| s.standing.record().epoch) != call.epoch();
                Ok((!moved_on).then_some(call))
            }
        }
    }

    /// Asks the ledger for the trial. None if another has it.
    async fn try_trial(
        &self,
        cell: &Arc<Cell>,
        claim: &Claim,
        ask: Ask,
        halt: &str,
    ) -> Result<Option<Call>, Refused> {
        let holder = format!("{}.{}", self.shared.holder, cell.fresh_id());
        let trial = Trial { halt: halt.to_owned(), holder };
        let Some(mut claiming) = Claiming::begin(cell, trial.clone()) else { return Ok(None) };
        let now = cell.now();
        let dies = now.saturating_add(u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX));
        let lease = Lease::new(trial.holder.clone(), now, dies);
        let claimed = self.shared.ledger.claim(&cell.account, halt, lease);
        let trouble = match tokio::time::timeout(LEDGER_DEADLINE, claimed).await {
            Ok(Ok(opened)) => {
                claiming.unsure = None;
                let pass = cell.lent(trial, &opened, ask);
                return Ok(pass.map(|pass| Call::new(cell.clone(), claim.clone(), pass)));
            }
            Ok(Err(LedgerError::Conflict(opened))) => {
                claiming.unsure = None;
                cell.read(&opened);
                return Ok(None);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 2 s".to_owned(),
        };
        Err(self.unreadable(cell, claim, &trouble))
    }

    /// Reads the account's standing, if it may have changed.
    async fn refresh(&self, cell: &Arc<Cell>, claim: &Claim) -> Result<(), Refused> {
        let read = async {
            let _one = cell.reading.lock().await;
            let ledger = &self.shared.ledger;
            if let Some(seen) = cell.seen() {
                let changed = match ledger.changed(&cell.account, seen) {
                    Changed::No => false,
                    Changed::Yes => true,
                    Changed::Ask(asked) => asked.await?,
                };
                if !changed {
                    return Ok(());
                }
            }
            let opened = ledger.open(&cell.account).await?;
            cell.read(&opened);
            Ok::<_, LedgerError>(())
        };
        let trouble = match tokio::time::timeout(LEDGER_DEADLINE, read).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 2 s".to_owned(),
        };
        match self.shared.trouble {
            LedgerTrouble::Refuse if !self.shared.reports_only() => {
                Err(self.unreadable(cell, claim, &trouble))
            }
            LedgerTrouble::Refuse | LedgerTrouble::Pass => {
                self.say_trouble(cell, &trouble);
                if cell.seen().is_none() {
                    let known = self.shared.ledger.remembered(&cell.account).await;
                    known.iter().for_each(|opened| cell.read(opened));
                }
                Ok(())
            }
        }
    }

    fn unreadable(&self, cell: &Arc<Cell>, claim: &Claim, trouble: &str) -> Refused {
        self.say_trouble(cell, trouble);
        refuse::ledger_unavailable(cell, claim, trouble)
    }

    fn say_trouble(&self, cell: &Arc<Cell>, error: &str) {
        meter::ledger_error(cell.profile.id(), "read");
        if once_a_minute(&cell.told.trouble, cell.now()) {
            let account = cell.account.as_str();
            tracing::error!(target: "planguard::ledger", account, error, "the ledger cannot be read");
        }
        cell.tell(What::LedgerTrouble { error: error.to_owned(), again_in: None });
    }

    /// The account that a request counts for. Without an allocation for a
    /// credential that was seen before.
    fn cell(&self, claim: &Claim, headers: &HeaderMap) -> Arc<Cell> {
        let profile = claim.profile();
        let identity = if self.name.is_some() { None } else { claim.identity(headers) };
        let shown = match identity {
            Some(Identity::Account(bytes) | Identity::Credential(bytes)) => bytes,
            // Nothing that is shown is empty.
            None => &[],
        };
        let hash = keyed_hash(self.keys, shown);
        let key = Key { profile: profile.address(), hash };
        let known = self.known.lock().by_credential.get(&key).cloned();
        known.unwrap_or_else(|| self.new_cell(key, profile, identity))
    }

    /// The account that a request counts for.
    pub(crate) fn account_for(&self, claim: &Claim, headers: &HeaderMap) -> Account {
        self.cell(claim, headers).account.clone()
    }

    /// Whether `account` is halted at `claim`, as far as this process knows.
    pub(crate) fn is_halted(&self, account: &Account, claim: &Claim) -> bool {
        let (endpoint, plan) = (claim.endpoint_index(), claim.is_plan());
        let ask = Ask { endpoint, plan, may_test: false };
        let halted = |cell: Arc<Cell>| {
            let now = cell.now();
            cell.gate.look(|state| state.standing.forbids(ask, now))
        };
        self.known(account).is_some_and(halted)
    }

    #[cold]
    fn new_cell(&self, key: Key, profile: &Profile, identity: Option<Identity<'_>>) -> Arc<Cell> {
        self.warn_of_age(profile);
        let account = match (&self.name, identity) {
            (Some(name), _) => Account::named(profile.id(), name),
            (None, Some(Identity::Account(account))) => {
                Account::from_credential(profile.id(), account)
            }
            (None, Some(Identity::Credential(credential))) => {
                let credential = String::from_utf8_lossy(credential);
                let stable = profile.stable_part(&credential);
                Account::from_credential(profile.id(), stable.as_bytes())
            }
            (None, None) => Account::unidentified(profile.id()),
        };
        let mut known = self.known.lock();
        if known.by_credential.len() >= CREDENTIALS {
            known.forget_idle();
        }
        let cell = known.cell(&account, profile, &self.shared);
        known.by_credential.insert(key, cell.clone());
        cell
    }

    /// Says once a guard that a profile which is in use is old.
    fn warn_of_age(&self, profile: &Profile) {
        if self.aged.lock().insert(profile.id().to_owned()) {
            let now = self.shared.clock.now();
            if profile.is_old(now) {
                let (days, checked_on) = (profile.age_days(now), profile.checked_on());
                tracing::warn!(
                    target: "planguard::profile",
                    profile = profile.id(), checked_on, days,
                    "the documents of the {} were last read {days} days ago, on {checked_on}, and its terms may have changed: update planguard, or read them yourself",
                    profile.plan(),
                );
            }
        }
    }

    /// The cell of `account`; none if no profile of this guard has it.
    pub(crate) fn cell_of(&self, account: &Account) -> Option<Arc<Cell>> {
        let profile = self.profiles.iter().find(|profile| profile.id() == account.profile())?;
        Some(self.known.lock().cell(account, profile, &self.shared))
    }

    /// The cell of `account`, if one of its calls was seen.
    pub(crate) fn known(&self, account: &Account) -> Option<Arc<Cell>> {
        self.known.lock().by_account.get(account).cloned()
    }

    /// Every account that is known in this process.
    pub(crate) fn cells(&self) -> Vec<Arc<Cell>> {
        let mut cells: Vec<_> = self.known.lock().by_account.values().cloned().collect();
        cells.sort_by(|a, b| a.account.cmp(&b.account));
        cells
    }

    #[cold]
    fn unclaimed(&self, to: Target<'_>, headers: &HeaderMap) -> Admission {
        let host = || {
            let header = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
            to.host().or(header).unwrap_or("?").to_owned()
        };
        match self.unclaimed {
            Unclaimed::Pass => Admission::Unclaimed,
            Unclaimed::Refuse => Admission::Refuse(refuse::unclaimed(&host())),
            Unclaimed::Warn => {
                let host = host();
                let mut warned = self.warned_hosts.lock();
                if warned.len() < CREDENTIALS && warned.insert(host.clone()) {
                    tracing::warn!(target: "planguard::breaker", host, "no profile claims this host: its answers are not judged");
                }
                Admission::Unclaimed
            }
        }
    }

    /// One line a ledger and week, where the user has no callback. It keeps
    /// no call waiting.
    fn show_notice(&self, cell: &Cell, claim: &Claim, now: Millis) {
        let due = cell.told.notice_due.load(Ordering::Relaxed);
        if now >= due && claim.is_plan() && !self.shared.notice_told {
            self.show_due_notice(cell, claim, now);
        }
    }

    #[cold]
    fn show_due_notice(&self, cell: &Cell, claim: &Claim, now: Millis) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let next = now.saturating_add(NOTICE_MS);
        cell.told.notice_due.store(next, Ordering::Relaxed);
        let profile = claim.profile();
        let mut noticed = self.noticed.lock();
        // The profile's other accounts may have brought it up.
        if noticed.get(profile.id()).is_none_or(|due| now >= *due) {
            noticed.insert(profile.id().to_owned(), next);
            runtime.spawn(show_notice(self.shared.clone(), profile.clone()));
        }
    }
}

/// Out of line: amid an admission its state would not fit the registers.
#[inline(never)]
fn keyed_hash(keys: (u64, u64), credential: &[u8]) -> u128 {
    SipHasher13::new_with_keys(keys.0, keys.1).hash(credential).as_u128()
}

async fn show_notice(shared: Arc<Shared>, profile: Profile) {
    let about = Account::named(profile.id(), "notice");
    let now = to_millis(shared.clock.now());
    // Without a ledger the notice is shown: once too often is harmless.
    let known = tokio::time::timeout(LEDGER_DEADLINE, shared.ledger.open(&about)).await;
    let shown = known.ok().and_then(Result::ok).and_then(|open| open.record.notice_shown);
    if shown.is_some_and(|at| now.saturating_sub(at) < NOTICE_MS) {
        return;
    }
    tracing::info!(target: "planguard::notice", profile = profile.id(), "{}", profile.notice());
    let entry = Entry::new(now, Fact::NoticeShown);
    let written = tokio::time::timeout(LEDGER_DEADLINE, shared.ledger.record(&about, 0, entry));
    if !matches!(written.await, Ok(Ok(_))) {
        tracing::debug!(target: "planguard::ledger", "the notice could not be written down");
    }
}

impl Known {
    fn cell(&mut self, account: &Account, profile: &Profile, shared: &Arc<Shared>) -> Arc<Cell> {
        let new = || Cell::new(account.clone(), profile.clone(), shared.clone());
        self.by_account.entry(account.clone()).or_insert_with(new).clone()
    }

    /// Forgets every account that has no open halt and no call out. A call
    /// takes its cell under the lock that is held here.
    fn forget_idle(&mut self) {
        self.by_credential.clear();
        self.by_account.retain(|_, cell| {
            Arc::strong_count(cell) > 1 || !cell.gate.look(|state| state.standing.is_idle())
        });
    }
}

/// A claim under way. Wherever it ends without the ledger's answer (the
/// caller has gone, the store has failed) the lease may be ours all the
/// same: then it is given back, or the account would wait for it to die.
struct Claiming {
    cell: Arc<Cell>,
    unsure: Option<Trial>,
}

impl Claiming {
    fn begin(cell: &Arc<Cell>, trial: Trial) -> Option<Self> {
        let begins = cell.gate.look(|state| state.standing.claim_begins());
        begins.then(|| Self { cell: cell.clone(), unsure: Some(trial) })
    }
}

impl Drop for Claiming {
    fn drop(&mut self) {
        if let Some(trial) = self.unsure.take() {
            self.cell.give_back(trial);
        }
        self.cell.gate.look(|state| state.standing.claim_ended());
    }
}

fn anyway(cell: Arc<Cell>, claim: Claim, ask: Ask) -> Call {
    let pass = cell.act(|gate, now, _| gate.look(|state| state.admit_anyway(ask, now)));
    Call::new(cell, claim, pass)
}

/// Whether a request may not leave for want of a grant.
#[cold]
fn no_grant(cell: &Arc<Cell>, claim: &Claim) -> Option<Refused> {
    let id = claim.profile().id();
    if cell.shared.allowed.iter().any(|allowed| allowed == id) {
        return None;
    }
    if !cell.shared.reports_only() {
        return Some(refuse::no_grant(cell, claim));
    }
    if !cell.told.no_grant.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            target: "planguard::breaker",
            account = cell.account.as_str(),
            "report only: requests to the {} would have been refused, since no grant for other clients is known",
            claim.profile().plan(),
        );
    }
    None
}

#[cold]
fn no_user_agent(cell: &Arc<Cell>, claim: &Claim) -> Option<Refused> {
    let profile = claim.profile();
    if profile.require_user_agent() && !cell.shared.reports_only() {
        return Some(refuse::no_user_agent(cell, claim));
    }
    if !cell.told.no_user_agent.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            target: "planguard::breaker",
            account = cell.account.as_str(),
            "a request to the {} shows no User-Agent here: name your program in one, on the request itself (what an HTTP client adds by default below planguard is not seen; planguard never sets it)",
            profile.plan(),
        );
    }
    None
}
