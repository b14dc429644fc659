//! Who can run, who sleeps until when, and who is next: the turns as a value. Nothing here waits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::thread::Thread;

use crate::dice::Dice;
use crate::trace::Trace;
use crate::turns::{HostId, Key, ThreadId};

/// How much time a turn takes, in nanoseconds.
const TURN: u64 = 1_000;
/// How much time a call takes that gives no turn away.
pub(super) const CALL: u64 = 50;
/// The most calls of a thread between two sleeps. Beyond them it is taken for one that spins.
pub(super) const MOST_CALLS: u64 = 100_000;
/// The most turns of a run. Beyond them the threads are taken for ones that wake each other for ever.
const MOST_TURNS: u64 = 3_000_000;

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    /// It runs, or could.
    Runs,
    /// It sleeps until somebody wakes the key, or an alarm rings.
    Sleeps(Key),
    /// It has ended.
    Ended,
    /// Its host was killed. It never gets a turn again.
    Killed,
}

/// A thread.
pub(super) struct Actor {
    name: String,
    host: HostId,
    pub(super) doing: Doing,
    /// How often it has gone to sleep. It tells an alarm from one of an earlier sleep.
    naps: u64,
    /// How many calls it has made since its last sleep.
    pub(super) calls: u64,
    /// Whether an alarm has ended its last sleep.
    pub(super) by_alarm: bool,
    /// The higher, the sooner its turn, where a seed goes by that.
    priority: u64,
    /// The system's thread; `None` before it has started.
    pub(super) thread: Option<Thread>,
}

/// What rings at some time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    /// This thread wakes up, if it is still that sleep.
    Thread(ThreadId, u64),
    /// All that sleep on the key wake up.
    Key(Key),
}

/// How a seed chooses who is next.
#[derive(Clone, Copy)]
enum Choice {
    /// Any that can run. A call gives its turn away once in so many times.
    Dice(u64),
    /// The one with the highest priority. Once in so many times the one that runs becomes the last (compare PCT,
    /// Burckhardt and others, 2010).
    Priority(u64),
}

/// What the turns are made of.
pub struct Turns {
    /// The time since the world began, in nanoseconds.
    pub now: u64,
    pub dice: Dice,
    pub trace: Trace,
    pub(super) actors: Vec<Actor>,
    /// Who could run, except the one that does.
    pub(super) ready: Vec<ThreadId>,
    /// Hosts whose threads get no turn until some time.
    pub(super) frozen: BTreeMap<HostId, u64>,
    sleepers: BTreeMap<Key, Vec<ThreadId>>,
    alarms: BinaryHeap<Reverse<(u64, u64, Alarm)>>,
    /// How many alarms were set, so that those for one time ring in their order.
    set: u64,
    keys: Key,
    choice: Choice,
    /// Once in so many turns a thread is kept from running for a while; 0 for never.
    pub(super) stalls: u64,
    pub turns: u64,
}

impl Turns {
    /// The turns of a seed. The first thread runs.
    pub(super) fn new(seed: u64, trace: Trace) -> Turns {
        let mut dice = Dice::new(seed);
        let choice = match dice.below(4) {
            0 => Choice::Priority(1 << (4 + dice.below(8))),
            _ => Choice::Dice([2, 4, 16, 64][dice.pick(4)]),
        };
        let stalls = if dice.below(2) == 0 { 0 } else { 1 << (8 + dice.below(4)) };
        let mut turns = Turns {
            now: 0,
            dice,
            trace,
            actors: Vec::new(),
            ready: Vec::new(),
            frozen: BTreeMap::new(),
            sleepers: BTreeMap::new(),
            alarms: BinaryHeap::new(),
            set: 0,
            keys: 0,
            choice,
            stalls,
            turns: 0,
        };
        turns.add("scene".to_owned(), 0);
        turns.ready.clear(); // it runs
        turns.actors[0].thread = Some(std::thread::current());
        turns
    }

    /// Adds a thread. It could run.
    pub(super) fn add(&mut self, name: String, host: HostId) -> ThreadId {
        let id = self.actors.len();
        let priority = (1 << 32) + self.dice.below(1 << 32);
        let (doing, naps, calls, by_alarm, thread) = (Doing::Runs, 0, 0, false, None);
        self.actors.push(Actor { name, host, doing, naps, calls, by_alarm, priority, thread });
        self.ready.push(id);
        id
    }

    /// A fresh key.
    pub fn key(&mut self) -> Key {
        self.keys += 1;
        self.keys
    }

    /// The host of a thread.
    pub fn host_of(&self, thread: ThreadId) -> HostId {
        self.actors.get(thread).map_or(0, |actor| actor.host)
    }

    /// The name of a thread.
    pub fn name_of(&self, thread: ThreadId) -> &str {
        self.actors.get(thread).map_or("", |actor| &actor.name)
    }

    /// Whether a thread has ended.
    pub fn has_ended(&self, thread: ThreadId) -> bool {
        matches!(self.actors[thread].doing, Doing::Ended | Doing::Killed)
    }

    /// How many threads of a host have not ended.
    pub fn living(&self, host: HostId) -> usize {
        let lives = |actor: &&Actor| matches!(actor.doing, Doing::Runs | Doing::Sleeps(_));
        self.actors.iter().filter(|actor| actor.host == host).filter(lives).count()
    }

    /// Sets an alarm.
    fn alarm(&mut self, at: u64, alarm: Alarm) {
        self.set += 1;
        self.alarms.push(Reverse((at, self.set, alarm)));
    }

