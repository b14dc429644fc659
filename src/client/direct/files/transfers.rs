//! Whatever happens to files: what the user wants, what the peers send, what the threads report, what is due.
//!
//! ```text
//! thread      alice's loop                            bob's loop      thread
//!    │◄── read it ──│ /send                                │             │
//!    │── SHA-256 ──►│── FILE Name, Size, SHA-256 ─────────►│ /accept     │
//!    │              │                                      │── open ────►│  what is there already?
//!    │◄── pieces? ──│◄─ FILEACK From ──────────────────────│◄─ so much ──│
//!    │── bytes ────►│── PIECE From ───────────────────────►│── store ───►│
//!    │◄── more? ────│◄─ PIECEACK Upto ─────────────────────│◄─ stored ───│
//!    │              │                … and so on, with at most 8 on their way
//!    │              │◄─ FILEEND done ──────────────────────│◄─ right ────│  the SHA-256, the name
//! ```
//!
//! Neither loop waits for a disk, and neither sends what the other has not made room for. So the chat goes on
//! meanwhile. A file ends with its chat; what has been stored by then is kept.

use std::path::PathBuf;
use std::time::Instant;

use crate::client::direct::chats::Chats;
use crate::client::direct::context::Context;
use crate::client::direct::files::name::typed_path;
use crate::client::direct::files::offers::Offers;
use crate::client::direct::files::sending::WINDOW;
use crate::client::direct::files::transfer::{FileOffer, Transfer, TransferStage, tell};
use crate::client::direct::files::transfer_list::TransferList;
use crate::client::direct::files::writing::FilePlace;
use crate::client::direct::files::{reading, writing};
use crate::client::direct::tcp::Chat;
use crate::client::event::{Events, FileEvent, TransferId};
use crate::client::net::ConnectionId;
use crate::client::ui::json::list;
use crate::io_error::cause;
use crate::wire::{FileBlock, FileEnd};

/// The most files that may wait to be sent, all peers together.
const MAX_OUTGOING: usize = 64;

/// The files on their way.
pub struct Transfers {
    list: TransferList,
    offers: Offers,
    /// The way to the loop, for the threads of the files.
    events: Events,
}

impl Transfers {
    /// No files yet. Those that come go into `folder`; without one they are refused.
    pub fn new(folder: Option<PathBuf>, events: Events) -> Transfers {
        Transfers { list: TransferList::default(), offers: Offers::into_folder(folder), events }
    }

    /// Sends a file in a chat, or in the current one. It waits for those that the user has sent there before, and, if
    /// this client has just called the peer, for the chat to open.
    ///
    /// # Errors
    /// The sentence that tells why it cannot be sent.
    pub fn send(
        &mut self,
        chat: Option<ConnectionId>,
        path: &str,
        context: &mut Context,
    ) -> Result<(), String> {
        let Some(id) = chat.or(context.chats.current) else {
            return Err(context.chats.no_current(context.screen));
        };
        let id = context.chats.heir(id);
        let label =
            sendable(id, context.chats).map_err(|why| format!("not sent, {why}: {path}"))?;
        if self.list.iter().filter(|each| each.is_outgoing()).count() >= MAX_OUTGOING {
            return Err(format!("not sent, {MAX_OUTGOING} files are waiting: {path}"));
        }
        self.list.insert(Transfer::outgoing(id, label, typed_path(path), context.now));
        Ok(())
    }

    /// Accepts the file that a peer offers.
    ///
    /// # Errors
    /// The sentence that tells that there is none, or more than one.
    pub fn accept(&mut self, typed: Option<&str>, context: &mut Context) -> Result<(), String> {
        let rank = |each: &Transfer| each.is_offered().then_some(0);
        let key = self.list.meant("/accept", typed, context.chats, rank)?;
        let Some(transfer) = self.list.get_mut(key) else { return Ok(()) };
        let (Some(folder), Some(sum)) = (self.offers.folder.clone(), transfer.sum) else {
            return Ok(()); // it would not be in the list
        };
        let (name, size) = (transfer.name.clone(), transfer.size);
        let place = FilePlace { folder, name, size, sum };
        match writing::start(key, place, WINDOW, self.events.clone()) {
            Ok(store) => {
                (transfer.stage, transfer.moved) = (TransferStage::Opening(store), context.now);
                self.offers.accepted(transfer.chat);
            }
            Err(error) => self.list.end(key, FileEnd::Disk, &cause(&error), context),
        }
        Ok(())
    }

