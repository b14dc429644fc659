//! Locks, conditions, channels and atomics. Each call may give the turn away.

mod condvar;
mod mutex;
pub mod atomic;
pub mod mpsc;

pub use std::sync::{Arc, LockResult, Once, OnceLock, PoisonError, TryLockError, Weak};

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};

use crate::turns::{self, Key};

/// The key of an object. It gets one when it is first needed.
fn key_of(lazy: &OnceLock<Key>) -> Key {
    *lazy.get_or_init(|| turns::turns().key())
}
