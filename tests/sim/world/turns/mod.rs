//! The turns: real threads, of which one runs at a time. A seed decides which is next, and the clock jumps.
//!
//! Each thread of the world is a thread of the system that waits until it is its turn. It gives the turn away in the
//! calls of this crate, and nowhere else: between two such calls nobody else runs. So a seed decides the whole run.
//!
//! There is one world in a process. Its threads need not end: the process ends with the run.

mod state;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::trace::Trace;

pub use state::Turns;

use state::{CALL, Doing, MOST_CALLS};

/// What a thread sleeps on: a lock, a condition, a socket.
pub type Key = u64;
/// The number of a thread.
pub type ThreadId = usize;
/// The number of a host.
pub type HostId = usize;

/// No thread: a thread of the system that is none of the world's.
const NOBODY: ThreadId = usize::MAX;

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
    *TURNS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Turns::new(seed, trace));
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
