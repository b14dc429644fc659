//! Your server and your clients, started and waited for.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Read;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::thread;

use crate::driver::by_hand;
use crate::driver::farewell;
use crate::driver::folder::Folder;
use crate::driver::program::{Around, Program};
use crate::driver::settings::settings;
use crate::driver::story;
use crate::driver::wire::Wire;

/// How much of a log is looked at: more than any check needs.
const LOG: u64 = 4 << 20;

/// A running server: on 127.0.0.1 and a free port unless it is told otherwise, its log in a fresh folder.
#[derive(Debug)]
pub struct Server {
    program: Program,
    folder: Folder,
    address: SocketAddr,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server with these flags, and waits until it listens. In a check nothing limits how fast a client
    /// may speak.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(Folder::fresh(), 0, arguments)
    }

    /// The same, shaken: each read ends for no reason now and then, the place that locks the registry naps at random
    /// moments, and a thread that waits for that lock without end says who holds it.
    #[track_caller]
    pub fn start_watched(arguments: &[&str]) -> Self {
        let variables = &[("CHAT_SHAKE", settings().seed.to_string())];
        Self::start_within(Folder::fresh(), 0, arguments, Around { variables, shell: None })
    }

    /// The same for a story about who is first.
    pub fn start_shaken(seed: usize, arguments: &[&str]) -> Self {
        by_hand::note("all at the same moment: it may go well here, so play it some times");
        let variables = &[("CHAT_SHAKE", seed.to_string())];
        Self::start_within(Folder::fresh(), 0, arguments, Around { variables, shell: None })
    }

    /// Starts a server on this port, whose log is in this folder and may hold something.
    #[track_caller]
    pub fn start_in(folder: Folder, port: u16, arguments: &[&str]) -> Self {
        Self::start_within(folder, port, arguments, Around::default())
    }

    /// Starts a server whose files may have 4,096 bytes (8,192 with some shells): a disk that is full, and
    /// yet takes a little. A Unix shell can set such a limit; `None` where there is none.
    pub fn start_cramped() -> Option<Self> {
        if !Path::new("/bin/sh").exists() {
            return None;
        }
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
        story::step(format!("files may not be longer than a few thousand bytes: {script}"));
        let around = Around { shell: Some(script), ..Around::default() };
        Some(Self::start_within(Folder::fresh(), 0, &[], around))
    }

    #[track_caller]
    fn start_within(folder: Folder, port: u16, arguments: &[&str], around: Around) -> Self {
        let port = port.to_string();
        let mut all = vec!["--port", &port, "--log", "server.log"];
        all.extend(if story::is_graded() { &["--rate", "0"][..] } else { &[] });
        all.extend(arguments);
        story::step(format!("the server starts: server {}", all.join(" ")));
        let program = Program::start_within("server", "server", &all, &folder, around);
        let address = program.waits("`Server listening on HOST:PORT`", |line| {
            line.strip_prefix("Server listening on ")?.parse().ok()
        });
        program.listens(address);
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program, folder, address, arguments }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The folder in which it runs.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Somebody connects to it.
    #[track_caller]
    pub fn connect(&self, who: &str) -> Wire {
        self.connect_to(who, self.address)
    }

    /// Somebody connects to one of its addresses.
    #[allow(clippy::unused_self, reason = "so it reads like a story")]
    #[track_caller]
    pub fn connect_to(&self, who: &str, address: SocketAddr) -> Wire {
        Wire::connect(who, address)
    }

    /// Somebody connects and registers.
    #[track_caller]
    pub fn registered(&self, name: &str, port: u16) -> Wire {
        let mut wire = self.connect(name);
        wire.registers(name, port);
        wire
    }

    /// Somebody connects, registers and joins; what follows JOINACK is still to be read.
    #[track_caller]
    pub fn joined(&self, name: &str, port: u16) -> Wire {
        let mut wire = self.registered(name, port);
        wire.joins(name);
        wire
    }

    /// Kills it, as a crash does.
    pub fn crashes(self) -> Folder {
        story::step("the server is killed");
        by_hand::note("the server is killed at about the same moment, so play it some times");
        self.program.kill();
        self.folder.clone()
    }

    /// Its log, as it is now.
    pub fn log(&self) -> Vec<u8> {
        let mut log = Vec::new();
        if let Ok(file) = self.folder.opens("server.log", OpenOptions::new().read(true)) {
            let _ = file.take(LOG).read_to_end(&mut log); // what cannot be read is missed by the check
        }
        log
    }

    /// Kills it and starts another with the same flags and the same log: in a check on any free port, else on the
    /// same one, to which its clients come back.
    #[track_caller]
    pub fn starts_again(self) -> Self {
        let port = if story::is_graded() { 0 } else { self.port() };
        let arguments = self.arguments.clone();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Self::start_in(self.crashes(), port, &arguments)
    }
}

impl Drop for Server {
    /// At the end of a story that has gone well: those who are left hang up, and then it may go.
    fn drop(&mut self) {
        if !thread::panicking() && story::is_graded() {
            farewell::settle();
            self.program.is_asked_to_end();
        }
    }
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// A running client in a fresh folder.
#[derive(Debug)]
pub struct Client {
    program: Program,
    address: SocketAddr,
}

impl Client {
    /// Starts a client of that name on a free port for the server at this address, and waits until it
    /// listens.
    #[track_caller]
    pub fn start(name: &str, server: impl Display) -> Self {
        Self::start_with(name, server, &[])
    }

    /// The same with more flags.
    #[track_caller]
    pub fn start_with(name: &str, server: impl Display, more: &[&str]) -> Self {
        let at = server.to_string();
        let mut arguments = vec!["--id", name, "--port", "0", "--server", &at];
        arguments.extend(more);
        story::step(format!("{name} starts a client: client {}", arguments.join(" ")));
        let title = format!("{name}'s client");
        let program = Program::start(&title, "client", &arguments, &Folder::fresh());
        let head = format!("{name} running on ");
        let address = program
            .waits(&format!("`{head}HOST:PORT`"), |line| line.strip_prefix(&head)?.parse().ok());
        program.listens(address);
        Self { program, address }
    }

    /// Starts a client and waits until it is in the room of a server.
    #[track_caller]
    pub fn joined(name: &str, server: &Server) -> Self {
        let client = Self::start(name, server.address());
        client.sees_all(&["Your ID: "]);
        client.sees_all(&["Other clients' IDs: "]);
        client
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Somebody calls it.
    #[track_caller]
    pub fn is_called_by(&self, who: &str) -> Wire {
        Wire::connect(who, self.address)
    }
}

impl Deref for Client {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}
