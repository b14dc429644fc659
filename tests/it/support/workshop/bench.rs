//! Benches: places where programs are built and graded, several at the same time.
//!
//! Building keeps the processors busy, and grading mostly waits. So there are more benches than processors. What is
//! graded at a bench need not be built there: one of a few [kilns](Kiln) does that for all of them.

use std::fs::{self, File};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, ScopedJoinHandle};

/// How many benches there are. With more, programs would wait for processors until the grader takes that for a mistake.
const BENCHES: usize = 6;
/// How many kilns there are.
const KILNS: usize = 2;

/// The right to use one bench, until it is dropped.
#[derive(Debug)]
pub struct Bench(Place);

/// The right to use one kiln, a folder in which copies of trees are built, until it is dropped.
#[derive(Debug)]
pub struct Kiln(Place);

impl Bench {
    /// Waits until a bench is free, and takes it.
    pub fn take() -> Bench {
        Bench(room().benches.take())
    }

    /// Its folder, which keeps what was built there before.
    pub fn folder(&self) -> PathBuf {
        self.0.folder("bench")
    }
}

impl Kiln {
    /// Waits until a kiln is free, and takes it.
    pub fn take() -> Kiln {
        Kiln(room().kilns.take())
    }

    /// Its folder, which keeps what was built there before.
    pub fn folder(&self) -> PathBuf {
        self.0.folder("kiln")
    }
}

/// All of this process. Another process with the same target folder waits until this one ends.
struct Room {
    _key: File,
    benches: Pool,
    kilns: Pool,
}

/// Places of one kind that are free.
#[derive(Debug)]
struct Pool {
    free: Mutex<Vec<usize>>,
    returned: Condvar,
}

/// One of them that is taken.
#[derive(Debug)]
struct Place {
    pool: &'static Pool,
    number: usize,
}

impl Pool {
    fn with(places: usize) -> Pool {
        Pool { free: Mutex::new((0..places).rev().collect()), returned: Condvar::new() }
    }

    fn take(&'static self) -> Place {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let none = |free: &mut Vec<usize>| free.is_empty();
        let mut free = self.returned.wait_while(free, none).unwrap_or_else(PoisonError::into_inner);
        Place { pool: self, number: free.pop().unwrap() }
    }
}

impl Place {
    fn folder(&self, kind: &str) -> PathBuf {
        let folder = shelf().join(format!("{kind}{}", self.number));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.number);
        self.pool.returned.notify_one();
    }
}

/// Where all of this is.
pub fn shelf() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("workshop")
}

fn room() -> &'static Room {
    static ROOM: OnceLock<Room> = OnceLock::new();
    ROOM.get_or_init(|| {
        fs::create_dir_all(shelf()).unwrap();
        let key = File::create(shelf().join("key")).unwrap();
        key.lock().unwrap();
        Room { _key: key, benches: Pool::with(BENCHES), kilns: Pool::with(KILNS) }
    })
}

/// Does this work for each item at a bench, at as many benches as are free. The results have the order of the items.
pub fn at_benches<T: Sync, R: Send>(items: &[T], work: impl Fn(&Bench, &T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0..items.len());
    let take_next = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        let mut done = Vec::new();
        loop {
            let bench = Bench::take(); // the bench first: no item waits for one while others are free
            let Some(index) = take_next() else { return done };
            done.push((index, work(&bench, &items[index])));
        }
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..BENCHES).map(|_| scope.spawn(worker)).collect();
        let done: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
        let done =
            done.into_iter().map(|done| done.unwrap_or_else(|why| panic::resume_unwind(why)));
        done.flatten().collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
