//! Threads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use std::thread::{Result, ThreadId, current};

use crate::hosts;
use crate::time::later;
use crate::turns;

/// What a thread will be.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

/// A thread whose end can be waited for.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: turns::ThreadId,
    result: Arc<Mutex<Option<T>>>,
}

impl Builder {
    /// A thread without a name.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Gives it a name.
    #[must_use]
    pub fn name(self, name: String) -> Builder {
        Builder { name: Some(name) }
    }

    /// Says how large its stack is. All stacks have one size here.
    #[must_use]
    pub fn stack_size(self, _: usize) -> Builder {
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn spawn<T, F>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let name = self.name.unwrap_or_else(|| "thread".to_owned());
        crate::sim::note("starts a thread", 0, || name.clone());
        let body = move || {
            let value = body();
            crate::sim::note("ends", 0, String::new);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        };
        let thread = turns::spawn(name, hosts::here(), body)?;
        Ok(JoinHandle { thread, result })
    }
}

impl<T> JoinHandle<T> {
    /// Waits for its end. (A thread that panics ends the run, so there is always a value.)
    ///
    /// # Errors
    /// None.
    pub fn join(self) -> Result<T> {
        turns::point();
        while !turns::turns().has_ended(self.thread) {
            turns::sleep_on(turns::ended_key(self.thread), None);
        }
        let value = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(value.expect("a thread that has ended has a value"))
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        turns::point();
        turns::turns().has_ended(self.thread)
    }
}

/// Sleeps.
pub fn sleep(time: Duration) {
    let (until, key) = (later(time), turns::turns().key());
    turns::sleep_on(key, Some(until));
}

/// Lets others run.
pub fn yield_now() {
    turns::give_way();
}