    /// Refuses the file that a peer offers, or stops one that is on its way: in this order, those that come first.
    ///
    /// # Errors
    /// The sentence that tells that there is none, or more than one.
    pub fn refuse(&mut self, typed: Option<&str>, context: &mut Context) -> Result<(), String> {
        let rank = |each: &Transfer| match (each.is_offered(), each.is_outgoing()) {
            (true, _) => Some(0),
            (_, outgoing) => Some(1 + u8::from(outgoing)),
        };
        let key = self.list.meant("/refuse", typed, context.chats, rank)?;
        let Some(transfer) = self.list.get_mut(key) else { return Ok(()) };
        let why = if transfer.is_offered() { "you refused it" } else { "you stopped it" };
        let code = if transfer.is_outgoing() { FileEnd::Withdrawn } else { FileEnd::Refused };
        self.list.end(key, code, why, context);
        Ok(())
    }

    /// Handles a block about a file. It counts only in a verified chat, and only if it concerns a file that is on its
    /// way there: who sends pieces that nobody has asked for is not answered, because that may be a piece that was on
    /// its way when the user stopped the file.
    pub fn block(&mut self, chat: ConnectionId, block: FileBlock, context: &mut Context) {
        let by = context.chats.tcp(chat).filter(|chat| chat.is_open() && chat.verified);
        let Some(parity) = by.map(|chat| u64::from(chat.called)) else { return };
        let (file, result) = match block {
            FileBlock::Offer { file: number, name, size, sum } => {
                if number % 2 != parity {
                    self.offered(chat, FileOffer { number, name, size, sum }, context);
                }
                return;
            }
            FileBlock::Accepted { file, from } => {
                let found = self.list.find(chat, file);
                (file, found.map_or(Ok(()), |transfer| transfer.accepted(from, context)))
            }
            FileBlock::Piece { file, from, bytes } => {
                let pieces = self.list.find(chat, file).map(|transfer| &mut transfer.stage);
                (
                    file,
                    match pieces {
                        Some(TransferStage::Receiving(store)) => store.piece(from, bytes),
                        _ => Ok(()), // nobody asked for it, or nobody wants it any more
                    },
                )
            }
            FileBlock::Stored { file, upto } => {
                let found = self.list.find(chat, file);
                (file, found.map_or(Ok(()), |transfer| transfer.stored(upto, context)))
            }
            FileBlock::End { file, code } => return self.ended(chat, file, code, context),
        };
        if let (Err(code), Some(transfer)) = (result, self.list.find(chat, file)) {
            let key = transfer.key;
            self.list.end(key, code, "the other side does not keep to the protocol", context);
        }
    }

    /// Handles an offer by a peer.
    fn offered(&mut self, chat: ConnectionId, offer: FileOffer, context: &mut Context) {
        let number = offer.number;
        match self.offers.judge(chat, offer, self.list.iter(), context) {
            Ok(transfer) => self.list.insert(transfer),
            Err(code) => {
                tell(chat, &FileBlock::End { file: number, code }, context.chats);
            }
        }
    }

    /// Handles that a peer has ended a file's way.
    fn ended(&mut self, chat: ConnectionId, file: u64, code: FileEnd, context: &mut Context) {
        let Some(transfer) = self.list.find(chat, file) else { return };
        let key = transfer.key;
        if code == FileEnd::Done && transfer.is_stored() {
            let Some(transfer) = self.list.finish(key) else { return };
            let (label, about) = (&transfer.label, transfer.about());
            context.screen.line(format_args!("{label} has {transfer} ({about})"));
            return;
        }
        self.list.ended_by_peer(key, code, context);
    }

    /// Handles what the thread of a file reports. The file may be over by now.
    pub fn event(&mut self, key: TransferId, event: FileEvent, context: &mut Context) {
        let Some(transfer) = self.list.get_mut(key) else { return };
        let (chat, file) = (transfer.chat, transfer.number);
        match event {
            FileEvent::Read(size, sum) => {
                (transfer.size, transfer.sum) = (size, Some(sum));
                if let TransferStage::Preparing(orders) = &transfer.stage {
                    transfer.stage = TransferStage::Prepared(orders.clone());
                }
            }
            FileEvent::Piece(from, bytes) => {
                // A full queue: the peer reads nothing, and its receipts will fail to come.
                tell(chat, &FileBlock::Piece { file, from, bytes }, context.chats);
            }
            FileEvent::Opened(has) => {
                tell(chat, &FileBlock::Accepted { file, from: has }, context.chats);
                transfer.opened(has, context);
            }
            FileEvent::Stored(upto) => {
                tell(chat, &FileBlock::Stored { file, upto }, context.chats);
                transfer.progressed(upto, context);
            }
            FileEvent::Saved(path) => {
                tell(chat, &FileBlock::End { file, code: FileEnd::Done }, context.chats);
                let Some(transfer) = self.list.finish(key) else { return };
                let (label, about) = (&transfer.label, transfer.about());
                context
                    .screen
                    .line(format_args!("received {transfer} from {label} as {path} ({about})"));
            }
            FileEvent::Failed(code, why) => self.list.end(key, code, &why, context),
        }
    }

