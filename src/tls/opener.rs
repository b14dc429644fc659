//! The receiving direction (RFC 8446, sections 4.6, 5 and 6): records become data.
//!
//! An [`Opener`] stands between a socket and a parser. It has one buffer. At its beginning are the data that are not
//! consumed yet, behind them records that are not opened yet, the last one perhaps in part:
//!
//! ```text
//! | data | (gap) | record | record | part of a reco |     room     |
//! ```
//!
//! A record is opened where it is, and its data move to the left. A deadline in the middle of a record loses nothing.
//! Of each fault the alert is noted, and the [`Sealer`](super::sealer::Sealer) of the connection sends it as its last
//! word.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use super::alert::{Alert, TlsError};
use super::key_schedule::Bytes32;
use super::message_queue::MessageQueue;
use super::record::{
    ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, HEADER, MAX_CONTENT, MAX_PROTECTED, TrafficKeys,
};
use super::record_head::RecordHead;
use super::sealer::{Control, KEY_UPDATE};

/// The buffer of a quiet connection.
const LEAST: usize = 1024;
/// The buffer of a busy connection.
const MOST: usize = 32 * 1024;
/// The handshake message NewSessionTicket.
const NEW_SESSION_TICKET: u8 = 4;
/// So many times KeyUpdate without data between are a flood.
const MOST_UPDATES: u32 = 32;
/// The most heads that are kept for somebody who looks on.
const MOST_HEADS: usize = 64;

/// Opens the records of what one side receives.
#[derive(Debug, Default)]
pub struct Opener {
    /// `None` as long as it receives in the clear.
    keys: Option<TrafficKeys>,
    control: Arc<Control>,
    /// Whether this side is the client.
    is_client: bool,
    buffer: Vec<u8>,
    /// Where in the buffer the data are.
    data: Range<usize>,
    /// Where in the buffer the records are.
    sealed: Range<usize>,
    /// Whether the last read filled the buffer.
    full: bool,
    /// The handshake messages that are not whole yet.
    messages: MessageQueue,
    /// Whether the handshake goes on, and the first ClientHello is over: then `change_cipher_spec` may come.
    in_handshake: bool,
    /// How many times KeyUpdate came since the last data.
    updates: u32,
    /// How the connection ended: `Ok` is `close_notify`.
    end: Option<Result<(), TlsError>>,
    /// The heads of records, while somebody looks on.
    heads: Option<Vec<RecordHead>>,
}

impl Opener {
    /// Begins in the clear, with what was read from the socket before.
    pub(super) fn new(is_client: bool, read: &[u8], control: Arc<Control>) -> Opener {
        let mut buffer = read.to_vec();
        buffer.resize(read.len().max(LEAST), 0);
        let (sealed, heads) = (0..read.len(), Some(Vec::new()));
        Opener { control, is_client, buffer, sealed, heads, ..Opener::default() }
    }

    /// Begins with keys from this secret, as behind a handshake that was made elsewhere. It is for fixed traces.
    pub fn with_secret(is_client: bool, secret: Bytes32) -> Opener {
        let mut opener = Opener::new(is_client, &[], Arc::default());
        opener.keys = Some(TrafficKeys::new(secret));
        opener
    }

    /// The data that are not consumed yet.
    pub fn data(&self) -> &[u8] {
        &self.buffer[self.data.clone()]
    }

    /// Takes the first data off.
    pub fn consume(&mut self, bytes: usize) {
        self.data.start = self.data.end.min(self.data.start.saturating_add(bytes));
    }

    /// What came behind `close_notify` and is no record; `None` as long as that has not come.
    pub fn rest(&self) -> Option<&[u8]> {
        let is_closed = self.data.is_empty() && self.end == Some(Ok(()));
        is_closed.then(|| &self.buffer[self.sealed.clone()])
    }

    /// Notes the heads of records from now on, or no more. At first it does.
    pub fn watch(&mut self, watched: bool) {
        self.heads = watched.then(|| self.heads.take().unwrap_or_default());
    }

