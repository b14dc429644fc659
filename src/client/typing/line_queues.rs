//! One bounded queue of typed lines for each addressee.
//!
//! [`Lines`](super::lines::Lines) decides which line goes into which queue, and when its turn has come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crate::client::net::ConnectionId;
use crate::client::typing::command::Command;

/// How many lines may wait for one addressee, and how many lines from the page may wait for their place.
pub const WAITING_LINES: usize = 256;
/// An addressee that has taken nothing for this long stands still.
pub const STILL: Duration = Duration::from_secs(2);
/// The same over UDP: there is time for eight copies of a message, so that bad luck alone is no standing still.
pub const STILL_OVER_UDP: Duration = Duration::from_secs(5);
/// How long a script that hangs up waits until the texts before that are acknowledged.
pub const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A terminal, at which somebody sits.
    Keyboard,
    /// A pipe or a file: the order of its lines has a meaning.
    Script,
    /// The page. Its lines use up no credit.
    Browser,
}

/// A typed line.
#[derive(Debug)]
pub struct WaitingLine {
    /// The line itself: it may be the answer to the question for a nickname.
    pub line: String,
    /// What it means.
    pub command: Command,
    /// Where it came from.
    pub source: Source,
    /// Whether it still holds a credit.
    pub holds_credit: bool,
    /// Whether the calls that were typed before it are settled.
    pub is_resolved: bool,
}

/// What a line waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addressee {
    /// The server, which answers one request after the other.
    Server,
    /// The connection to the room.
    Room,
    /// A direct chat.
    Chat(ConnectionId),
}

/// The lines that wait for one addressee.
#[derive(Debug)]
pub struct LineQueue {
    /// The lines, the oldest first. There is at least one.
    pub lines: VecDeque<WaitingLine>,
    /// When it last gave a line away, or got its first one.
    pub moved: Instant,
    /// How long the addressee may take nothing.
    pub still: Duration,
}

impl LineQueue {
    /// Whether the addressee has taken nothing for long.
    pub fn stands_still(&self, now: Instant) -> bool {
        now.duration_since(self.moved) >= self.still
    }

    /// Whether no further line may wait.
    pub fn is_full(&self) -> bool {
        self.lines.len() >= WAITING_LINES
    }

    /// When something changes after `ticked` if nothing happens before: the queue stands still, or a script's patience
    /// ends.
    fn deadline(&self, ticked: Instant) -> Option<Instant> {
        let first = self.lines.front()?;
        let still = first.holds_credit.then_some(self.moved + self.still);
        let hangs_up = matches!(first.command, Command::Hangup(_));
        let patience = hangs_up.then_some(self.moved + LAST_WORDS);
        // A hang-up that waits for a file waits on.
        still.into_iter().chain(patience).filter(|at| *at > ticked).min()
    }
}

/// The queues that are not empty.
pub struct LineQueues {
    queues: BTreeMap<Addressee, LineQueue>,
    /// The way to allow the terminal's thread one more line.
    credits: SyncSender<()>,
    /// When the last [`LineQueues::tick`] was.
    ticked: Instant,
}

impl LineQueues {
    /// No lines yet. `credits` allows the terminal's thread one more line for each that is carried out.
    pub fn new(credits: SyncSender<()>) -> LineQueues {
        LineQueues { queues: BTreeMap::new(), credits, ticked: Instant::now() }
    }

    /// The queues with their addressees.
    pub fn iter(&self) -> impl Iterator<Item = (Addressee, &LineQueue)> {
        self.queues.iter().map(|(addressee, queue)| (*addressee, queue))
    }

    /// The queue for an addressee, if lines wait for it.
    pub fn get(&self, addressee: Addressee) -> Option<&LineQueue> {
        self.queues.get(&addressee)
    }

    /// The first line that waits for an addressee.
    pub fn first(&mut self, addressee: Addressee) -> Option<&mut WaitingLine> {
        self.queues.get_mut(&addressee)?.lines.front_mut()
    }

    /// Adds a line for an addressee that stands still after so long.
    pub fn push(&mut self, addressee: Addressee, line: WaitingLine, still: Duration, now: Instant) {
        let empty = || LineQueue { lines: VecDeque::new(), moved: now, still };
        self.queues.entry(addressee).or_insert_with(empty).lines.push_back(line);
    }

    /// Takes the first line that waits for an addressee, with its credit.
    pub fn pop(&mut self, addressee: Addressee, now: Instant) -> Option<WaitingLine> {
        let queue = self.queues.get_mut(&addressee)?;
        let line = queue.lines.pop_front();
        queue.moved = now;
        if queue.lines.is_empty() {
            self.queues.remove(&addressee);
        }
        line
    }

    /// Gives the lines for a chat that another one has replaced to its `heir`.
    pub fn follow(&mut self, heir: impl Fn(ConnectionId) -> ConnectionId) {
        let heirs = self.queues.keys().filter_map(|addressee| match addressee {
            Addressee::Chat(id) => Some((*id, heir(*id))).filter(|(id, heir)| id != heir),
            _ => None,
        });
        for (id, heir) in heirs.collect::<Vec<_>>() {
            let Some(mut old) = self.queues.remove(&Addressee::Chat(id)) else { continue };
            if let Some(new) = self.queues.remove(&Addressee::Chat(heir)) {
                old.lines.extend(new.lines);
            }
            self.queues.insert(Addressee::Chat(heir), old);
        }
    }

    /// Takes all lines, in the order of their addressees.
    pub fn take_all(&mut self) -> impl Iterator<Item = WaitingLine> + use<> {
        std::mem::take(&mut self.queues).into_values().flat_map(|queue| queue.lines)
    }

    /// The line, after its credit is given back.
    pub fn paid(&self, line: WaitingLine) -> WaitingLine {
        if line.holds_credit {
            self.give_credit();
        }
        WaitingLine { holds_credit: false, ..line }
    }

    /// Allows the terminal's thread one more line.
    pub fn give_credit(&self) {
        let _ = self.credits.try_send(()); // it fails only if the thread that reads has ended
    }

    /// Gives back the credits of the lines whose addressee stands still: the lines behind them must go on.
    pub fn tick(&mut self, now: Instant) {
        self.ticked = now;
        for queue in self.queues.values_mut().filter(|queue| queue.stands_still(now)) {
            for line in &mut queue.lines {
                if std::mem::take(&mut line.holds_credit) {
                    let _ = self.credits.try_send(()); // it fails only if the thread that reads has ended
                }
            }
        }
    }

    /// When [`LineQueues::tick`] has something to do, or a script's patience ends.
    pub fn deadline(&self) -> Option<Instant> {
        self.queues.values().filter_map(|queue| queue.deadline(self.ticked)).min()
    }
}
