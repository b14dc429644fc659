//! The server: it registers clients, introduces them to each other, and keeps the room.
//!
//! Threads: `accept` accepts connections, one `client PORT` serves each of them ([`session`]), `broadcaster` writes to
//! the room's members ([`room::broadcaster`]), `announcer` tells later what was held back ([`announcer`]), `printer`
//! prints ([`printer`]), `reflex` tells members by UDP where their datagrams come from ([`reflex`]), `console` reads
//! what the operator types. They share a [`state`].
//!
//! A request comes in at [`session`], which reads and parses it. [`pace`] says when its turn comes, by the limits of
//! the client and of its host ([`hosts`]). [`connection`] does what it asks for, with the [`directory`] and the
//! [`room`]. [`pipeline`] keeps the answers in order. [`capacity`] decides who may connect, [`relay`] passes on what
//! two clients say who find no other way, and [`secure`](mod@secure) speaks TLS with those who do.

pub mod printer;
pub mod room;
pub mod directory;
pub mod capacity;
pub mod rate_limit;
pub mod hosts;
pub mod notices;
pub mod announcer;
pub mod relay;
pub mod state;
pub mod connection;
pub mod keepalive;
pub mod pace;
pub mod pipeline;
pub mod secure;
pub mod reflex;
pub mod session;
mod moderation;
mod console;

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use capacity::Seat;
use connection::Connection;
use directory::Ids;
use room::Room;
use room::broadcaster::Broadcaster;
use room::history::History;
use room::journal::Journal;
use room::log::recorder::Recorder;
use room::log::recovery::Recovered;
use room::outbox::Outbox;
use session::Session;
use state::Server;
pub use state::ServerOptions;

use crate::class_key;
use crate::io_error::cause;
use crate::net::accept::accept;
use crate::net::{Accept, ipv4_twin};
use crate::tls::{KeyLog, SharedKey};
use crate::wire::{Reason, Refusal};

/// The stack of a session's thread. A session needs a fraction of it. The unused part costs address space only.
const STACK: usize = 256 * 1024;
/// How often the error is printed that accept fails.
const ACCEPT_COMPLAINT: Duration = Duration::from_secs(1);
/// How many refused connections are kept open, so that their clients can read why. Each stays until this many others
/// are refused.
const REFUSED: usize = 16;

/// How long the end of the server waits until what was said before it is delivered.
const LAST_DELIVERY: Duration = Duration::from_secs(1);

/// Serves the clients that connect to `listener` until somebody types `/quit` into `typed`. Prints to `output`.
///
/// # Errors
/// When a thread cannot be started, the listener has no address, the log cannot be opened, or the broadcaster panics.
pub fn run(
    listener: TcpListener,
    options: ServerOptions,
    typed: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<()> {
    let own = listener.local_addr()?;
    let listeners = iter::once(listener).chain(bind_twin(own)?);
    let (server, broadcaster) = set_up(own, options)?;
    let printer = Arc::clone(&server.printer);
    let printing = spawn("printer", move || printer.run(output))?;
    let (quit, quits) = mpsc::channel();
    let (attending, quitting) = (Arc::clone(&server), quit.clone());
    let broadcasting = spawn("broadcaster", move || {
        // Without a broadcaster the room is silent for ever: better to end, so that somebody starts the server again.
        if panic::catch_unwind(AssertUnwindSafe(|| broadcaster.run())).is_err() {
            let failed = io::Error::other("the broadcaster failed");
            let _ = quit.send(Err(failed)); // without a receiver the server is ending already
        }
    })?;
    for listener in listeners {
        let mut acceptor = Acceptor::new(&server);
        spawn("accept", move || accept(&listener, &mut acceptor))?;
    }
    let announcing = Arc::clone(&server);
    spawn("announcer", move || announcing.announcer.run())?;
    for place in 0..server.reflex.len() {
        let server = Arc::clone(&server);
        spawn("reflex", move || reflex::attend(&server, &server.reflex[place]))?;
    }
    spawn("console", move || console::attend(&attending, typed, &quitting))?;
    let ended = quits.recv().unwrap_or(Ok(()));
    shut_down(&server, broadcasting, printing);
    ended
}

/// Opens the files, and makes the state and the broadcaster of a server that listens on `own`.
fn set_up(own: SocketAddr, options: ServerOptions) -> io::Result<(Arc<Server>, Broadcaster)> {
    let (key, made) = open_key(&options)?.unzip();
    let (journal, recovered) = open_log(&options)?;
    let recorder = Arc::new(Recorder::new(journal)?);
    let history = History::new(recovered.kept, recovered.epochs);
    let room = Arc::new(Room::new(recovered.seq));
    let ids = Ids::new(recovered.last_id, recovered.ids, Arc::clone(&recorder));
    let bound = reflex::bind(own);
    let (reflex, trouble) = bound.map_or_else(|why| (Vec::new(), Some(why)), |all| (all, None));
    let server = Arc::new(Server::new(own, options, key, room, ids, reflex));
    server.printer.line(format_args!("Server listening on {own}"));
    if let Some(trouble) = trouble {
        server.printer.line(trouble);
    }
    tell_of_keys(&server, made == Some(true));
    let (room, printer) = (Arc::clone(&server.room), Arc::clone(&server.printer));
    let broadcaster = Broadcaster::new(room, recorder, history, printer);
    Ok((server, broadcaster))
}

/// Reads the key by which clients speak TLS, if they are to. Returns also whether it was made.
fn open_key(options: &ServerOptions) -> io::Result<Option<(SharedKey, bool)>> {
    options.key.as_deref().map(class_key::read_or_make).transpose().map_err(io::Error::other)
}

/// Tells the operator where keys are.
fn tell_of_keys(server: &Server, made: bool) {
    if let Some(file) = server.options.key.as_ref().filter(|_| made) {
        let file = file.display();
        server.printer.line(format_args!("made a key in {file}: clients need a copy of it"));
    }
    if let Some(notice) = KeyLog::notice().filter(|_| server.key.is_some()) {
        server.printer.line(notice);
    }
}

/// Opens the log and reads it.
fn open_log(options: &ServerOptions) -> io::Result<(Journal, Recovered)> {
    Journal::open(&options.log, options.sync).map_err(|error| {
        let (log, cause) = (options.log.display(), cause(&error));
        io::Error::new(error.kind(), format!("cannot open the log {log}: {cause}"))
    })
}

/// Listens for IPv4 as well, where the listener on `own` does not.
fn bind_twin(own: SocketAddr) -> io::Result<Option<TcpListener>> {
    let Some(twin) = ipv4_twin(own) else { return Ok(None) };
    TcpListener::bind(twin).map(Some).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot bind {twin}: {}", cause(&error)))
    })
}

