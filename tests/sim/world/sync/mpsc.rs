//! Channels with one receiver.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use crate::time::later;
use crate::turns::{self, Key};

/// The most that may wait in a channel without a bound, by the invariant that memory is bounded.
const MOST: usize = 10_000;

/// What both ends share.
#[derive(Debug)]
struct Channel<T> {
    queue: VecDeque<T>,
    /// How many may wait; `None` for any number.
    limit: Option<usize>,
    senders: usize,
    /// Whether there is a receiver.
    is_heard: bool,
    /// Wakes the receiver, and senders that wait for room.
    filled: Key,
    emptied: Key,
}

#[derive(Debug)]
struct Shared<T>(Mutex<Channel<T>>);

impl<T> Shared<T> {
    fn new(limit: Option<usize>) -> Arc<Shared<T>> {
        let (filled, emptied) = {
            let mut turns = turns::turns();
            (turns.key(), turns.key())
        };
        let queue = VecDeque::new();
        let channel = Channel { queue, limit, senders: 1, is_heard: true, filled, emptied };
        Arc::new(Shared(Mutex::new(channel)))
    }

    fn held(&self) -> MutexGuard<'_, Channel<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut channel = self.held();
        if !channel.is_heard {
            return Err(TrySendError::Disconnected(value));
        }
        if channel.limit.is_some_and(|limit| channel.queue.len() >= limit) {
            return Err(TrySendError::Full(value));
        }
        channel.queue.push_back(value);
        if channel.queue.len() > MOST {
            crate::sim::fail("memory is bounded", "a channel without a bound grows");
        }
        turns::turns().wake(channel.filled, usize::MAX);
        Ok(())
    }

    fn send(&self, mut value: T) -> Result<(), SendError<T>> {
        turns::point();
        loop {
            value = match self.try_send(value) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(value)) => return Err(SendError(value)),
                Err(TrySendError::Full(value)) => value,
            };
            let emptied = self.held().emptied;
            turns::sleep_on(emptied, None);
        }
    }

    fn join(self: &Arc<Shared<T>>) -> Arc<Shared<T>> {
        self.held().senders += 1;
        Arc::clone(self)
    }

    fn part(&self) {
        let mut channel = self.held();
        channel.senders -= 1;
        if channel.senders == 0 {
            turns::turns().wake(channel.filled, usize::MAX);
        }
    }
}

/// Sends without ever waiting.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// Sends, and waits while the channel is full.
#[derive(Debug)]
pub struct SyncSender<T>(Arc<Shared<T>>);

/// Receives.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Shared<T>>);

/// A channel without a bound.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Shared::new(None);
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// A channel in which at most `limit` values wait. (None in src has the limit 0.)
pub fn sync_channel<T>(limit: usize) -> (SyncSender<T>, Receiver<T>) {
    assert!(limit > 0, "a channel that hands over from thread to thread is not simulated");
    let shared = Shared::new(Some(limit));
    (SyncSender(Arc::clone(&shared)), Receiver(shared))
}

impl<T> Sender<T> {
    /// Sends a value.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.0.send(value)
    }
}

impl<T> SyncSender<T> {
    /// Sends a value, when there is room.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.0.send(value)
    }

    /// Sends a value, if there is room.
    ///
    /// # Errors
    /// When the receiver is gone, or the channel full.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        turns::point();
        self.0.try_send(value)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender(self.0.join())
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> SyncSender<T> {
        SyncSender(self.0.join())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.part();
    }
}

impl<T> Drop for SyncSender<T> {
    fn drop(&mut self) {
        self.0.part();
    }
}

impl<T> Receiver<T> {
    /// Takes what is there.
    fn take(&self) -> Result<T, TryRecvError> {
        let mut channel = self.0.held();
        match channel.queue.pop_front() {
            Some(value) => {
                turns::turns().wake(channel.emptied, 1);
                Ok(value)
            }
            None if channel.senders == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Takes a value, if there is one.
    ///
    /// # Errors
    /// When there is none.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        turns::point();
        self.take()
    }

    /// Waits for a value.
    ///
    /// # Errors
    /// When none can come any more.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.receive(None).map_err(|_| RecvError)
    }

    /// Waits for a value, at most for `time`.
    ///
    /// # Errors
    /// When none comes in that time, or can come any more.
    pub fn recv_timeout(&self, time: Duration) -> Result<T, RecvTimeoutError> {
        self.receive(Some(later(time)))
    }

    fn receive(&self, until: Option<u64>) -> Result<T, RecvTimeoutError> {
        turns::point();
        loop {
            match self.take() {
                Ok(value) => return Ok(value),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            if until.is_some_and(|until| until <= turns::turns().now) {
                return Err(RecvTimeoutError::Timeout);
            }
            let filled = self.0.held().filled;
            turns::sleep_on(filled, until);
        }
    }

    /// All values, until none can come any more.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// The values that are there.
    pub fn try_iter(&self) -> impl Iterator<Item = T> + '_ {
        std::iter::from_fn(|| self.try_recv().ok())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let values = {
            let mut channel = self.0.held();
            channel.is_heard = false;
            turns::turns().wake(channel.emptied, usize::MAX);
            std::mem::take(&mut channel.queue)
        };
        drop(values); // which may be ends of this channel
    }
}

/// The values of a channel.
pub struct Iter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The values of a channel, with its receiver.
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}
