//! Which arrivals and departures the room is told of: a state machine that is given the time.
//!
//! Each notice goes to everybody, so somebody who comes and goes in a loop, or changes its port in one, is loud at no
//! cost. As long as a host keeps within its rate of notices, each one is told at once. Beyond it, the changes of a
//! name are held back for a moment, and then the room is told what has come of them: a new port once, and nothing of
//! a client that is gone before anybody knew that it was here.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::wire::{Entry, Name, Notification, Reason};

/// How long a notice may be held back.
pub const HOLD: Duration = Duration::from_secs(1);

/// The notices that are held back, by the names that they are about.
#[derive(Debug, Default)]
pub struct Notices {
    held: HashMap<Name, Change>,
    /// When each of them is due, in that order. Some of these were given out earlier.
    due: VecDeque<(Instant, Name)>,
}

/// What has become of a name since the room was told of it.
#[derive(Debug)]
struct Change {
    /// The member as the room knows it; `None` if it knows of none.
    told: Option<Entry>,
    /// The member as it is now; `None` if there is none.
    current: Option<Entry>,
    /// Why the member that the room knows has left.
    reason: Reason,
    /// When the room must be told at the latest.
    due: Instant,
}

impl Notices {
    /// Notes that a member has joined, or, if the room has `known` it, that its address has changed. Returns what the
    /// room is to be told at once, which is nothing unless `free`.
    pub fn arrived(
        &mut self,
        entry: &Entry,
        known: bool,
        free: bool,
        now: Instant,
    ) -> Vec<Notification> {
        // Nobody here knows the address before: port 0 is none that anybody could have.
        let before = || Entry { address: (entry.address.ip(), 0).into(), ..entry.clone() };
        let told = known.then(before);
        self.change(&entry.name, told, |change| change.current = Some(entry.clone()), free, now)
    }

    /// Notes that a member has left. Returns what the room is to be told at once, which is nothing unless `free`.
    pub fn left(
        &mut self,
        entry: &Entry,
        reason: Reason,
        free: bool,
        now: Instant,
    ) -> Vec<Notification> {
        let gone = |change: &mut Change| {
            if change.told.as_ref().is_some_and(|told| told.id == entry.id) {
                change.reason = reason;
            }
            change.current = None;
        };
        self.change(&entry.name, Some(entry.clone()), gone, free, now)
    }

    /// Gives out what is held back of a name, because somebody of that name is about to be heard of.
    pub fn settle(&mut self, name: &Name) -> Vec<Notification> {
        self.held.remove(name).map_or(Vec::new(), Change::into_notifications)
    }

    /// Gives out what is due.
    pub fn give_due(&mut self, now: Instant) -> Vec<Notification> {
        let mut given = Vec::new();
        while self.next_due().is_some_and(|due| due <= now) {
            let Some((due, name)) = self.due.pop_front() else { break };
            if self.held.get(&name).is_some_and(|change| change.due == due) {
                given.extend(self.settle(&name));
            }
        }
        given
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.front().map(|(due, _)| *due)
    }

    /// Whether something of this name is held back.
    pub fn holds(&self, name: &Name) -> bool {
        self.held.contains_key(name)
    }

    /// Applies a change to a name of which the room knows `told`, unless something is held back already. Gives it out
    /// if it may be told, or if nothing is left to tell.
    fn change(
        &mut self,
        name: &Name,
        told: Option<Entry>,
        apply: impl FnOnce(&mut Change),
        free: bool,
        now: Instant,
    ) -> Vec<Notification> {
        let fresh = || Change { told, current: None, reason: Reason::Gone, due: now + HOLD };
        let held = self.held.remove(name);
        let is_new = held.is_none();
        let mut change = held.unwrap_or_else(fresh);
        apply(&mut change);
        if free || change.told == change.current {
            return change.into_notifications();
        }
        if is_new {
            self.due.push_back((change.due, name.clone()));
        }
        self.held.insert(name.clone(), change);
        Vec::new()
    }
}

impl Change {
    /// What the room is told.
    fn into_notifications(self) -> Vec<Notification> {
        let (told, current) = (self.told, self.current);
        if told == current {
            return Vec::new();
        }
        let stays = current.as_ref().map(|entry| entry.id);
        let left = told.filter(|entry| Some(entry.id) != stays);
        let left = left.map(|Entry { id, name, .. }| Notification::Left {
            id,
            name,
            reason: Some(self.reason),
        });
        left.into_iter().chain(current.map(Notification::Joined)).collect()
    }
}
