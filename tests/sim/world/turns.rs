//! The turns: real threads, of which one runs at a time. A seed decides which is next, and the clock jumps.
//!
//! Each thread of the world is a thread of the system that waits until it is its turn. It gives the turn away in the
//! calls of this crate, and nowhere else: between two such calls nobody else runs. So a seed decides the whole run.
//!
//! There is one world in a process. Its threads need not end: the process ends with the run.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use crate::dice::Dice;
use crate::trace::Trace;

/// What a thread sleeps on: a lock, a condition, a socket.
pub type Key = u64;
/// The number of a thread.
pub type ThreadId = usize;
/// The number of a host.
pub type HostId = usize;

/// How much time a turn takes, in nanoseconds.
const TURN: u64 = 1_000;
/// How much time a call takes that gives no turn away.
const CALL: u64 = 50;
/// The most calls of a thread between two sleeps. Beyond them it is taken for one that spins.
const MOST_CALLS: u64 = 100_000;
/// The most turns of a run. Beyond them the threads are taken for ones that wake each other for ever.
const MOST_TURNS: u64 = 3_000_000;
/// No thread: a thread of the system that is none of the world's.
const NOBODY: ThreadId = usize::MAX;

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
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
struct Actor {
    name: String,
    host: HostId,
    doing: Doing,
    /// How often it has gone to sleep. It tells an alarm from one of an earlier sleep.
    naps: u64,
    /// How many calls it has made since its last sleep.
    calls: u64,
    /// Whether an alarm has ended its last sleep.
    by_alarm: bool,
    /// The higher, the sooner its turn, where a seed goes by that.
    priority: u64,
    /// The system's thread; `None` before it has started.
    thread: Option<Thread>,
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
    actors: Vec<Actor>,
    /// Who could run, except the one that does.
    ready: Vec<ThreadId>,
    sleepers: BTreeMap<Key, Vec<ThreadId>>,
    alarms: BinaryHeap<Reverse<(u64, u64, Alarm)>>,
    /// How many alarms were set, so that those for one time ring in their order.
    set: u64,
    keys: Key,
    choice: Choice,
    /// Once in so many turns a thread is kept from running for a while; 0 for never.
    stalls: u64,
    pub turns: u64,
}

static TURNS: Mutex<Option<Turns>> = Mutex::new(None);
/// Whose turn it is.
static RUNNING: AtomicUsize = AtomicUsize::new(NOBODY);
/// Whether the run is over, and no turn means anything any more.
static OVER: AtomicBool = AtomicBool::new(false);

thread_local! {
    static ME: Cell<ThreadId> = const { Cell::new(NOBODY) };
}

/// The turns, for a moment: no turn may be given away meanwhile.
pub struct Held(MutexGuard<'static, Option<Turns>>);

impl std::ops::Deref for Held {
    type Target = Turns;
    fn deref(&self) -> &Turns {
        self.0.as_ref().expect("the world has begun")
    }
}

impl std::ops::DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Turns {
        self.0.as_mut().expect("the world has begun")
    }
}

