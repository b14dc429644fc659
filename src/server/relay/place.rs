//! One side of a relay: the thread of a connection, which passes on what its client writes.
//!
//! The thread reads a little, writes it to the other connection, and rests for as long as the rate wants. If the other
//! one takes nothing, it waits with what it has, and TCP's flow control stops the sender: nothing is kept here but
//! one portion.
//!
//! A thread goes through these states:
//!
//! ```text
//! waits for the other one ──► waits for close_notify ──► passes on ──► has said everything ──► over
//!        10 s: refused               10 s: over           600 s: over          30 s: over
//! ```
//!
//! The end of what its client says is an end of one direction only (RFC 9293, 3.6): the other side hears it, and may
//! still speak. An error of either connection is the end of both.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use crate::io_error::is_waiting;
use crate::net::Reader;
use crate::net::copy::{HalfClose, copy};
use crate::server::relay::course::rest;
use crate::server::relay::relays::{Relay, RelayClaim, Relays, unknown};
use crate::server::room::Outbox;
use crate::sync::lock;
use crate::wire::{Name, Refusal, RelayProof};

/// How long the first one waits for the second, and then each for the other's `close_notify`.
const MEETING: Duration = Duration::from_secs(10);
/// The most bytes that are passed on before the thread rests.
const PORTION: usize = 4 * 1024;
/// The pause before bytes are offered again to a client that takes nothing.
const FULL: Duration = Duration::from_millis(50);

/// A connection's place in a relay. Dropping it ends the relay, whether its thread returns or panics.
#[derive(Debug)]
pub struct RelayPlace {
    /// Where the relay is known.
    relays: Arc<Relays>,
    /// Both connections, and what has come of it.
    relay: Arc<Relay>,
    /// 0 for the one who has asked, 1 for the called one.
    side: usize,
}

impl RelayPlace {
    /// Shows a member's secret, and waits for the other one.
    ///
    /// # Errors
    /// As [`Relays::claim`]; `no-such-call` also when nobody else comes in time, or the two are introduced again.
    pub fn claim(
        relays: &Arc<Relays>,
        name: &Name,
        proof: RelayProof,
        outbox: &Arc<Outbox>,
    ) -> Result<RelayPlace, Refusal> {
        let relay = match relays.claim(name, proof, outbox, Instant::now())? {
            RelayClaim::Second(relay) => relay,
            RelayClaim::First(hear) => match hear.recv_timeout(MEETING) {
                // The other one may have come in this moment: then word of it is on its way.
                Err(RecvTimeoutError::Timeout) if !relays.give_up(outbox) => hear.recv().ok(),
                heard => heard.ok(),
            }
            .ok_or_else(unknown)?,
        };
        let side = usize::from(matches!(proof, RelayProof::Answer(_)));
        Ok(RelayPlace { relays: Arc::clone(relays), relay, side })
    }

    /// Passes on what the client writes, until the relay is over.
    pub fn run(&self, reader: &mut Reader) {
        // An error of either connection ends the relay, and there is nobody to be told of it.
        let _ = self.pass_all(reader);
    }

    /// The same, with the error that has ended it. The end of one side does not end the relay: the other one may still
    /// answer.
    fn pass_all(&self, reader: &mut Reader) -> io::Result<()> {
        reader.deadline = None;
        let until = Instant::now() + MEETING;
        let in_time = || until.saturating_duration_since(Instant::now());
        self.wait(reader, in_time, Reader::unsecure)?;
        copy(&mut OwnClient { place: self, reader }, &mut OtherClient { place: self })?;
        let now = Instant::now();
        let both = lock(&self.relay.course).as_mut().is_none_or(|it| it.ends(self.side, now));
        if both {
            return Ok(());
        }
        loop {
            self.pause(self.left())?; // the other side's thread ends the relay
        }
    }

    /// Reads in some way, for as long as is left.
    ///
    /// # Errors
    /// `TimedOut` when the relay is over, and any error of reading but the end of a limit.
    fn wait<'a, T>(
        &self,
        reader: &mut Reader<'a>,
        left: impl Fn() -> Duration,
        mut read: impl FnMut(&mut Reader<'a>) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let left = left();
            self.check(left)?;
            reader.set_limit(Some(left));
            match read(reader) {
                // The time is over, or the thread of the other side has made the socket non-blocking for a moment.
                Err(error) if is_waiting(&error) => thread::yield_now(),
                done => return done,
            }
        }
    }

    /// Writes bytes to the other one, however long it takes. What the socket takes counts at once, so a slow reader
    /// does not look like silence.
    fn pass(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.other().pass(bytes)?;
            if taken == 0 {
                self.pause(FULL)?;
                continue;
            }
            bytes = &bytes[taken..];
            let mut course = lock(&self.relay.course);
            course.iter_mut().for_each(|course| course.passed(self.side, taken, Instant::now()));
        }
        Ok(())
    }

    /// Sleeps, unless the relay is over.
    fn pause(&self, time: Duration) -> io::Result<()> {
        self.check(self.left())?;
        self.own().sleep(time);
        Ok(())
    }

    /// Whether the relay goes on, if so much time is left. A connection that is closed on either side ends it, too.
    fn check(&self, left: Duration) -> io::Result<()> {
        let is_over = left.is_zero() || self.own().is_closed() || self.other().is_closed();
        if is_over { Err(ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// How long the relay may still stay silent. Nothing is left once the relay has ended, by whichever thread.
    fn left(&self) -> Duration {
        let course = lock(&self.relay.course);
        course.as_ref().map_or(Duration::ZERO, |course| course.left(Instant::now()))
    }

    /// The connection of this side.
    fn own(&self) -> &Outbox {
        &self.relay.outboxes[self.side]
    }

    /// The connection of the other side.
    fn other(&self) -> &Outbox {
        &self.relay.outboxes[1 - self.side]
    }
}

/// What this side's client writes, as long as the relay goes on.
struct OwnClient<'p, 'r, 'a> {
    place: &'p RelayPlace,
    reader: &'r mut Reader<'a>,
}

impl Read for OwnClient<'_, '_, '_> {
    /// Gives no more than one portion.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let portion = into.len().min(PORTION);
        let into = &mut into[..portion];
        self.place.wait(self.reader, || self.place.left(), |reader| reader.read(into))
    }
}

/// The way to the other side's client, as fast as the rate wants.
struct OtherClient<'p> {
    place: &'p RelayPlace,
}

impl Write for OtherClient<'_> {
    /// Takes all of it, and rests.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.place.pass(bytes)?;
        self.place.own().sleep(rest(bytes.len()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HalfClose for OtherClient<'_> {
    fn end(&mut self) -> io::Result<()> {
        while !self.place.other().end_passing() {
            self.place.pause(FULL)?;
        }
        Ok(())
    }
}

impl Drop for RelayPlace {
    /// Closes both connections. The thread of the other side ends by that.
    fn drop(&mut self) {
        self.relays.end(&self.relay);
    }
}
