//! The lock.

use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, OnceLock, PoisonError, TryLockError, TryLockResult};

use crate::sync::key_of;
use crate::turns::{self, Key};

/// A lock.
#[derive(Debug, Default)]
pub struct Mutex<T> {
    key: OnceLock<Key>,
    inner: std::sync::Mutex<T>,
}

/// A lock that is held.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    of: &'a Mutex<T>,
    guard: Option<std::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// A lock around a value.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { key: OnceLock::new(), inner: std::sync::Mutex::new(value) }
    }

    /// Takes the lock if no other thread holds it.
    ///
    /// # Errors
    /// When another thread holds it, and when a thread has panicked while it held the lock.
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        turns::point();
        self.inner.try_lock().map(|guard| MutexGuard { of: self, guard: Some(guard) }).map_err(
            |error| match error {
                TryLockError::Poisoned(poisoned) => {
                    let guard = Some(poisoned.into_inner());
                    TryLockError::Poisoned(PoisonError::new(MutexGuard { of: self, guard }))
                }
                TryLockError::WouldBlock => TryLockError::WouldBlock,
            },
        )
    }

    /// Takes the lock. Sleeps while another thread holds it.
    ///
    /// # Errors
    /// When a thread has panicked while it held the lock.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        loop {
            match self.try_lock() {
                Ok(guard) => return Ok(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Err(poisoned),
                Err(TryLockError::WouldBlock) => {
                    crate::sim::note("waits for a lock", 0, String::new);
                    turns::sleep_on(key_of(&self.key), None);
                }
            }
        }
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// The lock.
    pub(super) fn of(&self) -> &'a Mutex<T> {
        self.of
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.guard.as_ref().expect("it is held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("it is held")
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.guard = None;
        if let Some(key) = self.of.key.get() {
            turns::turns().wake(*key, 1);
        }
    }
}