    /// Takes the heads of the records that were opened since the last call.
    pub fn take_heads(&mut self) -> Vec<RecordHead> {
        self.heads.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Whether the last read filled the largest buffer. Then more is probably waiting in the socket.
    pub fn is_full(&self) -> bool {
        self.full && self.buffer.len() == MOST
    }

    /// Makes data available, if none are: reads once from the socket, if it must, and opens every record that is whole.
    /// If there are no data after it, the other side has said its last word.
    ///
    /// # Errors
    /// Fails with the socket's error, with `WouldBlock` if no data have come, and with a [`TlsError`] if a record is
    /// wrong, the other side says so, or the bytes end without `close_notify`. Data before that come first.
    pub fn fill(&mut self, socket: &mut impl Read) -> io::Result<()> {
        if self.data.is_empty() && self.end.is_none() {
            self.open_all();
        }
        if self.data.is_empty() && self.end.is_none() {
            self.receive(socket)?;
            self.open_all();
        }
        match self.end {
            _ if !self.data.is_empty() => Ok(()),
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(end) => Ok(end?),
        }
    }

    /// Reads once. The buffer grows for the record that has begun, and if the last read filled it.
    fn receive(&mut self, socket: &mut impl Read) -> io::Result<()> {
        self.buffer.copy_within(self.sealed.clone(), 0);
        (self.data, self.sealed) = (0..0, 0..self.sealed.len());
        let record = match self.buffer[self.sealed.clone()] {
            [_, _, _, high, low, ..] => HEADER + usize::from(u16::from_be_bytes([high, low])),
            _ => HEADER,
        };
        let size = if self.full { 2 * self.buffer.len() } else { self.buffer.len() };
        self.buffer.resize(size.max(record).min(MOST).max(self.buffer.len()), 0);
        let read = socket.read(&mut self.buffer[self.sealed.end..])?;
        self.sealed.end += read;
        self.full = self.sealed.end == self.buffer.len();
        if read == 0 { Err(self.fail(TlsError::Cut).into()) } else { Ok(()) }
    }

    /// Notes a fault: nothing more is opened, and the sealer has a last word.
    fn fail(&mut self, error: TlsError) -> TlsError {
        self.control.end(match error {
            TlsError::Found(alert) => Some(alert),
            TlsError::Received(_) | TlsError::Cut => None,
        });
        self.end = Some(Err(error));
        error
    }

    /// Opens every record that is whole, until the end.
    fn open_all(&mut self) {
        while self.end.is_none() {
            match self.open_one() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => drop(self.fail(error)),
            }
        }
    }

    /// Opens the next record and does what it says. Returns false if none is whole.
    fn open_one(&mut self) -> Result<bool, TlsError> {
        let Some((kind, content)) = self.next_record()? else { return Ok(false) };
        match kind {
            DATA => {
                self.updates = if content.is_empty() { self.updates } else { 0 };
                let end = self.data.end + content.len();
                self.buffer.copy_within(content, self.data.end);
                self.data.end = end;
            }
            HANDSHAKE => {
                self.messages.add(&self.buffer[content])?;
                while let Some(message) = self.messages.next()? {
                    self.handle_message(&message)?;
                }
            }
            _ => self.handle_alert(content)?,
        }
        Ok(true)
    }

    /// Opens the next record that is whole. Returns its type, which is that of data, handshake messages or an alert,
    /// and where its content is.
    fn next_record(&mut self) -> Result<Option<(u8, Range<usize>)>, Alert> {
        loop {
            let start = self.sealed.start + HEADER;
            let bytes = &mut self.buffer[self.sealed.clone()];
            let Some((header, rest)) = bytes.split_first_chunk_mut() else { return Ok(None) };
            let [shown, _, _, high, low] = *header;
            let length = usize::from(u16::from_be_bytes([high, low]));
            // An alert in the clear: the other side could not make keys.
            let bare_alert = self.in_handshake && shown == ALERT && length == 2;
            let keys = self.keys.as_mut().filter(|keys| !(bare_alert && keys.count() == 0));
            let fits = match (shown, &keys) {
                (CHANGE_CIPHER_SPEC, _) => self.in_handshake,
                (DATA, keys) => keys.is_some(),
                (HANDSHAKE | ALERT, keys) => keys.is_none(),
                _ => false,
            };
            if !fits {
                return Err(Alert::UNEXPECTED_MESSAGE);
            }
            if length > if shown == DATA { MAX_PROTECTED } else { MAX_CONTENT } {
                return Err(Alert::RECORD_OVERFLOW);
            }
            let Some(body) = rest.get_mut(..length) else { return Ok(None) };
            if let Some(heads) = self.heads.as_mut().filter(|heads| heads.len() < MOST_HEADS) {
                heads.push(RecordHead::new(header, body));
            }
            self.sealed.start = start + length;
            let (kind, length) = match keys {
                Some(keys) if shown == DATA => keys.open(header, body)?,
                _ => (shown, length),
            };
            let between = !self.messages.is_empty() && kind != HANDSHAKE;
            match kind {
                _ if between => return Err(Alert::UNEXPECTED_MESSAGE),
                CHANGE_CIPHER_SPEC if shown == kind && *body == [1] => {}
                DATA | HANDSHAKE | ALERT => return Ok(Some((kind, start..start + length))),
                _ => return Err(Alert::UNEXPECTED_MESSAGE),
            }
        }
    }

