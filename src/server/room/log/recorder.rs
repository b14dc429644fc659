//! The recorder: what the broadcaster gives to the log, straight into a file, or to a thread of its own.
//!
//! A message must be in the log before anybody reads it, so the broadcaster waits for a regular file. A FIFO that
//! nobody reads, or a device that stalls, would make it wait for ever. Their lines go through a bounded queue, to a
//! thread that may wait. What does not fit is counted as lost. Such a log is not read back, so the promise has nothing
//! to lose.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::server::room::log::journal::{Journal, Portion};
use crate::server::room::log::remark::GivenId;
use crate::sync::{lock, wait};

/// How many bytes may wait for a device.
const FULL: usize = 1 << 20;
/// How many portions may wait for a device.
const MOST: usize = 4_096;
/// How long the end of the server waits for a device to take what is queued.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where the broadcaster's lines go.
#[derive(Debug)]
pub enum Recorder {
    /// Into a regular file, under a lock that is held during the write.
    File(Box<Mutex<Journal>>),
    /// Into what is no regular file, by a thread.
    Device(Arc<Device>),
}

/// A queue before what is no regular file.
#[derive(Debug, Default)]
pub struct Device {
    waiting: Mutex<Waiting>,
    /// Wakes the thread that writes, and whoever waits for the end of that.
    changed: Condvar,
}

/// What waits for a device, under the queue's lock.
#[derive(Debug, Default)]
struct Waiting {
    /// Each with the number of messages that did not fit before it.
    portions: VecDeque<(u64, Portion)>,
    /// How many bytes their lines have.
    bytes: usize,
    /// How many messages did not fit since the last portion that did.
    lost: u64,
    /// Why a write failed.
    failure: Option<io::Error>,
    /// Whether the thread is writing.
    writes: bool,
}

impl Recorder {
    /// Takes a log, and starts a thread for it if it is no regular file.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn new(journal: Journal) -> io::Result<Recorder> {
        if journal.is_regular() {
            return Ok(Recorder::File(Box::new(Mutex::new(journal))));
        }
        let device: Arc<Device> = Arc::default();
        let writing = Arc::clone(&device);
        thread::Builder::new().name("log".to_owned()).spawn(move || writing.run(journal))?;
        Ok(Recorder::Device(device))
    }

    /// Records a portion. A device takes it away.
    ///
    /// # Errors
    /// When it cannot be written, or an earlier one could not. Messages that are not in the log are counted.
    pub fn record(&self, portion: &mut Portion) -> io::Result<()> {
        match self {
            Recorder::File(journal) => lock(journal).record(portion),
            Recorder::Device(device) => device.push(std::mem::take(portion)),
        }
    }

    /// Records the IDs that `fresh` returns, and waits for those that another thread records just now.
    ///
    /// # Errors
    /// When they cannot be written. They are written later.
    pub fn record_ids(&self, fresh: impl FnOnce() -> Vec<GivenId>) -> io::Result<()> {
        match self {
            Recorder::File(journal) => {
                let mut journal = lock(journal);
                journal.record(&Portion { ids: fresh(), ..Portion::default() })
            }
            Recorder::Device(device) => device.push(Portion { ids: fresh(), ..Portion::default() }),
        }
    }

    /// Lets a device take what is queued, but not for long.
    pub fn close(&self) {
        if let Recorder::Device(device) = self {
            let busy = |waiting: &mut Waiting| waiting.writes || !waiting.portions.is_empty();
            let waiting = lock(&device.waiting);
            let woken = device.changed.wait_timeout_while(waiting, LAST_WORDS, busy);
            drop(woken.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Device {
    /// Queues a portion, if there is room.
    fn push(&self, portion: Portion) -> io::Result<()> {
        let mut waiting = lock(&self.waiting);
        if waiting.bytes + portion.lines.len() > FULL || waiting.portions.len() == MOST {
            waiting.lost += portion.messages;
            return Err(io::Error::other("it takes nothing"));
        }
        waiting.bytes += portion.lines.len();
        let lost = std::mem::take(&mut waiting.lost);
        waiting.portions.push_back((lost, portion));
        self.changed.notify_all();
        waiting.failure.take().map_or(Ok(()), Err)
    }

    /// Writes portion after portion: the body of the thread. It may wait in a write for ever, and ends with the
    /// process.
    fn run(&self, mut journal: Journal) {
        loop {
            let mut waiting = lock(&self.waiting);
            let (lost, portion) = loop {
                match waiting.portions.pop_front() {
                    Some(next) => break next,
                    None => waiting = wait(&self.changed, waiting),
                }
            };
            waiting.bytes -= portion.lines.len();
            waiting.writes = true;
            drop(waiting); // the write may block for ever
            journal.lose(lost);
            let failure = journal.record(&portion).err();
            let mut waiting = lock(&self.waiting);
            waiting.writes = false;
            waiting.failure = failure.or(waiting.failure.take());
            self.changed.notify_all();
        }
    }
}
