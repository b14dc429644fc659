//! TLS for a client's connections: all or nothing.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::client::net::capture::Direction;
use crate::net::DeadlineStream;
use crate::net::deadline::linger;
use crate::tls::record::{ALERT, HANDSHAKE};
use crate::tls::{self, KeyLog, Keyring, RecordHead, Secured, SharedKey, TlsError};
use crate::wire::text::escape;
use crate::wire::{BlockReader, MAX_ANSWER_LINES};

/// How long the handshake may take.
const TIME: Duration = Duration::from_secs(5);
/// How long the other side may take to read why this side ends the handshake.
const LINGER: Duration = Duration::from_secs(1);
/// The most bytes that are read of an answer without TLS.
const MOST_QUOTED: u64 = 4096;

/// Makes a fresh connection secure. Returns also what went over it for that.
///
/// # Errors
/// When the other side does not speak TLS, does not accept the key, or takes too long. There is no falling back:
/// whoever sits on the way could make it fail.
pub fn connect(stream: &TcpStream, key: &SharedKey) -> io::Result<(Secured, Vec<Flight>)> {
    connect_within(stream, key, TIME)
}

/// The same, in this time.
///
/// # Errors
/// As for [`connect`].
pub fn connect_within(
    stream: &TcpStream,
    key: &SharedKey,
    time: Duration,
) -> io::Result<(Secured, Vec<Flight>)> {
    let mut input = Answer { stream: begin(stream, time)?, is_tls: false };
    let mut output = FlightWriter { to: stream, sent: Vec::new() };
    let secured = tls::connect(&mut input, &mut output, key, KeyLog::of_environment());
    end(stream, secured).map(|secured| output.with(secured))
}

/// Makes a fresh connection secure that was accepted, and of which this was `read` before.
///
/// # Errors
/// As for [`connect`].
pub fn accept(
    stream: &TcpStream,
    read: &[u8],
    key: &impl Keyring,
) -> io::Result<(Secured, Vec<Flight>)> {
    let mut input = begin(stream, TIME)?;
    let mut output = FlightWriter { to: stream, sent: Vec::new() };
    let secured = tls::accept((read, &mut input), &mut output, key, KeyLog::of_environment());
    end(stream, secured).map(|secured| output.with(secured))
}

/// Prepares a connection for a handshake.
fn begin(stream: &TcpStream, time: Duration) -> io::Result<DeadlineStream<'_>> {
    stream.set_nodelay(true)?;
    Ok(DeadlineStream::new(stream, time))
}

/// Ends a handshake, good or bad.
fn end(stream: &TcpStream, secured: io::Result<Secured>) -> io::Result<Secured> {
    let _ = stream.set_read_timeout(None); // it fails only on a socket that is gone
    let Err(error) = secured else { return secured };
    Err(match TlsError::of(&error) {
        Some(TlsError::Received(alert)) if alert.refuses_key() => {
            io::Error::other("it does not accept the key")
        }
        Some(TlsError::Found(_)) => {
            let _ = stream.shutdown(Shutdown::Write); // else a reset could take the alert with it
            linger(stream, LINGER);
            error
        }
        _ => error,
    })
}

/// What one side sends at once in a handshake, as others see it.
#[derive(Debug)]
pub struct Flight {
    /// Which side.
    pub direction: Direction,
    /// The records.
    pub records: Vec<RecordHead>,
}

/// Writes the flights of this side, and notes them.
struct FlightWriter<'a> {
    to: &'a TcpStream,
    sent: Vec<Vec<RecordHead>>,
}

impl FlightWriter<'_> {
    /// The result of a handshake with the flights of both sides. They took turns: a client has sent two and received
    /// one, a server the other way round.
    fn with(self, mut secured: Secured) -> (Secured, Vec<Flight>) {
        let out = |records| Flight { direction: Direction::Out, records };
        let mut received = secured.opener.take_heads();
        let mut flights: Vec<Flight> = self.sent.into_iter().map(out).collect();
        let last = if flights.len() == 1 { received.pop() } else { None };
        flights.insert(
            usize::from(flights.len() > 1),
            Flight { direction: Direction::In, records: received },
        );
        flights.extend(last.map(|last| Flight { direction: Direction::In, records: vec![last] }));
        (secured, flights)
    }
}

impl Write for FlightWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(bytes)?;
        self.sent.push(RecordHead::of_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what comes, if it is TLS. What is not becomes an error that quotes it.
struct Answer<'a> {
    stream: DeadlineStream<'a>,
    /// Whether the first byte was one of TLS.
    is_tls: bool,
}

impl Read for Answer<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(into)?;
        self.is_tls |= matches!(into[..read].first(), None | Some(&(ALERT | HANDSHAKE)));
        if self.is_tls { Ok(read) } else { Err(self.quote(&into[..read])) }
    }
}

impl Answer<'_> {
    /// The error that quotes an answer without TLS: the sentence of an ERROR, or the first line. It waits for the end
    /// of the answer, at most as long as for TLS.
    fn quote(&mut self, begun: &[u8]) -> io::Error {
        let rest = (&mut self.stream).take(MOST_QUOTED);
        let block =
            BlockReader::new(io::BufReader::new(begun.chain(rest)), MAX_ANSWER_LINES).read();
        let said = block.ok().flatten().and_then(Result::ok);
        let said = said.and_then(|block| block.header("Message").map(str::to_owned));
        let text = String::from_utf8_lossy(begun);
        let said = said.unwrap_or_else(|| text.lines().next().unwrap_or("").to_owned());
        let said = escape(&said);
        io::Error::other(format!("it answers without TLS, as anybody on the way could: {said}"))
    }
}
