//! The server: it registers clients, introduces them to each other, and keeps the room.
//!
//! Threads: one accepts connections, one serves each client ([`session`]), one writes to the room's members
//! ([`room::broadcaster`]), one prints ([`printer`]), one reads the console. They share a [`state`].

pub mod printer;
pub mod room;
pub mod directory;
pub mod state;
pub mod connection;
pub mod keepalive;
pub mod rate_limit;
pub mod session;
mod console;

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use connection::Connection;
use room::broadcaster::Broadcaster;
use room::history::History;
use room::journal::Journal;
use room::outbox::Outbox;
use session::Session;
use state::Server;
pub use state::ServerOptions;

use crate::io_error::cause;
use crate::wire::notification::Reason;
use crate::wire::request::{Refusal, code};

/// The stack of a session's thread. It needs a fraction of it; what is not used costs nothing.
const STACK: usize = 256 * 1024;
/// How long to wait after accept has failed, and how often to say so.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const ACCEPT_COMPLAINT: Duration = Duration::from_secs(1);
/// How many refused connections are kept open for a while, so that they can read why: each until as many
/// others have been refused.
const REFUSED: usize = 16;

/// Serves the clients that come to `listener` until somebody types `/quit` into `typed`.
///
/// # Errors
/// When a thread cannot be started, the listener has no address, or the log cannot be opened.
pub fn run(
    listener: TcpListener,
    options: ServerOptions,
    typed: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<()> {
    let own = listener.local_addr()?;
    let (journal, recovered) = Journal::open(&options.log, options.sync).map_err(|error| {
        let (log, cause) = (options.log.display(), cause(&error));
        io::Error::new(error.kind(), format!("cannot open the log {log}: {cause}"))
    })?;
    let history = History::new(recovered.kept);
    let server = Arc::new(Server::new(own, options, recovered.seq));
    server.printer.line(format_args!("Server listening on {own}"));
    let printer = Arc::clone(&server.printer);
    let printing = spawn("printer", move || printer.run(output))?;
    let (room, printer) = (Arc::clone(&server.room), Arc::clone(&server.printer));
    let broadcaster = Broadcaster::new(room, journal, history, printer);
    let (quit, quits) = mpsc::channel();
    let (accepting, attending, quitting) = (Arc::clone(&server), Arc::clone(&server), quit.clone());
    let broadcasting = spawn("postman", move || {
        // Without him the room is silent for ever: better that somebody starts the server again.
        if panic::catch_unwind(AssertUnwindSafe(|| broadcaster.run())).is_err() {
            let _ = quit.send(Err(io::Error::other("the broadcaster failed"))); // else it ends already
        }
    })?;
    spawn("accept", move || accept(&accepting, &listener))?;
    spawn("console", move || console::attend(&attending, typed, &quitting))?;
    let ended = quits.recv().unwrap_or(Ok(()));
    shut_down(&server, broadcasting, printing);
    ended
}

/// Starts a thread with a name.
fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

/// Accepts for ever. An error of accept (no more descriptors, say) would come again at once and for
/// ever: it is waited out, and told once a second.
fn accept(server: &Arc<Server>, listener: &TcpListener) {
    let mut complained: Option<Instant> = None;
    let mut refused = VecDeque::new();
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                if let Some(stream) = bind(server, stream, peer) {
                    refused.push_back(stream);
                }
                if refused.len() > REFUSED {
                    refused.pop_front();
                }
            }
            Err(error) => {
                if complained.is_none_or(|last| last.elapsed() >= ACCEPT_COMPLAINT) {
                    complained = Some(Instant::now());
                    server.printer.line(format_args!("cannot accept a connection: {error}"));
                }
                refused.clear();
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

/// Gives a connection its thread. If there are too many it is told so and given back, to be kept open
/// until it has read why.
fn bind(server: &Arc<Server>, stream: TcpStream, peer: SocketAddr) -> Option<TcpStream> {
    if server.connections.load(Ordering::Relaxed) >= server.options.max_clients {
        return refuse(stream);
    }
    server.connections.fetch_add(1, Ordering::Relaxed);
    let shared = Arc::clone(server);
    let attend = move || {
        // One that closed at once has no address any more; there is nobody to be served.
        let _ = attend(&shared, stream, peer);
        shared.connections.fetch_sub(1, Ordering::Relaxed);
    };
    let name = format!("client {}", peer.port());
    if let Err(error) = thread::Builder::new().name(name).stack_size(STACK).spawn(attend) {
        server.connections.fetch_sub(1, Ordering::Relaxed);
        server.printer.line(format_args!("cannot start a thread for {peer}: {error}"));
    }
    None
}

/// The socket is fresh, so the words fit into its buffer.
fn refuse(stream: TcpStream) -> Option<TcpStream> {
    let refusal = Refusal::new(code::SERVER_FULL, "the server has its largest number of clients");
    let words = refusal.to_block("").to_string();
    let told = stream.set_nonblocking(true).and_then(|()| (&stream).write_all(words.as_bytes()));
    told.and_then(|()| stream.shutdown(Shutdown::Write)).ok().map(|()| stream)
}

/// One client's thread. A panic in it ends this session alone.
fn attend(server: &Server, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    // Which of our addresses was reached matters only where there are several.
    let several = server.own.ip().is_unspecified();
    let own = if several { stream.local_addr()? } else { server.own };
    let outbox = Arc::new(Outbox::new(stream, server.options.backlog)?);
    let connection = Connection { server, outbox, peer, own, joined: None, registered: None };
    let mut session = Session::new(connection);
    let conversation = panic::catch_unwind(AssertUnwindSafe(|| session.converse()));
    session.end(conversation.unwrap_or(Reason::Gone));
    Ok(())
}

/// Everyone hears BYE; what is on its way is delivered.
fn shut_down(server: &Server, broadcaster: JoinHandle<()>, printer: JoinHandle<()>) {
    for outbox in server.registry.members(Instant::now()) {
        server.send_away(&outbox, Reason::Shutdown);
    }
    server.room.close();
    // They end by themselves; that one has panicked was told on stderr.
    let _ = broadcaster.join();
    server.printer.close();
    let _ = printer.join();
}
