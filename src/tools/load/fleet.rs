//! All members of a run together: they connect, they talk, they leave.
//!
//! ```text
//! speaker 0 --SAY--> server --SAID--> member 0, 1, 2 …        each with a thread and a record
//!     |                                  |
//!     +-----------  MemberEvent  --------+-----> the fleet     waits, gives up, sums up
//! ```
//!
//! The fleet is the one thread that waits. It counts who has sent and who has received everything, and gives up when
//! nothing arrives any more: a server that loses messages must end a run with a report, not with a hang.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::member::{Member, MemberEvent};
use super::options::LoadOptions;
use super::record::{Record, Run};
use super::sender::{Plan, speak};
use crate::io_error::cause;
use crate::tls::SharedKey;
use crate::tools::load::measure::{Faults, PERCENTILES, Report, percentile, whole};

/// The stack of a member's thread. It needs a fraction of it. The unused part costs address space only.
const STACK: usize = 256 * 1024;
/// How long connecting may take for one member, how long joining, and how long the wait for its sending thread.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long nothing may arrive anywhere before the run gives up the missing messages.
const STALLED: Duration = Duration::from_secs(10);
/// How much longer than its sending time a run may take while messages still arrive.
const GRACE: Duration = Duration::from_secs(60);
/// How often a line of progress is written.
const TICK: Duration = Duration::from_secs(1);
/// The most deliveries of a run. Each keeps four bytes until the end, so this is 200 MB.
const MOST_DELIVERIES: u64 = 50_000_000;
/// How many broken connections are reported one by one.
const TOLD: usize = 5;

/// The members of a run. Dropping it disconnects those that are still there.
#[derive(Debug)]
pub struct Fleet {
    /// What all threads share.
    run: Arc<Run>,
    /// The members, each with the thread that returns its record.
    members: Vec<(Arc<Member>, JoinHandle<Option<Record>>)>,
    /// For each new thread's clone; it also keeps the channel open.
    sender: Sender<MemberEvent>,
    /// What all threads report.
    events: Receiver<MemberEvent>,
    /// How many messages each speaker has sent; `None` while it is still sending.
    sent: Vec<Option<u64>>,
    /// When the members began to send, in microseconds since the run began.
    begun: u64,
}

