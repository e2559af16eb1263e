//! Where planguard reads the time. Nothing in it sleeps on the wall clock:
//! every deadline of an account is computed when a call asks.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;

/// A source of wall-clock time.
///
/// Wall-clock time, because halts outlive the process and providers name
/// resets by date. A clock that is set back prolongs a hold; it never ends a
/// latch, which no clock ends.
pub trait Clock: Send + Sync + 'static {
    /// The time at this moment.
    fn now(&self) -> SystemTime;
}

/// The system's clock: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that follows tokio's, so that `tokio::time::pause` and `advance`
/// move it too. For tests and simulations.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    wall: SystemTime,
    start: tokio::time::Instant,
}

impl TokioClock {
    /// A clock that shows `wall` at this moment.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time enabled, if its clock is paused.
    pub fn starting_at(wall: SystemTime) -> Self {
        Self { wall, start: tokio::time::Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.wall + self.start.elapsed()
    }
}

/// A clock that moves only when it is told to. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock on by `step`.
    pub fn advance(&self, step: Duration) {
        *self.0.lock() += step;
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, now: SystemTime) {
        *self.0.lock() = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&*self.0.lock()).finish()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// Milliseconds since the Unix epoch: the unit of standing and ledger.
pub type Millis = u64;

/// `time` in milliseconds since the Unix epoch; 0 for anything before it.
pub fn to_millis(time: SystemTime) -> Millis {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        since.as_secs().saturating_mul(1_000).saturating_add(since.subsec_millis().into())
    })
}

/// The moment `millis` after the Unix epoch, the latest representable one if
/// that is further.
pub fn from_millis(millis: Millis) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or_else(|| {
        // 9999-12-31T23:59:59Z, within every platform's range.
        UNIX_EPOCH + Duration::from_secs(253_402_300_799)
    })
}
