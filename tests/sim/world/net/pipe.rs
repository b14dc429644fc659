//! One direction of a connection: bytes that are on their way, or wait to be read.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::net::link;
use crate::turns::{self, HostId, Key};

/// When what is held up by a cut link arrives.
pub const NEVER: u64 = u64::MAX;

/// One direction of a connection.
#[derive(Debug)]
pub struct Pipe {
    /// The hosts at its ends.
    pub from: HostId,
    pub to: HostId,
    pub readable: Key,
    pub writable: Key,
    /// What a writer at its end sleeps on.
    back: Key,
    state: Mutex<Flow>,
}

/// What flows.
#[derive(Debug, Default)]
pub struct Flow {
    /// The bytes, each part with the time at which it arrives.
    pub parts: VecDeque<(u64, Vec<u8>)>,
    /// How many bytes they are.
    pub held: usize,
    /// How many may be.
    pub room: usize,
    /// When the last of it arrives.
    pub last: u64,
    /// When the end arrives (FIN).
    pub end: Option<u64>,
    /// When the news arrives that the other side knows nothing of this connection (RST).
    pub reset: Option<u64>,
    /// Whether that was reported by a read.
    pub told: bool,
    /// Whether the reading side is closed: what arrives there is answered by a reset.
    pub is_closed: bool,
    /// Whether the reading side has no power.
    pub is_dead: bool,
    /// Whether the reading side does not want to read more.
    pub is_shut: bool,
    /// Who else wants to know that something arrives.
    pub bell: Option<Key>,
}

impl Pipe {
    /// Both directions of a connection. In each at most `room` bytes wait.
    pub fn pair(one: HostId, other: HostId, room: usize) -> (Pipe, Pipe) {
        let mut turns = turns::turns();
        let [there, back] = [(); 2].map(|()| (turns.key(), turns.key()));
        let pipe = |from, to, (readable, writable), (_, back)| {
            let state = Mutex::new(Flow { room, ..Flow::default() });
            Pipe { from, to, readable, writable, back, state }
        };
        (pipe(one, other, there, back), pipe(other, one, back, there))
    }

    /// What flows, for a moment.
    pub fn flow(&self) -> MutexGuard<'_, Flow> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When what is sent now arrives.
    pub fn arrival(&self, flow: &Flow) -> u64 {
        let link = link::between(self.from, self.to);
        if link.is_cut || flow.last == NEVER {
            return NEVER;
        }
        link.from_now().max(flow.last)
    }

    /// Tells the reader that something arrives.
    pub fn announce(&self, flow: &Flow, at: u64) {
        if at != NEVER {
            let mut turns = turns::turns();
            turns.wake_at(self.readable, at);
            if flow.reset == Some(at) {
                turns.wake_at(self.back, at); // it concerns who writes at this end, too
            }
            if let Some(bell) = flow.bell {
                turns.wake_at(bell, at);
            }
        }
    }

    /// Puts bytes on their way.
    pub fn push(&self, flow: &mut Flow, bytes: &[u8]) {
        let at = self.arrival(flow);
        (flow.last, flow.held) = (at, flow.held + bytes.len());
        flow.parts.push_back((at, bytes.to_vec()));
        self.announce(flow, at);
    }

    /// Puts the end on its way.
    pub fn end(&self) {
        let mut flow = self.flow();
        if flow.end.is_none() {
            let at = self.arrival(&flow);
            flow.end = Some(at);
            self.announce(&flow, at);
        }
    }

    /// Puts a reset on its way, that arrives at `at` or, without it, as soon as bytes would.
    pub fn reset(&self, at: Option<u64>) {
        let mut flow = self.flow();
        let at = at.unwrap_or_else(|| self.arrival(&flow));
        if flow.reset.is_none_or(|known| known > at) {
            flow.reset = Some(at);
            self.announce(&flow, at);
        }
    }

    /// Holds up what is on its way.
    pub fn hold_up(&self) {
        let (mut flow, now) = (self.flow(), turns::turns().now);
        let mut held_up = false;
        for (at, _) in flow.parts.iter_mut().filter(|(at, _)| *at > now) {
            (*at, held_up) = (NEVER, true);
        }
        let flow = &mut *flow;
        for at in [&mut flow.end, &mut flow.reset].into_iter().flatten().filter(|at| **at > now) {
            (*at, held_up) = (NEVER, true);
        }
        if held_up {
            flow.last = NEVER;
        }
    }

    /// Sends what is held up on its way again: the system at its beginning tries again some time.
    pub fn go_on(&self) {
        let mut flow = self.flow();
        let flow = &mut *flow;
        if flow.last != NEVER && flow.end != Some(NEVER) && flow.reset != Some(NEVER) {
            return;
        }
        let at = {
            let mut turns = turns::turns();
            turns.now + 1_000_000 + turns.dice.below(800_000_000)
        };
        for (arrives, _) in flow.parts.iter_mut().filter(|(at, _)| *at == NEVER) {
            *arrives = at;
        }
        for arrives in [&mut flow.end, &mut flow.reset].into_iter().flatten() {
            if *arrives == NEVER {
                *arrives = at;
            }
        }
        flow.last = at;
        self.announce(flow, at);
    }
}

impl Flow {
    /// Whether bytes have arrived that are not read.
    pub fn has_unread(&self, now: u64) -> bool {
        self.parts.front().is_some_and(|(at, _)| *at <= now)
    }

    /// Whether a reset has arrived.
    pub fn is_reset(&self, now: u64) -> bool {
        self.reset.is_some_and(|at| at <= now)
    }

    /// Copies what has arrived. Takes it away unless it is only looked at.
    pub fn take(&mut self, into: &mut [u8], now: u64, keep: bool) -> usize {
        let mut taken = 0;
        if keep {
            for (_, part) in self.parts.iter().take_while(|(at, _)| *at <= now) {
                let count = part.len().min(into.len() - taken);
                into[taken..taken + count].copy_from_slice(&part[..count]);
                taken += count;
            }
            return taken;
        }
        while taken < into.len() && self.has_unread(now) {
            let Some((at, mut part)) = self.parts.pop_front() else { break };
            let count = part.len().min(into.len() - taken);
            into[taken..taken + count].copy_from_slice(&part[..count]);
            taken += count;
            if count < part.len() {
                part.drain(..count);
                self.parts.push_front((at, part));
            }
        }
        self.held -= taken;
        taken
    }
}
