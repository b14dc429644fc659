//! One file on its way to a peer, or from one.
//!
//! ```text
//! sent       Queued ──► Preparing ──► Prepared ──► Offering ──► Sending ──► done
//!            another    it is read    the chat     the peer     pieces, and
//!            is first   for its sum   opens        answers      receipts
//!
//! received   Offered ──► Opening ──► Receiving ──► done
//!            the user    its place   pieces, and
//!            answers     is looked   receipts
//!                        at
//! ```

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, SyncSender};
use std::time::{Duration, Instant};

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::files::name::harmless;
use crate::client::direct::files::receiving::PieceStore;
use crate::client::direct::files::sending::SendWindow;
use crate::client::direct::files::size::{percent, shown};
use crate::client::event::TransferId;
use crate::client::net::ConnectionId;
use crate::client::ui::Object;
use crate::wire::{Checksum, FileBlock, FileEnd};

/// How long an offer may wait for its answer: a person must see it and decide. So long, too, a thread may take to look
/// through a file.
pub const OFFER: Duration = Duration::from_secs(300);
/// How long nothing may move. A peer whose disk stands still, or a network that has gone, must not hold a place for
/// ever.
const STALL: Duration = Duration::from_secs(60);
/// How often progress is told where no prompt shows it.
const TOLD: Duration = Duration::from_secs(5);

/// One file on its way.
#[derive(Debug)]
pub struct Transfer {
    /// Its number in this client.
    pub key: TransferId,
    /// Its number in its chat; 0 before it is offered.
    pub number: u64,
    /// Its chat.
    pub chat: ConnectionId,
    /// The peer, as the screen shows it.
    pub label: String,
    /// Its name, without a path.
    pub name: String,
    /// Its size in bytes; 0 while it is not known.
    pub size: u64,
    /// Its SHA-256, once that is known.
    pub sum: Option<Checksum>,
    /// How many of its bytes are at the receiver, and stored.
    pub done: u64,
    /// When something has moved for the last time.
    pub moved: Instant,
    /// When its progress was told for the last time.
    pub told: Instant,
    /// How far it has come.
    pub stage: TransferStage,
}

/// An offer as it came.
#[derive(Debug)]
pub struct FileOffer {
    /// The number of the file in its chat.
    pub number: u64,
    /// What the peer calls it.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sum: Checksum,
}

/// How far a file has come. Each stage holds what it needs and nothing else: where there is a sender, there is a thread
/// at its other end, which ends when the sender is dropped with its stage.
#[derive(Debug)]
pub enum TransferStage {
    /// To be sent: an earlier one to the same peer comes first.
    Queued(PathBuf),
    /// To be sent: its thread reads it for its SHA-256.
    Preparing(Sender<Range<u64>>),
    /// To be sent: it is offered when the chat is open.
    Prepared(Sender<Range<u64>>),
    /// To be sent: the peer has not answered.
    Offering(Sender<Range<u64>>),
    /// The peer takes it.
    Sending(SendWindow),
    /// To be received: the user has not answered.
    Offered,
    /// To be received: its thread looks what is there already.
    Opening(SyncSender<Vec<u8>>),
    /// It comes.
    Receiving(PieceStore),
}

impl Transfer {
    /// A file to be sent in a chat.
    pub fn outgoing(chat: ConnectionId, label: String, path: PathBuf, now: Instant) -> Transfer {
        let (key, number) = (TransferId::next(), 0);
        let name = harmless(&path.file_name().unwrap_or_default().to_string_lossy());
        let (size, sum, done, moved, told) = (0, None, 0, now, now);
        let stage = TransferStage::Queued(path);
        Transfer { key, number, chat, label, name, size, sum, done, moved, told, stage }
    }

    /// A file that is offered in a chat.
    pub fn incoming(chat: ConnectionId, label: String, offer: FileOffer, now: Instant) -> Transfer {
        let FileOffer { number, name, size, sum } = offer;
        let (key, name, sum) = (TransferId::next(), harmless(&name), Some(sum));
        let (done, moved, told, stage) = (0, now, now, TransferStage::Offered);
        Transfer { key, number, chat, label, name, size, sum, done, moved, told, stage }
    }

    /// Whether this client sends it.
    pub fn is_outgoing(&self) -> bool {
        !matches!(
            self.stage,
            TransferStage::Offered | TransferStage::Opening(_) | TransferStage::Receiving(_)
        )
    }

    /// Whether the peer has offered it and waits for the user's answer.
    pub fn is_offered(&self) -> bool {
        matches!(self.stage, TransferStage::Offered)
    }

    /// Whether the peer has heard of it. Before that nobody need tell it that the file does not come.
    pub fn is_known_to_peer(&self) -> bool {
        use TransferStage::{Prepared, Preparing, Queued};
        !matches!(self.stage, Queued(_) | Preparing(_) | Prepared(_))
    }

    /// When its time is over, if nothing moves.
    pub fn deadline(&self) -> Option<Instant> {
        match self.stage {
            TransferStage::Queued(_) | TransferStage::Prepared(_) => None, // it ends with its chat
            TransferStage::Sending(_) | TransferStage::Receiving(_) => Some(self.moved + STALL),
            // A large file on a slow machine is looked through for long, and nothing is told meanwhile.
            _ => Some(self.moved + OFFER),
        }
    }

