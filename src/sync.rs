//! Locks that survive a panic.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Locks, also after a thread has panicked while it held the lock. A panic ends one client's session,
/// not everybody's: what our locks protect is changed in steps that each leave it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps until somebody notifies; the lock is free meanwhile.
pub fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
