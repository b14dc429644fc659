//! Locks that survive a panic.
//!
//! A mutex of the standard library is *poisoned* when a thread panics while it holds the lock: every later `lock`
//! fails, and one client's panic would end the server. These functions ignore the poison.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Locks a mutex, even after a thread has panicked while it held the lock. That is sound here, because everything
/// that a lock protects is changed in steps that each leave it whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps until another thread notifies `condition`. The lock is free meanwhile. It may also wake up for no reason,
/// so the caller checks again what it waits for.
pub fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
