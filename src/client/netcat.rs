//! `--raw`: a connection by hand, as netcat makes it. Typed bytes are sent as they are, arriving bytes are
//! shown as they are. Nothing here knows the protocol, so that nothing stands between a person and the wire.
//!
//! ```text
//! client --raw 127.0.0.1:5555         be a client of the server by hand
//! client --raw --listen 5558          be a server, or a called peer, by hand
//! ```
//!
//! With a key the bytes travel in TLS; who calls is the client of the handshake. One thread carries bytes from stdin to
//! the socket, the main thread carries them from the socket to stdout.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::class_key;
use crate::cli::Failure;
use crate::client::net::secure;
use crate::client::rendezvous::connection;
use crate::net::connect::LIMIT;
use crate::net::{Reader, RecordWriter};
use crate::sync::lock;
use crate::tls::{Secured, SharedKey};
use crate::wire::text::escape;

/// The size of the buffer that carries bytes.
const PIECE: usize = 4096;

/// The other end of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Connect to this `HOST:PORT`.
    Call(String),
    /// Listen on this port of this machine, and take the first caller.
    Listen(u16),
}

/// Carries bytes both ways until both sides are done. Lines that do not come from the wire go to `notice`.
///
/// # Errors
/// When there is no connection, or it breaks.
pub fn run(
    (end, key): &(End, Option<PathBuf>),
    input: impl Read + Send + 'static,
    mut output: impl Write,
    mut notice: impl Write,
) -> Result<(), Failure> {
    let key = key.as_deref().map(class_key::read).transpose();
    let key = key.map_err(|message| Failure { message, code: 1 })?;
    let stream = Arc::new(open(end, &mut notice)?);
    let secured = key.map(|key| secure(end, &stream, &key)).transpose();
    let secured = secured.map_err(|error| Failure::cannot("speak", "TLS", &error))?;
    talk(&stream, secured, input, &mut output)
}

/// Carries bytes both ways over a connection, which may be secured, until the other side is done. The end of the input
/// ends this side alone.
///
/// # Errors
/// When it breaks.
pub fn talk(
    stream: &Arc<TcpStream>,
    secured: Option<Secured>,
    mut input: impl Read + Send + 'static,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let (opener, sealer) = secured.map(|secured| (secured.opener, secured.sealer)).unzip();
    let records = Arc::new(Mutex::new(RecordWriter::new(sealer)));
    let (typed, to) = (Arc::clone(&records), Arc::clone(stream));
    let typing = move || {
        // The end of the input closes only this side (half-close, RFC 9293, 3.6.1): the other may still send.
        // After an error of the connection the other thread sees it, too.
        if carry(&mut input, |bytes| lock(&typed).write(&*to, bytes)).is_ok() {
            let _ = lock(&typed).close(&*to).and_then(|()| to.shutdown(Shutdown::Write));
        }
    };
    let thread = thread::Builder::new().name("stdin".to_owned()).spawn(typing);
    thread.map_err(|error| Failure::cannot("start", "reading", &error))?;
    let mut from = Reader::new(stream);
    if let Some(opener) = opener {
        from.secure(opener);
    }
    let carried = carry(&mut from, |bytes| output.write_all(bytes).and_then(|()| output.flush()));
    let _ = lock(&records).close(&**stream); // the other side may be gone
    carried.map_err(|error| Failure::cannot("go on", "talking", &error))
}

/// Makes the connection secure.
fn secure(end: &End, stream: &TcpStream, key: &SharedKey) -> io::Result<Secured> {
    match end {
        End::Call(_) => secure::connect(stream, key),
        End::Listen(_) => secure::accept(stream, &[], key),
    }
    .map(|(secured, _)| secured)
}

/// Makes the connection.
fn open(end: &End, notice: &mut impl Write) -> Result<TcpStream, Failure> {
    match end {
        End::Call(server) => {
            let addresses = connection::resolve(server)
                .map_err(|error| Failure::cannot("find", server, &error))?;
            call(&addresses).map_err(|error| Failure::cannot("reach", server, &error))
        }
        End::Listen(port) => {
            let here = format!("port {port}");
            let failed = |error: io::Error| Failure::cannot("listen on", &here, &error);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).map_err(failed)?;
            let own = listener.local_addr().map_err(failed)?;
            let _ = writeln!(notice, "listening on {own}"); // stderr may be closed
            let (stream, from) = listener.accept().map_err(failed)?;
            let _ = writeln!(notice, "{from} has connected"); // stderr may be closed
            Ok(stream)
        }
    }
}

/// Connects to the first of these addresses that answers. This is not the function of lab 0: a connection by hand is
/// there before anything of the course is solved.
fn call(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut called = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        called = TcpStream::connect_timeout(address, LIMIT);
        if called.is_ok() {
            break;
        }
    }
    called
}

/// A terminal whose cursor arriving bytes must not move: control characters are escaped. A character that two
/// reads share is shown as U+FFFD.
pub struct Terminal<W>(pub W);

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            let text = line.trim_end_matches(['\r', '\n']);
            let end = if line.ends_with('\n') { "\n" } else { "" };
            write!(self.0, "{}{end}", escape(text))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Gives bytes to `write` up to the end of the input, each piece as soon as it arrives.
fn carry(from: &mut impl Read, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut piece = [0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(bytes) => write(&piece[..bytes])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