impl Fleet {
    /// Connects and joins so many members, one after the other, by TLS if there is a key. The first `speakers` of them
    /// will send.
    ///
    /// The run's name is made of the process ID and the time, so that two load generators at one server tell their
    /// messages apart.
    ///
    /// # Errors
    /// A sentence about the first member that could not join.
    pub fn connect_all(
        (address, key): (SocketAddr, Option<SharedKey>),
        members: usize,
        speakers: usize,
    ) -> Result<Fleet, String> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let name = format!("{:x}{:x}", process::id(), since.subsec_nanos());
        let (epoch, heard) = (Instant::now(), AtomicU64::new(0));
        let (sender, events) = mpsc::channel();
        let run = Arc::new(Run { name, epoch, speakers, key, heard });
        let (sent, begun) = (vec![None; speakers], 0);
        let mut fleet = Fleet { run, members: Vec::new(), sender, events, sent, begun };
        for index in 0..members {
            fleet.connect(address, index).map_err(|reason| {
                format!("member {} of {members} cannot join {address}: {reason}", index + 1)
            })?;
        }
        Ok(fleet)
    }

    /// Connects one more member and waits until it has joined. One after the other, because a thousand connections at
    /// once overflow the queue of a listener.
    fn connect(&mut self, address: SocketAddr, index: usize) -> Result<(), String> {
        let stream =
            TcpStream::connect_timeout(&address, DEADLINE).map_err(|error| refused(&error))?;
        let member = Arc::new(Member::new(index, stream).map_err(|error| refused(&error))?);
        let (own, run, events) = (Arc::clone(&member), Arc::clone(&self.run), self.sender.clone());
        let attend = move || own.attend(&run, &events);
        let thread = named(format!("member {index}"), attend).map_err(|error| refused(&error))?;
        self.members.push((member, thread));
        loop {
            match self.events.recv_timeout(DEADLINE) {
                Ok(MemberEvent::Joined) => return Ok(()),
                Ok(MemberEvent::Refused(reason)) => return Err(reason),
                Ok(_) => {} // another member has lost its connection: its record tells that at the end
                Err(_) => return Err("the server does not answer".to_owned()),
            }
        }
    }

    /// Lets the speakers send, and waits until every member has received everything, or nothing arrives any more. The
    /// messages are shared out evenly among the speakers.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn talk(&mut self, options: &LoadOptions, progress: &mut impl Write) -> Result<(), String> {
        let most = MOST_DELIVERIES / self.members.len().max(1) as u64;
        let (speakers, until) = (self.sent.len() as u64, Instant::now() + options.time);
        let all = options.messages.unwrap_or(u64::MAX).min(most);
        self.begun = self.run.micros(Instant::now());
        for (member, _) in &self.members[..self.sent.len()] {
            let index = member.index as u64;
            let messages = all / speakers + u64::from(index < all % speakers);
            let (size, rate, window) = (options.size, options.rate, options.window);
            let plan = Plan { messages, size, rate, window, until };
            let (member, run) = (Arc::clone(member), Arc::clone(&self.run));
            let events = self.sender.clone();
            let work = move || {
                let last = speak(&member, &plan, &run);
                let _ = events.send(MemberEvent::Sent(member.index, last)); // unless all is over
            };
            named(format!("speaker {index}"), work).map_err(|error| refused(&error))?;
        }
        self.listen(until + GRACE, progress);
        Ok(())
    }

    /// Waits until all have sent and received everything, and reports progress.
    ///
    /// It cannot know how many messages are still on their way, only whether any arrive. So it gives up when
    /// nothing has arrived for `STALLED`, and in any case soon after `end`.
    fn listen(&mut self, end: Instant, progress: &mut impl Write) {
        let (mut speaking, mut listening) = (self.sent.len(), self.members.len());
        let (mut heard, mut changed, mut told) = (0, Instant::now(), Instant::now());
        while speaking > 0 || listening > 0 {
            let left = TICK.saturating_sub(told.elapsed());
            match self.events.recv_timeout(left) {
                Ok(MemberEvent::Sent(index, last)) => {
                    self.sent[index] = Some(last);
                    speaking -= 1;
                }
                Ok(MemberEvent::Done) => listening = listening.saturating_sub(1),
                Ok(_) | Err(RecvTimeoutError::Disconnected) => {} // the fleet holds a sender itself
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.run.heard.load(Ordering::Relaxed);
                    if now != heard && Instant::now() < end {
                        (heard, changed) = (now, Instant::now());
                    } else if changed.elapsed() >= STALLED {
                        // A progress line that cannot be written changes nothing, here and below.
                        let _ = writeln!(progress, "the missing messages do not arrive: giving up");
                        return;
                    }
                    told = Instant::now();
                    let seconds = self.run.micros(told).saturating_sub(self.begun) / 1_000_000;
                    let members = self.members.len();
                    let _ = writeln!(progress, "{members} members, {seconds} s: {now} deliveries");
                }
            }
        }
    }

    /// Disconnects all members, and reports what they have received. Their records are read only now: while a run is
    /// going on, no thread waits for another one's record.
    pub fn finish(mut self, progress: &mut impl Write) -> Report {
        self.members.iter().for_each(|(member, _)| member.leave());
        let members = std::mem::take(&mut self.members);
        let count = members.len();
        // A thread that has panicked has said why on stderr. All messages to it count as lost.
        let records: Vec<Option<Record>> =
            members.into_iter().map(|(_, thread)| thread.join().ok().flatten()).collect();
        // A speaker that is still sending fails now, because its connection is closed: this wait is short.
        while self.sent.contains(&None) {
            match self.events.recv_timeout(DEADLINE) {
                Ok(MemberEvent::Sent(index, last)) => self.sent[index] = Some(last),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let broken = records
            .iter()
            .enumerate()
            .filter_map(|(index, record)| Some((index, record.as_ref()?.broken.as_ref()?)));
        for (index, reason) in broken.take(TOLD) {
            let _ = writeln!(progress, "member {index}: {reason}");
        }
        self.report(count, records)
    }

    /// Sums up the records. The latencies of all members are one sample. Members that missed nothing must have
    /// received the same messages in the same order: those whose fingerprint is not the most frequent one have
    /// diverged.
    fn report(&self, members: usize, records: Vec<Option<Record>>) -> Report {
        let last: Vec<u64> = self.sent.iter().map(|last| last.unwrap_or(0)).collect();
        let mut report = Report { members, speakers: last.len(), ..Report::default() };
        report.messages = last.iter().sum();
        let (mut latencies, mut fingerprints, mut end) = (Vec::new(), HashMap::new(), self.begun);
        for record in records {
            let Some(record) = record else {
                report.faults.add(Faults { lost: report.messages, ..Faults::default() });
                continue;
            };
            let orders = record.orders.iter().zip(last.iter().copied());
            let faults = Faults::of(orders, &record.room);
            if faults == Faults::default() {
                *fingerprints.entry(record.fingerprint).or_insert(0) += 1;
            }
            report.faults.add(faults);
            end = end.max(record.last);
            latencies.extend(record.latencies); // this frees the record's own copy
        }
        let most = fingerprints.values().copied().max().unwrap_or(0);
        report.faults.diverged = fingerprints.values().sum::<u64>() - most;
        latencies.sort_unstable();
        report.deliveries = latencies.len() as u64;
        report.seconds = whole(end - self.begun) / 1e6;
        report.latency =
            PERCENTILES.map(|(part, _)| percentile(&latencies, part).unwrap_or_default());
        report
    }
}

/// Disconnects the members of a run that has failed. After a run that has not, there are none left here.
impl Drop for Fleet {
    fn drop(&mut self) {
        for (member, thread) in self.members.drain(..) {
            member.leave();
            let _ = thread.join(); // the failure was reported already
        }
    }
}

/// Starts a thread with a name and a small stack, for there may be ten thousand of them.
fn named<T: Send + 'static>(
    name: String,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name).stack_size(STACK).spawn(body)
}

/// Explains why a member cannot connect. The most common reason, too few file descriptors, has a remedy.
fn refused(error: &io::Error) -> String {
    const TOO_MANY_FILES: [i32; 2] = [24, 10_024]; // on Unix, on Windows
    let reason = cause(error);
    let known = error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code));
    if known { format!("{reason} (raise `ulimit -n`: one for each member)") } else { reason }
}
