//! What all threads of the server share: its options, the directory, the room and the printer.
//!
//! There are four locks: the registry's, the announcer's, the room's and an outbox's. A thread that holds one may take
//! those after it, never one before it. So no two threads can each wait for the other's. (The registry's second lock is
//! taken only under its first. The printer's, the relays' and the connections' may be taken at any time: nobody takes
//! another one under them.)

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server::announcer::Announcer;
use crate::server::capacity::Connections;
use crate::server::directory::{Ids, Registry};
use crate::server::hosts::{HostRate, HostRates};
use crate::server::printer::Printer;
use crate::server::relay::Relays;
use crate::server::room::{Outbox, Room, journal};
use crate::tls::SharedKey;
use crate::wire::{Entry, Name, Notification, Reason, Refusal};

/// How many clients of one host may be as fast as they can at the same time, unless the operator decides otherwise. A
/// class behind one NAT, in which 100 people say 5 messages a second, stays within it.
const CLIENTS_OF_A_HOST: u32 = 25;

/// What the operator decides at the start.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The most clients, connected or in the directory.
    pub max_clients: usize,
    /// How long a connection may take from accept to its first valid request.
    pub register_timeout: Duration,
    /// How long a member may be silent before it is asked whether it is still there.
    pub ping: Duration,
    /// How long a directory entry lasts unless it is renewed.
    pub expires: Duration,
    /// The most bytes that may wait for one client.
    pub backlog: usize,
    /// How many messages per second one client may send, or other requests that cost as much, with five times as many
    /// in a burst; 0 for no limit.
    pub rate: u32,
    /// The same for all clients of one host together; `None` for 25 times as many.
    pub rate_address: Option<u32>,
    /// The path of the log.
    pub log: PathBuf,
    /// The file of the key by which clients speak TLS; without one they cannot. It is made if it is not there.
    pub key: Option<PathBuf>,
    /// Whether clients without TLS are served beside those with it.
    pub allow_plain: bool,
    /// The most chats that are relayed at a time; 0 for none.
    pub relays: usize,
    /// Whether each batch waits until the log is on the disk.
    pub sync: bool,
    /// Whether the server ends when its input does.
    pub until_eof: bool,
    /// A seed for random delays around the registry's lock, which make races show up in tests.
    pub shake: Option<u64>,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            max_clients: 4_096,
            register_timeout: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            expires: Duration::from_secs(3_600),
            backlog: 1 << 20,
            rate: 20,
            rate_address: None,
            log: PathBuf::from("server.log"),
            key: None,
            allow_plain: false,
            relays: 16,
            sync: false,
            until_eof: false,
            shake: None,
        }
    }
}

impl ServerOptions {
    /// How many messages per second all clients of one host may send together; 0 for no limit.
    fn rate_of_host(&self) -> u32 {
        self.rate_address.unwrap_or(self.rate.saturating_mul(CLIENTS_OF_A_HOST))
    }
}

/// The server's state, shared by all its threads behind an `Arc`. Each part does its own locking.
pub struct Server {
    /// What the operator has decided.
    pub options: ServerOptions,
    /// The address that the server listens on, with the port that the system has chosen for port 0.
    pub own: SocketAddr,
    /// The key by which clients speak TLS, if they can.
    pub key: Option<SharedKey>,
    /// The connections that are open.
    pub connections: Arc<Connections>,
    /// The directory: registered names and members of the room.
    pub registry: Registry,
    /// How fast each host may ask for things.
    pub hosts: HostRates,
    /// The room, with its queue of messages.
    pub room: Arc<Room>,
    /// Tells the room who comes, goes and moves.
    pub announcer: Announcer,
    /// The sockets to which members send REFLEX; none if they could not be bound.
    pub reflex: Vec<UdpSocket>,
    /// The chats that are relayed.
    pub relays: Arc<Relays>,
    /// The lines that wait to be printed.
    pub printer: Arc<Printer>,
    /// Whether the warning about loopback was printed.
    warned: AtomicBool,
}

impl Server {
    /// Creates the state of a server that listens on `own`, with the key of its clients, a room, the IDs that were
    /// given before, and its sockets for REFLEX.
    pub fn new(
        own: SocketAddr,
        options: ServerOptions,
        key: Option<SharedKey>,
        room: Arc<Room>,
        ids: Ids,
        reflex: Vec<UdpSocket>,
    ) -> Server {
        let printer = Arc::<Printer>::default();
        let relays = Relays::new(options.relays, Arc::clone(&room), Arc::clone(&printer));
        Server {
            connections: Arc::new(Connections::new(options.max_clients)),
            hosts: HostRates::new(options.rate_of_host()),
            registry: Registry::new(options.max_clients, options.expires, options.shake, ids),
            announcer: Announcer::new(Arc::clone(&room)),
            room,
            reflex,
            relays: Arc::new(relays),
            printer,
            warned: AtomicBool::new(false),
            own,
            key,
            options,
        }
    }

    /// Ends a client's connection with BYE. The client's thread finds out by its outbox, and ends the session.
    pub fn send_away(&self, outbox: &Arc<Outbox>, reason: Reason) {
        let words = Notification::Bye { reason: Some(reason) }.to_block().to_string();
        self.room.disconnect(outbox, reason, words.as_bytes());
    }

    /// Ends the connection of a client that has not joined with ERROR.
    pub fn turn_out(&self, outbox: &Arc<Outbox>, refusal: &Refusal) {
        let words = refusal.to_block("").to_string();
        self.room.disconnect(outbox, Reason::Gone, words.as_bytes());
    }

    /// Takes a name out of the room and tells the others, later if too many clients of its `host` come and go. Returns
    /// whether it did: not if the name has left already, or is joined on another connection now.
    pub fn part(
        &self,
        name: &Name,
        outbox: &Arc<Outbox>,
        reason: Reason,
        host: Option<&HostRate>,
    ) -> bool {
        let now = Instant::now();
        let lost = matches!(reason, Reason::Gone | Reason::Timeout | Reason::Slow);
        let left = |entry: &Entry| {
            if reason == Reason::Shutdown {
                return; // everybody leaves, and nobody needs to be told
            }
            self.registry.inject_delay();
            self.room.note(&journal::line(format_args!("[{}] has left", entry.name)));
            self.announcer.left(entry, reason, host);
            self.printer.line(format_args!("{} left ({reason})", entry.name));
            if matches!(reason, Reason::Slow | Reason::Timeout) {
                self.registry.reserve(entry, now); // others may have brought it about
            }
        };
        self.registry.leave(name, outbox, lost, now, left).is_some()
    }

    /// Warns once if clients on other machines cannot reach `address`, because it is a loopback address.
    pub fn warn_of_loopback(&self, address: SocketAddr) {
        let useless = address.ip().is_loopback() && !self.own.ip().is_loopback();
        if useless && !self.warned.swap(true, Ordering::Relaxed) {
            let warning = "other machines cannot reach a client that registers from loopback";
            self.printer.line(format_args!("warning: {warning} ({address})"));
        }
    }
}