    /// Wakes all that sleep on a key, at some time.
    pub fn wake_at(&mut self, key: Key, at: u64) {
        if at <= self.now {
            self.wake(key, usize::MAX);
        } else {
            self.alarm(at, Alarm::Key(key));
        }
    }

    /// Wakes some that sleep on a key, as many as `most`.
    pub fn wake(&mut self, key: Key, most: usize) {
        let Some(mut asleep) = self.sleepers.remove(&key) else { return };
        for _ in 0..most.min(asleep.len()) {
            let at = self.dice.pick(asleep.len());
            let thread = asleep.swap_remove(at);
            self.get_up(thread, false);
        }
        if !asleep.is_empty() {
            self.sleepers.insert(key, asleep);
        }
    }

    /// Lets a thread that sleeps run again. It is on no list of sleepers any more.
    fn get_up(&mut self, thread: ThreadId, by_alarm: bool) {
        self.actors[thread].doing = Doing::Runs;
        self.actors[thread].by_alarm = by_alarm;
        self.ready.push(thread);
    }

    /// Puts a thread to sleep.
    pub(super) fn lie_down(&mut self, thread: ThreadId, key: Key, until: Option<u64>) {
        let actor = &mut self.actors[thread];
        actor.doing = Doing::Sleeps(key);
        actor.naps += 1;
        actor.calls = 0;
        let nap = actor.naps;
        self.sleepers.entry(key).or_default().push(thread);
        if let Some(until) = until {
            self.alarm(until, Alarm::Thread(thread, nap));
        }
    }

    /// Rings the alarms that are due.
    fn ring(&mut self) {
        while let Some(Reverse((at, _, alarm))) = self.alarms.peek().copied() {
            if at > self.now {
                return;
            }
            self.alarms.pop();
            match alarm {
                Alarm::Key(key) => self.wake(key, usize::MAX),
                Alarm::Thread(thread, nap) => {
                    let actor = &self.actors[thread];
                    let Doing::Sleeps(key) = actor.doing else { continue };
                    if actor.naps == nap {
                        self.sleepers.entry(key).or_default().retain(|other| *other != thread);
                        self.get_up(thread, true);
                    }
                }
            }
        }
    }

    /// Chooses who is next. The clock jumps to the next alarm when nobody can run.
    pub(super) fn choose(&mut self) -> ThreadId {
        self.turns += 1;
        self.now += TURN;
        self.ring();
        while self.ready.is_empty() {
            let Some(Reverse((at, ..))) = self.alarms.peek() else { self.nobody_can_run() };
            self.now = self.now.max(*at);
            self.ring();
        }
        if self.turns > MOST_TURNS {
            crate::sim::fail_held(self, "the run ends", "the threads have had too many turns");
        }
        let next = self.pick();
        let thaw =
            self.frozen.get(&self.actors[next].host).copied().filter(|thaw| *thaw > self.now);
        if let Some(thaw) = thaw {
            let key = self.key();
            self.lie_down(next, key, Some(thaw));
            return self.choose();
        }
        self.trace.count(next as u64 ^ self.now << 8);
        next
    }

    /// Takes one of those that can run.
    fn pick(&mut self) -> ThreadId {
        let index = match self.choice {
            Choice::Dice(_) => self.dice.pick(self.ready.len()),
            Choice::Priority(_) => {
                let highest = |index: &usize| self.actors[self.ready[*index]].priority;
                (0..self.ready.len()).max_by_key(highest).unwrap_or(0)
            }
        };
        self.ready.swap_remove(index)
    }

    /// Says who sleeps, and ends the run.
    fn nobody_can_run(&mut self) -> ! {
        let mut told = String::from("everybody sleeps, and nothing will wake them:");
        for actor in self.actors.iter().filter(|actor| matches!(actor.doing, Doing::Sleeps(_))) {
            told.push_str(&format!(" {}@{}", actor.name, actor.host));
        }
        crate::sim::fail_held(self, "no thread sleeps for ever", &told)
    }

    /// What each thread does that has not ended.
    pub fn doings(&self) -> Vec<String> {
        let lives = |actor: &&Actor| matches!(actor.doing, Doing::Runs | Doing::Sleeps(_));
        let told = |actor: &Actor| format!("{}@{}: {:?}", actor.name, actor.host, actor.doing);
        self.actors.iter().filter(lives).map(told).collect()
    }

    /// Whether a call gives its turn away.
    pub(super) fn gives_away(&mut self, me: ThreadId) -> bool {
        match self.choice {
            Choice::Dice(one_in) => self.dice.below(one_in) == 0,
            Choice::Priority(one_in) => {
                if self.dice.below(one_in) == 0 {
                    // Lower than all before it.
                    self.actors[me].priority = (1 << 32) - self.turns.min(1 << 31);
                }
                let mine = self.actors[me].priority;
                self.dice.below(64) == 0
                    || self.ready.iter().any(|other| self.actors[*other].priority > mine)
            }
        }
    }

    /// Lets the threads of a host get no turn for some time.
    pub fn freeze(&mut self, host: HostId, time: u64) {
        self.frozen.insert(host, self.now + time);
    }

    /// Kills the threads of a host: none of them gets a turn again.
    pub fn kill(&mut self, host: HostId) {
        for actor in self.actors.iter_mut().filter(|actor| actor.host == host) {
            if actor.doing != Doing::Ended {
                actor.doing = Doing::Killed;
            }
        }
        let alive = |thread: &ThreadId| self.actors[*thread].doing != Doing::Killed;
        self.ready.retain(alive);
        for asleep in self.sleepers.values_mut() {
            asleep.retain(alive);
        }
    }
}
