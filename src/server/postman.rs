//! The postman: one thread that carries the room's bag to all members, round after round.
//!
//! He writes outside every lock but the outbox's of the member he is writing to, once for each member and
//! round. A member whose socket is full costs the others nothing: see [`outbox`](super::outbox).

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::lock::{lock, wait};
use crate::server::outbox::{Delivery, FIRST_WAY, Outbox, Way};
use crate::server::room::{Arrival, Room, Round};

/// How long after the room is closed the postman still carries what waits for those who read.
const LAST_ROUNDS: Duration = Duration::from_secs(2);
/// How soon the postman comes again to those who lag or are closing.
const REVISIT: Duration = Duration::from_millis(3);

/// The one thread that writes to all members.
#[derive(Debug)]
pub struct Postman {
    room: Arc<Room>,
    members: Vec<Arc<Outbox>>,
    /// Those he must visit again soon, members or not.
    laggards: Vec<Arc<Outbox>>,
    revisited: Instant,
    /// What he carries on this round.
    bytes: Vec<u8>,
    arrivals: Vec<Arrival>,
}

impl Postman {
    /// The postman of a room. It must have just one.
    pub fn new(room: Arc<Room>) -> Postman {
        Postman {
            room,
            members: Vec::new(),
            laggards: Vec::new(),
            revisited: Instant::now(),
            bytes: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// Carries round after round until the room is closed.
    pub fn run(mut self) {
        while let Some(round) = self.collect() {
            self.deliver();
            self.welcome();
            self.revisit();
            self.report(round);
        }
    }

    /// Takes the bag, when there is something in it or somebody must be visited again.
    fn collect(&mut self) -> Option<Round> {
        let mut bag = lock(&self.room.bag);
        while bag.bytes.is_empty() && bag.arrivals.is_empty() && bag.laggards.is_empty() {
            if bag.closed.is_some_and(|at| self.laggards.is_empty() || at.elapsed() > LAST_ROUNDS) {
                return None;
            }
            bag.postman_sleeps = true;
            if self.laggards.is_empty() {
                bag = wait(&self.room.filled, bag);
                continue;
            }
            let woken = self.room.filled.wait_timeout(bag, REVISIT);
            let (woken, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            bag = woken;
            if timeout.timed_out() {
                break;
            }
        }
        bag.postman_sleeps = false;
        self.bytes.clear();
        std::mem::swap(&mut self.bytes, &mut bag.bytes);
        self.arrivals.append(&mut bag.arrivals);
        self.laggards.append(&mut bag.laggards);
        let round = bag.filling;
        bag.filling = Round(round.0 + 1);
        Some(round)
    }

    /// One write for each member. The way is the plain one until the first full socket.
    fn deliver(&mut self) {
        self.members.retain(|member| !member.is_closed() && !member.has_left());
        if self.bytes.is_empty() {
            return;
        }
        let (bytes, laggards, mut way) = (&self.bytes, &mut self.laggards, FIRST_WAY);
        self.members.retain(|member| match member.deliver(bytes, way) {
            Delivery::Done => true,
            Delivery::Lags => {
                way = Way::Never;
                laggards.push(Arc::clone(member));
                true
            }
            Delivery::Closed => false,
        });
    }

    /// Newcomers get their greeting and what was put into the bag after their arrival.
    fn welcome(&mut self) {
        for Arrival { outbox, mut greeting, place } in self.arrivals.drain(..) {
            greeting.extend_from_slice(&self.bytes[place..]);
            let delivery = outbox.deliver(&greeting, Way::Never);
            outbox.greet();
            match delivery {
                Delivery::Closed => continue,
                Delivery::Lags => self.laggards.push(Arc::clone(&outbox)),
                Delivery::Done => {}
            }
            self.members.push(outbox);
        }
    }

    /// Those who lag or are closing, but not at every round: rounds may be very short.
    fn revisit(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.revisited) >= REVISIT {
            self.revisited = now;
            self.laggards.retain(|outbox| outbox.revisit(now));
        }
    }

    fn report(&self, round: Round) {
        let mut bag = lock(&self.room.bag);
        bag.carried = round;
        if bag.waiting > 0 {
            self.room.carried.notify_all();
        }
    }
}
