//! Tells the room of arrivals and departures: at once, or a moment later what has come of them.
//!
//! [`Notices`] is the rule; the [`Announcer`] is the lock around it, and a thread that gives out what is due. Whatever
//! it gives out goes into the room's queue under that lock, so the room reads of the changes in their order. The
//! registry calls it under its own lock, and it takes the queue's.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::server::hosts::HostRate;
use crate::server::notices::Notices;
use crate::server::room::{BatchId, Room};
use crate::sync::{lock, wait};
use crate::wire::{Entry, Name, Notification, Reason};

/// Tells the room who comes, goes and moves.
#[derive(Debug)]
pub struct Announcer {
    room: Arc<Room>,
    notices: Mutex<Notices>,
    /// Wakes the thread that gives out what is due.
    held: Condvar,
}

impl Announcer {
    /// Creates the announcer of a room.
    pub fn new(room: Arc<Room>) -> Announcer {
        Announcer { room, notices: Mutex::default(), held: Condvar::new() }
    }

    /// Tells that a client of this host has joined, or, if the room has `known` it, that its address has changed.
    /// Returns whether the room will be told later.
    pub fn arrived(&self, entry: &Entry, known: bool, host: Option<&HostRate>) -> bool {
        let now = Instant::now();
        let free = host.is_none_or(|host| host.may_announce(now));
        self.change(&entry.name, |notices| notices.arrived(entry, known, free, now))
    }

    /// Tells that a client of this host has left; without a host, the room is told at once.
    pub fn left(&self, entry: &Entry, reason: Reason, host: Option<&HostRate>) {
        let now = Instant::now();
        let free = host.is_none_or(|host| host.may_announce(now));
        self.change(&entry.name, |notices| notices.left(entry, reason, free, now));
    }

    /// Tells what is held back of a client that is about to be heard of. Returns the batch that holds it.
    pub fn settle(&self, name: &Name) -> Option<BatchId> {
        let mut notices = lock(&self.notices);
        self.announce(notices.settle(name))
    }

    /// Whether something is held back of this name.
    pub fn holds(&self, name: &Name) -> bool {
        lock(&self.notices).holds(name)
    }

    /// Gives out what is due, for ever. The body of a thread.
    pub fn run(&self) {
        let mut notices = lock(&self.notices);
        loop {
            let now = Instant::now();
            self.announce(notices.give_due(now));
            notices = match notices.next_due() {
                None => wait(&self.held, notices),
                Some(due) => {
                    let left = due.saturating_duration_since(now);
                    let woken = self.held.wait_timeout(notices, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Makes a change of a name, and tells what can be told. Returns whether something is held back.
    fn change(&self, name: &Name, change: impl FnOnce(&mut Notices) -> Vec<Notification>) -> bool {
        let mut notices = lock(&self.notices);
        let slept = notices.next_due().is_none();
        self.announce(change(&mut notices));
        if slept && notices.next_due().is_some() {
            self.held.notify_one();
        }
        notices.holds(name)
    }

    /// Puts notices into the room's queue. Returns the batch of the last one.
    fn announce(&self, given: Vec<Notification>) -> Option<BatchId> {
        given.into_iter().map(|notice| self.room.announce(&notice.to_block())).last()
    }
}