    /// Why it ends when its time is over.
    pub fn lateness(&self) -> &'static str {
        match self.stage {
            TransferStage::Offering(_) | TransferStage::Offered => "no answer within 5 minutes",
            TransferStage::Preparing(_) | TransferStage::Opening(_) => "the disk is too slow",
            _ => "nothing has moved for a minute",
        }
    }

    /// Offers the file to the peer.
    pub fn offer(&mut self, context: &mut Context) {
        let (TransferStage::Prepared(orders), Some(sum)) = (&self.stage, self.sum) else { return };
        self.stage = TransferStage::Offering(orders.clone());
        self.moved = context.now;
        // The numbers of the caller are odd, those of the called peer even (PROTOCOL).
        let called = context.chats.tcp(self.chat).is_some_and(|chat| chat.called);
        self.number = self.key.0 * 2 + u64::from(called);
        let (file, name, size) = (self.number, self.name.clone(), self.size);
        tell(self.chat, &FileBlock::Offer { file, name, size, sum }, context.chats);
        context.screen.line(format_args!("offered to {}: {}", self.label, self.title()));
    }

    /// Handles that the peer accepts the offer, and has the first bytes.
    ///
    /// # Errors
    /// When it cannot have that many.
    pub fn accepted(&mut self, from: u64, context: &mut Context) -> Result<(), FileEnd> {
        if let TransferStage::Offering(orders) = &self.stage {
            let window = SendWindow::new(orders.clone(), self.size, from)?;
            self.stage = TransferStage::Sending(window);
            self.begun(from, format!("{} accepts {}", self.label, self.title()), context);
        }
        Ok(())
    }

    /// Handles the peer's receipt for all bytes up to there.
    ///
    /// # Errors
    /// When these bytes are not on their way.
    pub fn stored(&mut self, upto: u64, context: &mut Context) -> Result<(), FileEnd> {
        if let TransferStage::Sending(window) = &mut self.stage {
            window.stored(upto)?;
            self.progressed(upto, context);
        }
        Ok(())
    }

    /// Handles that there is a place for the file that comes, with its first bytes.
    pub fn opened(&mut self, has: u64, context: &mut Context) {
        if let TransferStage::Opening(store) = &self.stage {
            let store = PieceStore::new(store.clone(), self.size, has);
            self.stage = TransferStage::Receiving(store);
            self.begun(has, format!("{} sends {}", self.label, self.title()), context);
        }
    }

    /// Notes that pieces come from now on, behind the first bytes.
    fn begun(&mut self, from: u64, sentence: String, context: &mut Context) {
        (self.done, self.moved, self.told) = (from, context.now, context.now);
        let goes_on = match self.percent() {
            _ if from == 0 => String::new(),
            percent => format!(", and it goes on at {percent} %"),
        };
        context.screen.line(sentence + &goes_on);
    }

    /// Notes that all bytes up to there are stored. Where no prompt shows it, it is told now and then.
    pub fn progressed(&mut self, upto: u64, context: &mut Context) {
        (self.done, self.moved) = (upto, context.now);
        let is_due = context.now.duration_since(self.told) >= TOLD;
        if is_due && !context.screen.has_prompt() {
            self.told = context.now;
            context.screen.line(self.progress());
        }
    }

    /// Whether the peer has stored all of it.
    pub fn is_stored(&self) -> bool {
        matches!(&self.stage, TransferStage::Sending(window) if window.is_whole())
    }

    /// Its size and the first digits of its SHA-256, for the last sentence about it.
    pub fn about(&self) -> String {
        let sum = self.sum.map_or_else(String::new, |sum| sum.short());
        format!("{}, SHA-256 {sum}", shown(self.size))
    }

    /// Its name and size: `"notes.pdf" (1.2 MB)`.
    pub fn title(&self) -> String {
        format!("{self} ({})", shown(self.size))
    }

    /// What has come of it, in percent.
    pub fn percent(&self) -> u64 {
        percent(self.done, self.size)
    }

    /// How far it has come, in a line.
    pub fn progress(&self) -> String {
        let (label, title) = (&self.label, self.title());
        match &self.stage {
            TransferStage::Queued(_) | TransferStage::Preparing(_) | TransferStage::Prepared(_) => {
                format!("to {label}: {self}, not offered yet")
            }
            TransferStage::Offering(_) => format!("offered to {label}: {title}"),
            TransferStage::Sending(_) => format!("to {label}: {title}, {} %", self.percent()),
            TransferStage::Offered => {
                format!("{label} wants to send you {title}")
            }
            TransferStage::Opening(_) | TransferStage::Receiving(_) => {
                format!("from {label}: {title}, {} %", self.percent())
            }
        }
    }

    /// The file as a JSON object for the page. What is done counts in whole percent, so that the page is told at most a
    /// hundred times.
    pub fn json(&self) -> String {
        let state = match &self.stage {
            TransferStage::Queued(_) | TransferStage::Preparing(_) | TransferStage::Prepared(_) => {
                "preparing"
            }
            TransferStage::Offering(_) | TransferStage::Offered => "offered",
            TransferStage::Opening(_) | TransferStage::Receiving(_) | TransferStage::Sending(_) => {
                "moving"
            }
        };
        let done = self.size * self.percent() / 100;
        let object = Object::empty().json("id", self.key.0).text("name", &self.name);
        let object = object.json("size", self.size).json("done", done);
        let object = object.text("direction", if self.is_outgoing() { "out" } else { "in" });
        object.text("state", state).end()
    }
}

/// The name in quotation marks.
impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "\"{}\"", self.name)
    }
}

/// Sends a block about a file. Returns whether it is on its way.
pub fn tell(chat: ConnectionId, block: &FileBlock, chats: &Chats) -> bool {
    let writer = chats.tcp(chat).and_then(|chat| chat.writer.as_ref());
    writer.is_some_and(|writer| writer.block(&block.to_block()))
}