    /// When [`Transfers::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.list.iter().filter_map(Transfer::deadline).min()
    }

    /// Does what is due: ends what has lost its chat or its time, and begins what is first in its chat.
    pub fn tick(&mut self, context: &mut Context) {
        let now = context.now;
        self.list.inherit(context.chats);
        let lost = |each: &&Transfer| context.chats.tcp(each.chat).is_none();
        let lost: Vec<_> = self.list.iter().filter(lost).map(|each| each.key).collect();
        for key in lost {
            self.list.end(key, FileEnd::Withdrawn, "the chat has ended", context);
        }
        let is_late = |each: &&Transfer| each.deadline().is_some_and(|end| end <= now);
        let late: Vec<_> =
            self.list.iter().filter(is_late).map(|each| (each.key, each.lateness())).collect();
        for (key, why) in late {
            self.list.end(key, FileEnd::Timeout, why, context);
        }
        for key in self.list.first_of_each_chat() {
            self.begin(key, context);
        }
        self.offers.forget(context.chats);
    }

    /// Lets the thread of a file read it, or offers the file once that is done and the chat is open. Only then is it
    /// known who the peer is, and what it takes.
    fn begin(&mut self, key: TransferId, context: &mut Context) {
        let Some(transfer) = self.list.get_mut(key) else { return };
        let failed = match &transfer.stage {
            TransferStage::Queued(path) => {
                let events = self.events.clone();
                let started = reading::start(key, path.clone(), events);
                transfer.moved = context.now;
                started
                    .map(|orders| transfer.stage = TransferStage::Preparing(orders))
                    .map_err(|error| cause(&error))
            }
            TransferStage::Prepared(_) => {
                let open = context.chats.tcp(transfer.chat).filter(|chat| chat.is_open());
                match open.map(obstacle) {
                    Some(Some(why)) => Err(why),
                    Some(None) => {
                        transfer.offer(context);
                        Ok(())
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        };
        if let Err(why) = failed {
            self.list.end(key, FileEnd::Withdrawn, &why, context);
        }
    }

    /// How many files must be sent or received before a script's client ends or, with a `chat`, before a script hangs
    /// up there. An offer that nobody has accepted is none of them.
    pub fn outstanding(&self, chat: Option<ConnectionId>) -> usize {
        let in_chat = |each: &Transfer| chat.is_none_or(|chat| each.chat == chat);
        self.list.iter().filter(|each| !each.is_offered() && in_chat(each)).count()
    }

    /// How far each file is.
    pub fn progress(&self) -> impl Iterator<Item = String> {
        self.list.iter().map(Transfer::progress)
    }

    /// The files of a chat as JSON, for the page.
    pub fn json(&self, chat: ConnectionId) -> String {
        list(self.list.iter().filter(|each| each.chat == chat).map(Transfer::json))
    }
}

/// The label of a chat's peer, if the chat can take a file as far as that is known.
fn sendable(id: ConnectionId, chats: &Chats) -> Result<String, String> {
    match (chats.tcp(id), chats.label(id)) {
        (Some(chat), _) => match obstacle(chat).filter(|_| chat.is_open()) {
            Some(why) => Err(why),
            None => Ok(chat.label()),
        },
        (None, Some(_)) => {
            Err("files do not go over UDP (/chat NAME opens a chat over TCP)".to_owned())
        }
        (None, None) => Err("that chat has ended".to_owned()),
    }
}

/// Why no file can be sent in an open chat.
fn obstacle(chat: &Chat) -> Option<String> {
    let label = chat.label();
    if !chat.verified {
        return Some(format!("files go only to verified peers, and {label} is not verified"));
    }
    (!chat.takes_files).then(|| format!("the program of {label} takes no files"))
}
