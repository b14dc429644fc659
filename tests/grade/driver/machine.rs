//! How busy this machine is: a program that gets no processor is slow, and that is no fault of who wrote it.
//!
//! The grader measures at its start, between labs, and when something has failed. It does a piece of work on each
//! processor, and compares the time with that of the fastest small part of it, which nobody has interrupted.
//!
//! The authors' tests play a busy machine: `LAB_BUSY=1,2,30` is what it measures at first, the second time, and from
//! then on. Nobody else needs it, and it gives no points.

use std::env;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How much is measured on each processor: so many parts, each of so many rounds (about a quarter of a millisecond).
const PARTS: u32 = 200;
const ROUNDS: u64 = 10_000;
/// A machine is at rest if it takes at most so many times longer than alone: processors share caches, too.
const AT_REST: f64 = 1.6;
/// Beyond this, deadlines do not grow any more.
const MOST: f64 = 6.0;

/// How many thousandths longer everything may take now.
static STRETCH: AtomicU64 = AtomicU64::new(1000);
/// The time of the fastest part so far, in nanoseconds.
static FASTEST: AtomicU64 = AtomicU64::new(u64::MAX);

/// How many times longer everything may take on this machine now. It is 1 until somebody looks.
#[allow(clippy::cast_precision_loss, reason = "it is a small number")]
pub fn stretch() -> f64 {
    STRETCH.load(Ordering::Relaxed) as f64 / 1000.0
}

/// Measures how busy the machine is, and from now on gives everything as much more time. Gives the measured number: 1
/// is a machine at rest, and on one with 3, everything takes three times longer.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number")]
pub fn look() -> f64 {
    let busy = played().unwrap_or_else(measure);
    let stretch = if busy <= AT_REST { 1.0 } else { busy.min(MOST) };
    STRETCH.store((stretch * 1000.0) as u64, Ordering::Relaxed);
    busy
}

/// Gives everything at least twice the time it had: something has failed, perhaps because it was late.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above")]
pub fn give_more() {
    let more = (stretch() * 2.0).min(2.0 * MOST);
    STRETCH.store((more * 1000.0) as u64, Ordering::Relaxed);
}

/// Whether a machine that was measured so is busy at all.
pub fn is_busy(busy: f64) -> bool {
    busy > AT_REST
}

/// The next number of `LAB_BUSY`, or its last.
fn played() -> Option<f64> {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let told = env::var("LAB_BUSY").ok()?;
    let numbers: Vec<f64> = told.split(',').filter_map(|number| number.parse().ok()).collect();
    numbers.get(LOOKS.fetch_add(1, Ordering::Relaxed)).or(numbers.last()).copied()
}

/// How many times longer a piece of work takes on all processors at once than it would alone.
fn measure() -> f64 {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let took: Vec<Duration> = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect()
    });
    let fastest = Duration::from_nanos(FASTEST.load(Ordering::Relaxed)) * PARTS;
    let all: f64 = took.iter().map(|took| took.div_duration_f64(fastest)).sum();
    all / f64::from(u32::try_from(took.len()).unwrap_or(1))
}

/// Works, and gives how long it took.
fn work() -> Duration {
    let begun = Instant::now();
    for _ in 0..PARTS {
        let part = Instant::now();
        black_box((0..ROUNDS).fold(0_u64, |sum, round| black_box(sum ^ round)));
        let took = u64::try_from(part.elapsed().as_nanos()).unwrap_or(u64::MAX);
        FASTEST.fetch_min(took.max(1), Ordering::Relaxed);
    }
    begun.elapsed()
}