/// Starts a thread with a name.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

/// What the server does with the connections that it accepts: serves each in a thread, or tells a client that there
/// are too many.
struct Acceptor {
    server: Arc<Server>,
    /// When it was last printed that accept fails.
    complained: Option<Instant>,
    /// Refused connections whose clients may not have read why yet, the oldest first.
    refused: VecDeque<Arc<Outbox>>,
}

impl Acceptor {
    /// Accepts for this server.
    fn new(server: &Arc<Server>) -> Acceptor {
        Acceptor { server: Arc::clone(server), complained: None, refused: VecDeque::new() }
    }

    /// Tells the client why. The socket is fresh, so the answer fits into its buffer.
    fn refuse(&mut self, outbox: Arc<Outbox>, refusal: &Refusal) {
        let _ = outbox.close(Reason::Gone, refusal.to_block("").to_string().as_bytes());
        self.refused.push_back(outbox);
        if self.refused.len() > REFUSED {
            self.refused.pop_front();
        }
    }
}

/// A client that was let in.
struct Seated {
    server: Arc<Server>,
    seat: Seat,
    outbox: Arc<Outbox>,
    peer: SocketAddr,
}

impl Accept for Acceptor {
    type Admitted = Seated;

    /// Gives the client a seat, if there is one.
    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) -> Option<Seated> {
        let server = Arc::clone(&self.server);
        // A socket that was closed at once cannot be set up, and there is nobody to serve.
        let outbox = Outbox::new(stream, server.options.backlog).map(Arc::new).ok()?;
        let (seat, displaced) = match server.connections.enter(peer.ip().into(), &outbox) {
            Ok(entered) => entered,
            Err(refusal) => {
                self.refuse(outbox, &refusal);
                return None;
            }
        };
        if let Some(displaced) = displaced {
            server.turn_out(&displaced, &capacity::full());
        }
        Some(Seated { server, seat, outbox, peer })
    }

    /// Its name shows the client's port in a debugger.
    fn thread(peer: SocketAddr) -> thread::Builder {
        thread::Builder::new().name(format!("client {}", peer.port())).stack_size(STACK)
    }

    fn serve(Seated { server, seat, outbox, peer }: Seated) {
        let _ = attend(&server, seat, outbox, peer); // an error: the client is gone already
    }

    fn unserved(&mut self, peer: SocketAddr, error: &io::Error) {
        self.server.printer.line(format_args!("cannot start a thread for {peer}: {error}"));
    }

    /// Prints the error, at most once a second.
    fn failed(&mut self, error: &io::Error) {
        if self.complained.is_none_or(|last| last.elapsed() >= ACCEPT_COMPLAINT) {
            self.complained = Some(Instant::now());
            self.server.printer.line(format_args!("cannot accept a connection: {error}"));
        }
        self.refused.clear(); // their descriptors may be what is missing
    }
}

/// Serves one client: the body of its thread. A panic ends this session alone, and its client still leaves the room.
fn attend(server: &Server, seat: Seat, outbox: Arc<Outbox>, peer: SocketAddr) -> io::Result<()> {
    // Bound to 0.0.0.0 or ::, the server has several addresses: ask the socket which one this client has reached.
    // Otherwise save the system call.
    let several = server.own.ip().is_unspecified();
    let own = if several { outbox.stream().local_addr()? } else { server.own };
    let connection = Connection::new(server, seat, outbox, (peer, own));
    let mut session = Session::new(connection);
    let reason = panic::catch_unwind(AssertUnwindSafe(|| session.run()));
    session.end(reason.unwrap_or(Reason::Gone));
    Ok(())
}

/// Delivers what is queued, sends BYE to all members, and prints what is left. The sessions' threads are not waited
/// for: each has nothing left to do but to close its connection.
fn shut_down(server: &Server, broadcaster: JoinHandle<()>, printer: JoinHandle<()>) {
    // What is in the log should have been read: after BYE a member reads nothing more.
    server.room.wait_for_all(LAST_DELIVERY);
    for outbox in server.registry.members(Instant::now()) {
        server.send_away(&outbox, Reason::Shutdown);
    }
    server.relays.end_all(None);
    server.room.close();
    // Both end by themselves now. A panic in one of them was reported on stderr.
    let _ = broadcaster.join();
    server.printer.close();
    let _ = printer.join();
}