/// Takes the turns' lock.
pub fn turns() -> Held {
    Held(TURNS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Begins a world. The calling thread is its first.
pub fn begin(seed: u64, trace: Trace) {
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
    *TURNS.lock().unwrap_or_else(PoisonError::into_inner) = Some(turns);
    RUNNING.store(0, Ordering::SeqCst);
    ME.set(0);
}

/// Ends the world: whoever calls it from now on sleeps for ever, except the calling thread.
pub fn end() {
    OVER.store(true, Ordering::SeqCst);
}

/// Whether the calling thread is one of the world's, and the world stands.
pub fn is_inside() -> bool {
    ME.get() != NOBODY && !OVER.load(Ordering::Relaxed)
}

/// The calling thread.
pub fn me() -> ThreadId {
    ME.get()
}

impl Turns {
    /// Adds a thread. It could run.
    fn add(&mut self, name: String, host: HostId) -> ThreadId {
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
    fn lie_down(&mut self, thread: ThreadId, key: Key, until: Option<u64>) {
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
    fn choose(&mut self) -> ThreadId {
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
        let index = match self.choice {
            Choice::Dice(_) => self.dice.pick(self.ready.len()),
            Choice::Priority(_) => {
                let highest = |index: &usize| self.actors[self.ready[*index]].priority;
                (0..self.ready.len()).max_by_key(highest).unwrap_or(0)
            }
        };
        let next = self.ready.swap_remove(index);
        self.trace.count(next as u64 ^ self.now << 8);
        next
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
    fn gives_away(&mut self, me: ThreadId) -> bool {
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

/// Gives the turn to whoever is chosen, and waits until it is the calling thread's again.
fn pass(mut turns: Held, me: ThreadId) {
    let next = turns.choose();
    if next == me {
        return;
    }
    RUNNING.store(next, Ordering::SeqCst);
    let thread = turns.actors[next].thread.clone();
    let has_ended = turns.actors[me].doing == Doing::Ended;
    drop(turns);
    if let Some(thread) = thread {
        thread.unpark();
    }
    if !has_ended {
        await_turn(me);
    }
}

/// Waits until it is this thread's turn.
fn await_turn(me: ThreadId) {
    while RUNNING.load(Ordering::SeqCst) != me {
        std::thread::park();
    }
}

/// A place where the turn may go to somebody else: every call of the world is one.
pub fn point() {
    if !is_inside() {
        return;
    }
    let (mut turns, me) = (turns(), me());
    turns.now += CALL;
    turns.actors[me].calls += 1;
    if turns.actors[me].calls > MOST_CALLS {
        let name = turns.name_of(me).to_owned();
        crate::sim::fail_held(&mut turns, "no thread spins", &name);
    }
    if !turns.gives_away(me) {
        return;
    }
    step_aside(turns, me);
}

/// Gives the turn away in any case.
pub fn give_way() {
    if is_inside() {
        step_aside(turns(), me());
    }
}

/// Lets others run. Some seeds keep a thread from running for a while here, as a busy machine does.
fn step_aside(mut turns: Held, me: ThreadId) {
    let stalls = turns.stalls;
    if stalls > 0 && me != 0 && turns.dice.below(stalls) == 0 {
        let until = turns.now + turns.dice.below(20_000_000);
        let key = turns.key();
        turns.lie_down(me, key, Some(until));
    } else {
        turns.ready.push(me);
    }
    pass(turns, me);
}

/// Sleeps until somebody wakes the key, or until that time. Returns whether it was the time.
pub fn sleep_on(key: Key, until: Option<u64>) -> bool {
    if !is_inside() {
        loop {
            std::thread::park(); // the run is over
        }
    }
    let (mut turns, me) = (turns(), me());
    turns.lie_down(me, key, until);
    pass(turns, me);
    self::turns().actors[me].by_alarm
}

/// Starts a thread on a host.
///
/// # Errors
/// When the system has no thread for it.
pub fn spawn(
    name: String,
    host: HostId,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<ThreadId> {
    let id = turns().add(name, host);
    let run = move || {
        ME.set(id);
        await_turn(id);
        body();
        let mut turns = turns();
        turns.actors[id].doing = Doing::Ended;
        turns.wake(ended_key(id), usize::MAX);
        pass(turns, id);
    };
    let started = std::thread::Builder::new().stack_size(256 << 10).spawn(run)?;
    turns().actors[id].thread = Some(started.thread().clone());
    point();
    Ok(id)
}

/// What whoever waits for the end of a thread sleeps on.
pub fn ended_key(thread: ThreadId) -> Key {
    u64::MAX - thread as u64
}

/// The name of the calling thread, unless somebody holds the turns.
pub fn try_name() -> Option<String> {
    let turns = TURNS.try_lock().ok()?;
    turns.as_ref().map(|turns| turns.name_of(me()).to_owned())
}
