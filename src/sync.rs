//! The lock of the hot path: parking_lot's, or loom's under its model.

#[cfg(not(planguard_loom))]
pub(crate) use parking_lot::Mutex;

#[cfg(planguard_loom)]
pub(crate) use model::Mutex;

#[cfg(planguard_loom)]
mod model {
    /// loom's lock with parking_lot's signature.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}