    /// Does what a handshake message says that comes after the handshake.
    fn handle_message(&mut self, message: &[u8]) -> Result<(), Alert> {
        match *message {
            [KEY_UPDATE, _, _, _, ask @ (0 | 1)] if self.updates + 1 < MOST_UPDATES => {
                self.updates += 1;
                let keys = self.keys.as_mut().ok_or(Alert::INTERNAL_ERROR)?;
                keys.update();
                if ask == 1 {
                    self.control.ask_for_update();
                }
                if self.messages.is_empty() { Ok(()) } else { Err(Alert::UNEXPECTED_MESSAGE) }
            }
            [KEY_UPDATE, _, _, _, 0 | 1] => Err(Alert::UNEXPECTED_MESSAGE),
            [KEY_UPDATE, _, _, _, _] => Err(Alert::ILLEGAL_PARAMETER),
            [KEY_UPDATE, ..] => Err(Alert::DECODE_ERROR),
            [NEW_SESSION_TICKET, ..] if self.is_client => Ok(()), // nothing is resumed here
            _ => Err(Alert::UNEXPECTED_MESSAGE),
        }
    }

    /// Does what an alert says.
    fn handle_alert(&mut self, content: Range<usize>) -> Result<(), TlsError> {
        match self.buffer[content] {
            [_, number] if Alert(number).is_fatal() => Err(TlsError::Received(Alert(number))),
            [_, number] if Alert(number) == Alert::CLOSE_NOTIFY => {
                self.end = Some(Ok(()));
                Ok(())
            }
            [_, _] => Ok(()),
            [] => Err(Alert::UNEXPECTED_MESSAGE.into()),
            _ => Err(Alert::DECODE_ERROR.into()),
        }
    }

    /// Waits for the next message of the handshake.
    pub(super) fn message(&mut self, socket: &mut impl Read) -> io::Result<Vec<u8>> {
        loop {
            match self.try_message() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => match self.receive(socket) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {} // by a signal
                    result => result?,
                },
                Err(error) => return Err(self.fail(error).into()),
            }
        }
    }

    /// Takes the next message of the handshake, if it is whole.
    fn try_message(&mut self) -> Result<Option<Vec<u8>>, TlsError> {
        loop {
            if let Some(message) = self.messages.next()? {
                return Ok(Some(message));
            }
            match self.next_record()? {
                None => return Ok(None),
                Some((HANDSHAKE, content)) => self.messages.add(&self.buffer[content])?,
                Some((ALERT, content)) => self.handle_alert(content)?,
                Some(_) => return Err(Alert::UNEXPECTED_MESSAGE.into()),
            }
            if self.end.is_some() {
                return Err(TlsError::Received(Alert::CLOSE_NOTIFY));
            }
        }
    }

    /// From now on records have keys from this secret. No message may go across the change (5.1).
    pub(super) fn set_keys(&mut self, secret: Bytes32) -> Result<(), Alert> {
        self.keys = Some(TrafficKeys::new(secret));
        if self.messages.is_empty() { Ok(()) } else { Err(Alert::UNEXPECTED_MESSAGE) }
    }

    /// Notes that a ClientHello was sent or received, or that the other side's Finished was.
    pub(super) fn set_in_handshake(&mut self, goes_on: bool) {
        self.in_handshake = goes_on;
    }
}
