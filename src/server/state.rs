//! What all threads of the server share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server::directory::registry::Registry;
use crate::server::printer::Printer;
use crate::server::room::journal;
use crate::server::room::outbox::Outbox;
use crate::server::room::queue::Room;
use crate::wire::entry::Entry;
use crate::wire::name::Name;
use crate::wire::notification::{Notification, Reason};

/// What the person who starts the server decides.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The most clients, connected or in the directory.
    pub max_clients: usize,
    /// How long a connection may take from accept to its first valid request.
    pub register_timeout: Duration,
    /// After how long a silence a client in the room is asked whether it is there.
    pub ping: Duration,
    /// How long an entry lasts that nobody renews.
    pub expires: Duration,
    /// The most bytes that may wait for one client.
    pub backlog: usize,
    /// The most messages per second of one client, with five times that in a burst; 0 for no limit.
    pub rate: u32,
    /// Where the log is kept.
    pub log: PathBuf,
    /// Whether each round waits until the log is on the disk.
    pub sync: bool,
    /// A seed by which the registry is shaken, to find races.
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
            log: PathBuf::from("server.log"),
            sync: false,
            shake: None,
        }
    }
}

/// What all threads share.
pub struct Server {
    /// What was decided at its start.
    pub options: ServerOptions,
    /// Where it listens.
    pub own: SocketAddr,
    /// Who is known, who is here.
    pub registry: Registry,
    /// Where everybody hears everybody.
    pub room: Arc<Room>,
    /// What it prints.
    pub printer: Arc<Printer>,
    warned: AtomicBool,
}

impl Server {
    /// A server that listens at `own`, in whose room `seq` messages have been said before.
    pub fn new(own: SocketAddr, options: ServerOptions, seq: u64) -> Server {
        Server {
            registry: Registry::new(options.max_clients, options.expires, options.shake),
            room: Arc::new(Room::new(seq)),
            printer: Arc::default(),
            warned: AtomicBool::new(false),
            own,
            options,
        }
    }

    /// Sends a client away with BYE.
    pub fn send_away(&self, outbox: &Arc<Outbox>, reason: Reason) {
        let words = Notification::Bye { reason: Some(reason) }.to_block().to_string();
        self.room.disconnect(outbox, reason, words.as_bytes());
    }

    /// Takes a name out of the room, if it is still there on this connection, and tells the others.
    pub fn part(&self, name: &Name, outbox: &Arc<Outbox>, reason: Reason) -> bool {
        let lost = matches!(reason, Reason::Gone | Reason::Timeout | Reason::Slow);
        let left = |entry: &Entry| {
            if reason == Reason::Shutdown {
                return; // everybody leaves
            }
            self.registry.inject_delay();
            let (id, name) = (entry.id, entry.name.clone());
            let notice = Notification::Left { id, name, reason: Some(reason) }.to_block();
            let log = journal::line(format_args!("[{}] has left", entry.name));
            self.room.announce(&notice, &log);
            self.printer.line(format_args!("{} left ({reason})", entry.name));
        };
        self.registry.leave(name, outbox, lost, Instant::now(), left).is_some()
    }

    /// An address that only this machine can reach is of no use to others.
    pub fn warn_of_loopback(&self, address: SocketAddr) {
        let useless = address.ip().is_loopback() && !self.own.ip().is_loopback();
        if useless && !self.warned.swap(true, Ordering::Relaxed) {
            let warning = "other machines cannot reach a client that registers from loopback";
            self.printer.line(format_args!("warning: {warning} ({address})"));
        }
    }
}
