//! The condition variable.

use std::sync::{LockResult, OnceLock};
use std::time::Duration;

use crate::sync::key_of;
use crate::sync::mutex::MutexGuard;
use crate::time::later;
use crate::turns::{self, Key};

/// A condition that threads wait for.
#[derive(Debug, Default)]
pub struct Condvar {
    key: OnceLock<Key>,
}

/// Whether a wait has ended because its time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was up.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition.
    pub const fn new() -> Condvar {
        Condvar { key: OnceLock::new() }
    }

    /// Wakes one that waits.
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    fn notify(&self, most: usize) {
        turns::point();
        if let Some(key) = self.key.get() {
            turns::turns().wake(*key, most);
        }
    }

    /// Waits until that time. Nobody runs between giving the lock back and going to sleep. Some wake up for no reason.
    fn sleep<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        until: Option<u64>,
    ) -> (LockResult<MutexGuard<'a, T>>, bool) {
        let (lock, key) = (guard.of(), key_of(&self.key));
        drop(guard);
        let spurious = {
            let mut turns = turns::turns();
            (turns.dice.below(64) == 0).then(|| turns.now + turns.dice.below(5_000_000))
        };
        let (first, is_time) = match (spurious, until) {
            (Some(spurious), Some(until)) if spurious >= until => (Some(until), true),
            (Some(spurious), _) => (Some(spurious), false),
            (None, until) => (until, true),
        };
        let by_alarm = turns::sleep_on(key, first);
        (lock.lock(), by_alarm && is_time)
    }

    /// Waits until somebody wakes it.
    ///
    /// # Errors
    /// When a thread has panicked while it held the lock.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        turns::point();
        self.sleep(guard, None).0
    }

    /// Waits until somebody wakes it, at most for `time`.
    ///
    /// # Errors
    /// When a thread has panicked while it held the lock.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        turns::point();
        let (guard, is_time) = self.sleep(guard, Some(later(time)));
        match guard {
            Ok(guard) => Ok((guard, WaitTimeoutResult(is_time))),
            Err(poisoned) => {
                let pair = (poisoned.into_inner(), WaitTimeoutResult(is_time));
                Err(std::sync::PoisonError::new(pair))
            }
        }
    }

    /// Waits until `condition` is false.
    ///
    /// # Errors
    /// When a thread has panicked while it held the lock.
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits until `condition` is false, at most for `time`.
    ///
    /// # Errors
    /// When a thread has panicked while it held the lock.
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        time: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let until = later(time);
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            if turns::turns().now >= until {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = match self.sleep(guard, Some(until)).0 {
                Ok(guard) => guard,
                Err(poisoned) => {
                    let pair = (poisoned.into_inner(), WaitTimeoutResult(false));
                    return Err(std::sync::PoisonError::new(pair));
                }
            };
        }
    }
}
