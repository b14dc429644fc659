//! What `CHAT_SHAKE` does, for tests of the server: threads sleep at random places, reads end for no reason, and a
//! thread that waits too long for the registry's lock says who holds it.
//!
//! A lock of the standard library knows neither where it was taken nor by whom. This one notes both, so a deadlock,
//! which is silent by nature, tells the two places in the source that are to blame.
//!
//! ```
//! use p2p_chat::server::directory::shake::Shake;
//! use std::sync::Mutex;
//! use std::time::Duration;
//!
//! let (shake, mutex) = (Shake::new(7), Mutex::new(1));
//! *shake.lock(&mutex) += 1; // this line is noted as the one that has it
//! assert_eq!(*shake.lock(&mutex), 2);
//! assert_eq!(Shake::wait(Duration::from_secs(10)), Duration::from_millis(50));
//! ```

use std::fmt::{self, Display, Formatter};
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::random::Dice;
use crate::sync::lock;

/// How long a thread waits for the lock before it says so.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(1);
/// The longest wait of a read.
const READ: Duration = Duration::from_millis(50);

/// The shaking of one registry.
#[derive(Debug)]
pub struct Shake {
    /// The random numbers for delays.
    dice: Mutex<Dice>,
    /// The thread that took the lock last. If the lock is taken, it is the one that holds it.
    holder: Mutex<Option<Holder>>,
}

/// A thread that has the lock, and where it took it.
#[derive(Debug, Clone)]
struct Holder {
    /// The thread. Several may have one name.
    id: ThreadId,
    /// Its name, for the sentence.
    name: String,
    /// The place in the source that called.
    place: &'static Location<'static>,
}

impl Shake {
    /// Shakes with the delays of this seed.
    pub fn new(seed: u64) -> Shake {
        Shake { dice: Mutex::new(Dice::new(seed)), holder: Mutex::new(None) }
    }

    /// Sleeps for less than `longest` microseconds.
    pub fn delay(&self, longest: u64) {
        let delay = lock(&self.dice).below(longest);
        thread::sleep(Duration::from_micros(delay));
    }

    /// How long a read may wait that could wait for `time`. A reader must survive that a read ends too early.
    pub fn wait(time: Duration) -> Duration {
        time.min(READ)
    }

    /// Locks a mutex, and notes that the caller's caller has it. After two seconds without success it says on stderr
    /// who has it, and goes on waiting.
    #[track_caller]
    pub fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
        let place = Location::caller();
        let until = Instant::now() + PATIENCE;
        let guard = loop {
            match mutex.try_lock() {
                Ok(guard) => break guard,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    self.complain(place);
                    break lock(mutex);
                }
            }
        };
        let (id, name) = (thread::current().id(), name());
        *lock(&self.holder) = Some(Holder { id, name, place });
        guard
    }

    /// Says who waits where for whom. A thread that has the lock and wants it again waits for itself, and is told so.
    fn complain(&self, place: &Location) {
        let (me, seconds) = (name(), PATIENCE.as_secs());
        let holder = lock(&self.holder).clone();
        let holder = match holder {
            Some(holder) if holder.id == thread::current().id() => {
                format!("which it holds itself, {holder}")
            }
            Some(holder) => format!("which {} holds, {holder}", holder.name),
            None => "which nobody has taken by `lock`".to_owned(),
        };
        eprintln!(
            "CHAT_SHAKE: for {seconds} s {me} has waited, at {place}, for the registry's lock, {holder}"
        );
    }
}

impl Display for Holder {
    /// Where it took the lock.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "since {}", self.place)
    }
}

/// The name of this thread in a sentence.
fn name() -> String {
    let name = thread::current().name().map(str::to_owned);
    format!("thread \"{}\"", name.unwrap_or("without a name".to_owned()))
}
